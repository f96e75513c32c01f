"""Settings: a wrong one is told in one sentence, a secret is never shown, every one stands in the docs."""

import os
import re
from pathlib import Path

import pytest

from devices.broker import BrokerAddress
from guiwei.settings import PREFIX, Settings, read_settings
from guiwei.site import open_site
from inventory.domain.refusals import BadSetting

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_nothing_set_means_embedded_and_on_this_machine_only() -> None:
    settings = read_settings()
    assert settings.uses_embedded_database
    assert settings.uses_embedded_broker
    assert settings.web_host == "127.0.0.1"
    assert settings.key_file.parent == settings.data_dir
    assert str(settings.zone) == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("WEB_PORT", "99999", "whole number from 1 to 65535"),
        ("WEB_PORT", "http", "whole number from 1 to 65535"),
        ("WEB_HTTPS", "perhaps", "true or false"),
        ("WEB_PROXIES", "10.0.0.1,proxy", "IP addresses"),
        ("DATABASE_URL", "mysql://app:geheim@db/guiwei", "must begin with postgresql://"),
        ("DATABASE_URL", "postgresql://app:geheim@db:99999/guiwei", "port must be from 1 to 65535"),
        ("DATABASE_URL", "postgresql://app:geheim@db", "names no database"),
        ("DATABASE_URL", "postgresql://app:geheim@db/guiwei?colour=red", "isn't a valid PostgreSQL URL"),
        ("MQTT_URL", "http://guiwei:geheim@broker", "must begin with mqtt:// or mqtts://"),
        ("MQTT_URL", "mqtt://guiwei:geheim@broker:99999", "host or port isn't valid"),
        ("MQTT_URL", "mqtt://", "names no host"),
        ("TIMEZONE", "Asia/Jinan", "there is no time zone"),
        ("LANGUAGE", "fr", "must be zh-CN or en"),
        ("INGEST_SLOT", "-1", "whole number from 0 to 999"),
        ("LABEL_PRINTERS", "http://10.0.0.9", "floor-1=10.0.0.9:9100@300"),
        ("DATABSE_URL", "postgresql://app:geheim@db/guiwei", "did you mean GUIWEI_DATABASE_URL"),
    ],
)
def test_a_wrong_setting_is_one_sentence_without_its_password(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(BadSetting) as refused:
        read_settings()
    told = refused.value.sentence("en")
    assert told.startswith(f"The setting {PREFIX}{name} can't be used: ")
    assert sentence in told
    assert "\n" not in told
    assert "geheim" not in str(refused.value)


def test_one_database_url_is_enough_for_who_needs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIWEI_DATABASE_URL", "postgresql://app:geheim@db/guiwei")
    settings = read_settings()
    assert not settings.uses_embedded_database
    with pytest.raises(BadSetting, match=r"GUIWEI_OWNER_DATABASE_URL.*needs it"), open_site(settings, print, "owner"):
        pass


def test_passwords_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("", "OWNER_", "JOBS_"):
        monkeypatch.setenv(f"GUIWEI_{role}DATABASE_URL", "postgresql://app:geheim@db/guiwei")
    monkeypatch.setenv("GUIWEI_MQTT_URL", "mqtts://guiwei:geheim@broker")
    settings = read_settings()
    assert "geheim" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert settings.mqtt_url is not None
    assert "geheim" not in repr(BrokerAddress.parse(settings.mqtt_url.get_secret_value()))


def test_an_mqtt_url_is_taken_apart() -> None:
    assert BrokerAddress.parse("mqtts://gui:p%40ss@broker") == BrokerAddress("broker", 8883, True, "gui", "p@ss")
    assert BrokerAddress.parse("mqtt://127.0.0.1:1884") == BrokerAddress("127.0.0.1", 1884, False)


def test_every_setting_stands_in_the_docs_and_no_other() -> None:
    documented = set(re.findall(r"^\| `(GUIWEI_[A-Z_]+)`", OPERATIONS.read_text("utf-8"), re.MULTILINE))
    assert documented == {PREFIX + name.upper() for name in Settings.model_fields}
