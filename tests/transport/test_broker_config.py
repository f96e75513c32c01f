"""`guiwei broker-config` on a real register: a site's broker, brought up to date whenever readers change."""

from dataclasses import replace
from pathlib import Path

from devices.broker import BrokerAddress
from guiwei.embedded.directory import free_port
from inventory.store.keys import load_key_ring
from tests.commands.running import ONE_ENGINE, Guiwei
from tests.conftest import Archive
from tests.ingest.equipment import import_rows, until
from tests.servers import Mosquitto, server_directory
from tests.transport.certificates import Authority
from tests.transport.site import Secured, device, start

HEAD = "reader,dialect,topic,antenna,place,role,status_topic,slot"
ROWS = {
    name: f"{name},native,guiwei/W1/{name}/reads,0,W1-D1,desk,,{slot}" for name, slot in (("desk-1", 0), ("架-2", 3))
}


def is_let_in(address: BrokerAddress, user: str) -> bool:
    with device(address, user) as one:
        return one.answer == "Success"


@ONE_ENGINE
def test_a_site_is_configured_and_brought_up_to_date(archive: Archive, tmp_path: Path) -> None:
    guiwei = Guiwei(tmp_path / "data")
    guiwei.use_database(archive.server, archive.name)
    load_key_ring(tmp_path / "data" / "guiwei.key", make=True)
    archive.desk("W1-D1")
    import_rows(archive, "readers", tmp_path, HEAD, ROWS["desk-1"])
    with server_directory() as folder:
        broker = Mosquitto(folder, {})
        site = Secured(folder, Authority("the site"), broker, free_port(), free_port())
        at = folder / "broker"
        command = ["broker-config", str(at), "--tls-port", str(site.tls), "--certificate-port", str(site.certificates)]
        command += ["--loopback-port", str(broker.port), "--data", str(folder / "mosquitto"), "--json"]
        first = guiwei(*command).result
        assert first["new"] == first["users"]
        assert {"guiwei-ingest-0", "guiwei-commands-0", "guiwei-gate", "desk-1"} <= set(first["users"])
        assert {file.stat().st_mode & 0o077 for file in at.rglob("*") if file.is_file()} == {0}

        before = {file.name: file.read_text("utf-8") for file in site.logins.iterdir()}
        stolen = replace(site.in_the_clear, user="desk-1", password=before["desk-1.password"].strip())
        start(site)
        try:
            assert is_let_in(stolen, "desk-1")
            import_rows(archive, "readers", tmp_path, HEAD, *ROWS.values())
            second = guiwei(*command, "--renew", "desk-1").result
            assert set(second["new"]) == {"desk-1", "guiwei-ingest-3", "guiwei-commands-3", "架-2"}
            after = {file.name: file.read_text("utf-8") for file in site.logins.iterdir()}
            assert {name for name, text in before.items() if after[name] != text} == {"desk-1.password"}
            broker.reload()
            until(lambda: is_let_in(site.by_password, "架-2"), "the new reader is let in")
            assert not is_let_in(stolen, "desk-1")
            assert is_let_in(site.by_password, "desk-1")
            with device(site.by_password, "架-2") as reader:
                reader.say("guiwei/W1/架-2/reads", b"{}", retain=True)
            guiwei.set("GUIWEI_MQTT_URL", f"mqtts://127.0.0.1:{site.tls}")
            guiwei.set("GUIWEI_MQTT_CA_FILE", str(folder / "ca.crt"))
            guiwei.set("GUIWEI_MQTT_LOGINS", str(site.logins))
            done = guiwei("record", tmp_path / "said.jsonl", "--messages", "1", "--seconds", "30")
            assert done.code == 0, done.err
            assert "guiwei/W1/架-2/reads" in (tmp_path / "said.jsonl").read_text("utf-8")
        finally:
            broker.stop()

        files = {file: file.read_bytes() for file in at.rglob("*") if file.is_file()}
        guiwei.set("GUIWEI_MQTT_LOGINS", str(tmp_path))
        refused: dict[str, list[str | Path]] = {
            "no two may be the same": [*command, "--loopback-port", str(site.tls)],
            "there is no user nobody": [*command, "--renew", "nobody"],
            "The file none can't be read: it can't be read and written": ["broker-config", "/proc/none"],
            "it has no login for guiwei-ingest-0": ["ingest"],
        }
        for sentence, done in zip(refused, guiwei.each(list(refused.values())), strict=True):
            assert sentence in done.refused()
        assert {file: file.read_bytes() for file in at.rglob("*") if file.is_file()} == files
