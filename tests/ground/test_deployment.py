"""What is shipped to run Guiwei elsewhere: containers, units, broker settings. No engine here: it is read closely."""

import configparser
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from compose_pydantic import ComposeSpecification  # type: ignore[import-untyped]
from paho.mqtt import MQTTException, publish

from guiwei.settings import PREFIX, Settings
from tests.servers import Mosquitto, server_directory

ROOT = Path(__file__).parents[2]
KNOWN_SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file, its extensions (`x-`) used up by their anchors."""
    parsed = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return {name: part for name, part in parsed.items() if not name.startswith("x-")}


def test_the_compose_file_is_one_by_the_compose_specification_s_schema(compose: dict[str, Any]) -> None:
    # compose-pydantic is generated from the specification's JSON schema and forbids what that doesn't know.
    assert set(ComposeSpecification.model_validate(compose).services) == {
        "postgres",
        "mosquitto",
        "migrate",
        "web",
        "ingest",
        "gate",
        "jobs",
    }


def test_services_depend_on_what_there_is_and_can_become_what_is_waited_for(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        for name, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "healthcheck" in services[name]
            assert how["condition"] != "service_completed_successfully" or services[name]["restart"] == "no"


def test_volumes_are_declared_and_mounted_files_exist(compose: dict[str, Any]) -> None:
    used = set()
    for service in compose["services"].values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).is_file(), source
            else:
                used.add(source)
    assert used == set(compose["volumes"])


def test_containers_get_settings_guiwei_knows(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        settings = {key: value for key, value in service.get("environment", {}).items() if key.startswith(PREFIX)}
        assert set(settings) <= KNOWN_SETTINGS
        for url in (value for key, value in settings.items() if key.endswith("_URL")):
            filled = urlsplit(re.sub(r"\$\{\w+:\?\}", "word", url))
            assert filled.hostname in compose["services"]
            assert filled.password == "word"


def test_each_process_is_given_the_passwords_it_needs_and_no_other(compose: dict[str, Any]) -> None:
    given = {
        name: {key for key in compose["services"][name]["environment"] if key.endswith("_URL")}
        for name in ("web", "ingest", "gate", "jobs", "migrate")
    }
    assert given == {
        "web": {"GUIWEI_DATABASE_URL"},
        "ingest": {"GUIWEI_JOBS_DATABASE_URL", "GUIWEI_MQTT_URL"},
        "gate": {"GUIWEI_JOBS_DATABASE_URL", "GUIWEI_MQTT_URL"},
        "jobs": {"GUIWEI_JOBS_DATABASE_URL"},
        "migrate": {"GUIWEI_OWNER_DATABASE_URL"},
    }
    for process in ("web", "ingest", "gate", "jobs"):
        unit = (ROOT / "deploy" / "systemd" / f"guiwei-{process}.service").read_text("utf-8")
        assert re.findall(r"^EnvironmentFile=/etc/guiwei/(.+)$", unit, re.MULTILINE) == ["guiwei.env", f"{process}.env"]


def test_the_key_that_signs_the_ledger_is_the_jobs_alone(compose: dict[str, Any]) -> None:
    services = compose["services"]
    key = Path(services["jobs"]["environment"]["GUIWEI_LEDGER_KEY_FILE"])
    mounts = {
        (name, mount.split(":")[0])
        for name, service in services.items()
        for mount in service.get("volumes", [])
        if key.is_relative_to(mount.split(":")[1])
    }
    assert mounts == {("jobs", "signing")}
    assert {name for name, service in services.items() if "GUIWEI_LEDGER_KEY_FILE" in service["environment"]} == {
        "jobs"
    }
    # A new volume has the owner of the directory it is mounted on.
    assert re.search(
        rf"install --directory --owner=guiwei .*{key.parent}$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE
    )


def test_every_password_the_compose_file_asks_for_stands_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?\}", (ROOT / "docker-compose.yml").read_text("utf-8")))
    example = (ROOT / "deploy" / "compose.env.example").read_text("utf-8")
    assert asked == set(re.findall(r"^(\w+)=$", example, re.MULTILINE))


def test_the_image_is_built_from_files_that_exist_and_reach_the_engine() -> None:
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
        for source in line.split()[:-1]
    ]
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert copied
    assert set(copied) == allowed
    for source in copied:
        assert (ROOT / source).exists(), source


@pytest.mark.parametrize("process", ["web", "ingest", "gate", "jobs"])
def test_a_unit_starts_its_process_as_a_user_without_privileges(process: str) -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "deploy" / "systemd" / f"guiwei-{process}.service", "utf-8")
    service = unit["Service"]
    assert service["ExecStart"].endswith(f"/guiwei {process}")
    assert (service["User"], service["Restart"], service["NoNewPrivileges"]) == ("guiwei", "always", "yes")


def test_mosquitto_takes_the_shipped_settings_and_lets_nobody_in_without_a_name() -> None:
    with server_directory() as directory:
        shipped = (ROOT / "deploy" / "mosquitto" / "mosquitto.conf").read_text("utf-8")
        for unlimited in ("max_inflight_messages 0", "max_queued_messages 0", "persistence true"):
            assert unlimited in shipped.splitlines()
        broker = Mosquitto(directory, {})
        here = re.sub(r"^listener \d+$", f"listener {broker.port} 127.0.0.1", shipped, flags=re.MULTILINE)
        here = here.replace("/mosquitto/data/", f"{directory}/").replace("/mosquitto/config/", f"{directory}/")
        here = here.replace("log_dest stderr", f"log_dest file {directory}/mosquitto.log")
        (directory / "acl").write_bytes((ROOT / "deploy" / "mosquitto" / "acl").read_bytes())
        (directory / "acl").chmod(0o700)
        (directory / "passwords").touch(0o600)
        made = ["mosquitto_passwd", "-b", str(directory / "passwords"), "guiwei", "word"]
        subprocess.run(made, check=True, capture_output=True)
        broker.configuration.write_text(f"{here}\nuser root\n", "utf-8")
        broker.start()
        try:
            assert _publishes(broker.port, "guiwei", "word")
            assert not _publishes(broker.port)
            assert not _publishes(broker.port, "guiwei", "guess")
        finally:
            broker.stop()


def _publishes(port: int, user: str | None = None, password: str | None = None) -> bool:
    auth: publish.AuthParameter | None = None if user is None else {"username": user, "password": password or ""}
    try:
        publish.single("guiwei/jn/d-1/reads", b"{}", qos=1, hostname="127.0.0.1", port=port, auth=auth)
    except MQTTException:
        return False
    return True


def test_every_dependency_has_its_line_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [*project["dependencies"], *(name for extra in project["optional-dependencies"].values() for name in extra)]
    documented = re.findall(
        r"^\| ([a-z0-9-]+) \| \S", (ROOT / "docs" / "dependencies.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(set(documented) - {"package"}) == sorted({re.split(r"[\[<>=]", name)[0] for name in asked})


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_a_lock_pins_everything_by_hash_and_names_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    pins = re.findall(r"^[a-z0-9._-]+==[^ ]+.* \\\n    --hash=sha256:", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE))
    assert "://" not in text
