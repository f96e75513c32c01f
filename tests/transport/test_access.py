"""Who has a login at the broker does with it what is his own: a reader its reads, a process its part, and no session changes hands."""

from dataclasses import replace
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTErrorCode

from devices.broker_access import access_of
from devices.mosquitto import Listeners, write
from devices.mqtt import Message, SlotConnection
from inventory.domain.refusals import BadInput
from tests.ingest.equipment import until
from tests.transport.site import READERS, Secured, antenna, device, heard_by

OWN = "guiwei/W1/{}/{}".format
EVERYTHING = "#"


def test_what_a_reader_says_in_anothers_name_reaches_nobody(site: Secured) -> None:
    with device(site.by_password, "guiwei-record") as listener:
        listener.listen(EVERYTHING)
        for topic in (OWN("shelf-2", "reads"), OWN("shelf-2", "status"), "z/1/tags", "z/1/resp", "z/1/cmd"):
            with device(site.by_password, "shelf-1") as reader:
                reader.say(topic, b"forged")
        with device(site.by_password, "shelf-1") as reader:
            reader.say(OWN("shelf-1", "reads"), b"its own")
        until(lambda: listener.heard, "what is its own is heard")
    assert listener.heard == [(OWN("shelf-1", "reads"), b"its own")]


def test_a_reader_hears_its_own_commands_and_nothing_else(site: Secured) -> None:
    with (
        device(site.by_password, "guiwei-commands-0") as teller,
        device(site.by_password, "shelf-1") as reader,
        device(site.by_password, "zebra-1") as zebra,
    ):
        reader.listen(EVERYTHING, OWN("+", "commands"), "z/1/cmd")
        zebra.listen("z/1/cmd")
        zebra.say("z/1/tags", b"reads")
        for topic in ("z/1/cmd", OWN("gate-1", "commands"), OWN("shelf-1", "commands")):
            teller.say(topic, b"start")
        until(lambda: reader.heard and zebra.heard, "commands come")
    assert set(reader.heard) == {(OWN("shelf-1", "commands"), b"start")}
    assert zebra.heard == [("z/1/cmd", b"start")]


# What each is heard to say, and what it hears, of: reads of slot 0 and 1, a gate's reads, an answer, commands to shelf and gate.
SAID = {
    "shelf": OWN("shelf-1", "reads"),
    "shelf of slot 1": OWN("shelf-2", "reads"),
    "gate": OWN("gate-1", "reads"),
    "answer": OWN("shelf-1", "answers"),
    "told the shelf": OWN("shelf-1", "commands"),
    "told the gate": OWN("gate-1", "commands"),
}
MAY = {
    "guiwei-ingest-0": (set(), {"shelf", "gate"}),
    "guiwei-ingest-1": (set(), {"shelf of slot 1"}),
    "guiwei-commands-0": ({"told the shelf", "told the gate"}, {"answer"}),
    "guiwei-gate": ({"told the gate"}, {"gate"}),
    "guiwei-record": (set(), {"shelf", "shelf of slot 1", "gate"}),
    "guiwei-doctor": (set(), set()),
    "guiwei-doctor-sender": (set(), set()),
}


def test_each_process_says_and_hears_what_its_part_needs_and_no_more(site: Secured) -> None:
    """Read from the access list itself for all topics; the broker's keeping to it is what the other tests try."""
    found = {
        access.user: (
            {name for name, topic in SAID.items() if topic in access.writes},
            {name for name, topic in SAID.items() if topic in access.reads},
        )
        for access in access_of(READERS)
        if access.user.startswith("guiwei-")
    }
    assert found == {**MAY, "guiwei-commands-1": (set(), set())}
    assert not any(
        "#" in topic or "+" in topic for access in access_of(READERS) for topic in access.writes - {"guiwei/doctor/#"}
    )
    with device(site.by_password, "guiwei-gate") as forger:
        forger.say(OWN("gate-1", "reads"), b"forged")
    with device(site.by_password, "guiwei-gate") as gate, device(site.by_password, "guiwei-record") as listener:
        listener.listen(EVERYTHING)
        gate.listen(EVERYTHING)
        for reader in ("shelf-1", "gate-1"):
            with device(site.by_password, reader) as speaker:
                speaker.say(OWN(reader, "reads"), b"its own")
        until(lambda: gate.heard, "the gate's reads come")
        until(lambda: len(listener.heard) > 1, "both are heard")
    assert gate.heard == [(OWN("gate-1", "reads"), b"its own")]
    assert {payload for _, payload in listener.heard} == {b"its own"}


def taken_by(session: SlotConnection) -> list[Message]:
    found = until(lambda: session.take(100, 0.2), "what waited comes")
    session.acknowledge(found)
    return found


def test_a_reader_under_a_slots_client_id_gets_neither_its_session_nor_its_messages(site: Secured) -> None:
    topic, slot = OWN("shelf-2", "reads"), "guiwei-ingest-1"
    session = SlotConnection(site.by_password, slot, [topic])
    session.start()
    with device(site.by_password, "shelf-2") as reader:
        heard_by(session, reader, topic)
        # While the slot is there: it isn't thrown out.
        with device(site.by_password, "shelf-1", slot, lasting=True) as thief:
            thief.listen(EVERYTHING)
            reader.say(topic, b"second")
            assert b"second" in {message.payload for message in taken_by(session)}
            assert (thief.answer, thief.session_present, thief.heard) == ("Success", False, [])
        session.close()
        # While it is away: what waits for it waits on.
        reader.say(topic, b"third")
        with device(site.by_password, "shelf-1", slot, lasting=True) as thief:
            thief.listen(topic)
            # The broker answers in order: had anything come with the session, it would be there.
            assert thief.heard == []
        with device(site.by_password, "shelf-1", slot) as thief:  # a clean start, which ends the session of that name
            assert not thief.session_present
        session = SlotConnection(site.by_password, slot, [topic])
        session.start()
        payloads = {message.payload for message in taken_by(session)}
        session.close()
    assert b"third" in payloads


def test_a_second_login_of_the_same_reader_ends_the_first(site: Secured) -> None:
    """A copied password shows: two who use it throw each other out, which the reader's page tells as connections lost."""
    with device(site.by_password, "shelf-1") as reader:
        reader.client.reconnect_delay_set(60, 60)
        with device(site.by_password, "shelf-1", "another client id"):
            until(lambda: not reader.client.is_connected(), "the first is thrown out")
        assert reader.client.publish("x", b"").rc == MQTTErrorCode.MQTT_ERR_NO_CONN


def test_who_has_no_login_is_not_let_in_on_loopback_either(site: Secured) -> None:
    with device(replace(site.in_the_clear, user="shelf-1", password="a guess"), "shelf-1") as guesser:
        assert guesser.answer == "Not authorized"
    with device(replace(site.in_the_clear, logins=None), "shelf-1") as nobody:
        assert nobody.answer == "Not authorized"


def test_registrations_that_would_make_one_reader_anothers_master_are_refused() -> None:
    with pytest.raises(BadInput, match=r"the reader shelf-9 publishes to z/1/cmd, where zebra-1 takes its commands"):
        access_of([*READERS, antenna("shelf-9", topic="z/1/cmd")])
    with pytest.raises(BadInput, match=r"the reader guiwei-gate is named like a user of Guiwei itself"):
        access_of([antenna("guiwei-gate")])


def test_who_is_registered_no_more_has_no_password_any_more(tmp_path: Path) -> None:
    listeners = Listeners(8883, None, None, tmp_path, tmp_path)
    write(tmp_path, access_of(READERS), listeners)
    written = write(tmp_path, access_of([one for one in READERS if one.reader != "shelf-2"]), listeners)
    assert (written.new, written.gone) == ([], ["guiwei-commands-1", "guiwei-ingest-1", "shelf-2"])
    for gone in written.gone:
        assert f"\n{gone}:" not in (tmp_path / "passwords").read_text("utf-8")
        assert f"user {gone}\n" not in (tmp_path / "acl").read_text("utf-8")
        assert not (tmp_path / "logins" / f"{gone}.password").exists()
