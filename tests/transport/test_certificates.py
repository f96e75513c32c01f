"""By TLS, who holds a certificate of the site is let in, and who doesn't is told why in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from devices.broker import BrokerAddress
from devices.mqtt import SlotConnection
from guiwei.probing import probe_broker
from inventory.domain.refusals import BadSetting
from tests.ingest.equipment import until
from tests.servers import server_directory
from tests.transport.certificates import Authority
from tests.transport.site import Secured, device, heard_by, secured

SLOT = "guiwei-ingest-0"
READS = "guiwei/W1/shelf-1/reads"


@contextmanager
def slot(address: BrokerAddress) -> Iterator[SlotConnection]:
    connection = SlotConnection(address, SLOT, [READS], lasting=False)
    connection.start()
    try:
        yield connection
    finally:
        connection.close()


def why_not(address: BrokerAddress) -> str:
    """Why a slot isn't let in: the doctor's sentence, which is the connection's own."""
    with slot(address) as connection:
        problem = until(lambda: None if connection.connected else connection.problem, "the broker refuses us")
        assert problem is not None
        return problem


def test_reads_go_by_tls_from_a_reader_with_its_certificate_to_the_slot_with_its_own(
    site: Secured, tmp_path: Path
) -> None:
    for name in ("shelf-1", SLOT):
        site.authority.issue(tmp_path, name)
    address = site.by_certificate(tmp_path)
    # No password is asked for where a certificate says who it is: whatever the reader claims to be, it is shelf-1.
    with slot(address) as connection, device(address, "shelf-1", "some client") as reader:
        heard_by(connection, reader, READS)


def test_reads_go_by_tls_with_passwords_too(site: Secured) -> None:
    with slot(site.by_password) as connection, device(site.by_password, "shelf-1") as reader:
        heard_by(connection, reader, READS)


def test_a_broker_that_another_authority_vouches_for_is_not_spoken_to(site: Secured, tmp_path: Path) -> None:
    stranger = Authority("somebody else").write(tmp_path / "ca.crt")
    assert why_not(replace(site.by_password, ca_file=stranger)) == (
        "the broker's certificate isn't from an authority we trust (GUIWEI_MQTT_CA_FILE)"
    )


def test_a_broker_under_another_name_is_not_spoken_to(site: Secured) -> None:
    assert "for another name than the one in GUIWEI_MQTT_URL" in why_not(replace(site.by_password, host="localhost"))


def test_who_shows_no_certificate_is_told_so(site: Secured) -> None:
    assert why_not(replace(site.by_password, port=site.certificates)) == (
        "the broker asks for a certificate and we show none (GUIWEI_MQTT_LOGINS)"
    )


def test_who_shows_an_expired_certificate_is_told_so(site: Secured, tmp_path: Path) -> None:
    site.authority.issue(tmp_path, SLOT, days=-1)
    assert why_not(site.by_certificate(tmp_path)) == "our certificate has expired (GUIWEI_MQTT_LOGINS)"


def test_who_shows_a_certificate_of_another_authority_is_told_so(site: Secured, tmp_path: Path) -> None:
    Authority("somebody else").issue(tmp_path, SLOT)
    assert why_not(site.by_certificate(tmp_path)) == (
        "the broker doesn't trust the authority our certificate is from (GUIWEI_MQTT_LOGINS)"
    )


def test_a_wrong_password_is_told_so(site: Secured, tmp_path: Path) -> None:
    (tmp_path / f"{SLOT}.password").write_text("a guess\n", "utf-8")
    assert "refuses our user or password" in why_not(replace(site.by_password, logins=tmp_path))


def test_the_doctor_says_that_the_brokers_certificate_has_expired() -> None:
    with server_directory() as directory, secured(directory, server_days=-1) as site:
        (told,) = probe_broker(site.by_password)
    assert (told.well, told.told) == (
        False,
        f"{site.by_password}: the broker's certificate has expired; see docs/operations.md",
    )


def test_a_login_that_cannot_be_used_is_refused_before_anybody_connects(site: Secured, tmp_path: Path) -> None:
    address = site.by_certificate(tmp_path)
    with pytest.raises(BadSetting, match=r"GUIWEI_MQTT_LOGINS.*it has no login for guiwei-ingest-0"):
        address.login(SLOT)
    site.authority.issue(tmp_path, SLOT)
    (tmp_path / f"{SLOT}.key").write_text("no key", "utf-8")
    with pytest.raises(BadSetting, match=r"GUIWEI_MQTT_LOGINS.*don't belong together"):
        address.tls_context(address.login(SLOT))
    with pytest.raises(BadSetting, match=r"GUIWEI_MQTT_CA_FILE.*no certificate can be read"):
        replace(address, ca_file=tmp_path / "none.crt").tls_context(None)
