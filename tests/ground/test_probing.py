"""The doctor's probe on real brokers: what a site must change is said, what ships with us is well."""

from pathlib import Path

from devices.broker import BrokerAddress
from guiwei.probing import probe_broker
from tests.servers import iotcore, mosquitto, server_directory


def told(directory: Path, **options: str) -> dict[str, bool]:
    with mosquitto(directory, **options) as broker:
        return {finding.what: finding.well for finding in probe_broker(BrokerAddress.parse(broker.url))}


def test_a_broker_that_forgets_what_waits_is_found() -> None:
    with server_directory() as directory:
        assert told(directory, max_queued_messages="1000") == {
            "broker": True,
            "broker, size": True,
            "broker, ahead": True,
            "broker, queue": False,
        }


def test_a_broker_that_takes_only_small_messages_is_found() -> None:
    with server_directory() as directory:
        found = told(directory, max_queued_messages="0", message_size_limit="10000")
    assert found == {"broker": True, "broker, size": False, "broker, ahead": True, "broker, queue": True}


def test_the_embedded_broker_is_well() -> None:
    with server_directory() as directory, iotcore(directory) as broker:
        findings = list(probe_broker(BrokerAddress.parse(broker.url)))
    assert len(findings) == 4
    assert all(finding.well for finding in findings), findings


def test_a_broker_that_is_not_there_is_told() -> None:
    assert [finding.well for finding in probe_broker(BrokerAddress("127.0.0.1", 9, tls=False))] == [False]
