"""The settings of a site, all from environment variables `GUIWEI_...`; `docs/operations.md` lists them.

Nothing set means: embedded services in the data directory, pages on this machine only.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from devices.broker import BrokerAddress
from inventory.domain.label_printers import LabelPrinter, parse_printers
from inventory.domain.refusals import BadInput, BadSetting
from inventory.store.signing import LedgerFiles

PREFIX = "GUIWEI_"
SETTINGS_OF_PARTS: Mapping[Literal["app", "jobs", "owner"], str] = {
    "app": "database_url",
    "jobs": "jobs_database_url",
    "owner": "owner_database_url",
}

# What a value must be, in the words of a refusal: pydantic's own are for programmers.
_EXPECTED = {
    "web_port": ("应为 1 至 65535 的整数", "it must be a whole number from 1 to 65535"),
    "web_https": ("应为 true 或 false", "it must be true or false"),
    "web_proxies": ("应为以逗号分隔的 IP 地址", "it must be IP addresses with commas between"),
    "language": ("应为 zh-CN 或 en", "it must be zh-CN or en"),
    "idle_minutes": ("应为 5 至 480 的整数", "it must be a whole number from 5 to 480"),
    "log_days": ("应为 190 至 36500 的整数", "it must be a whole number from 190 to 36500"),
    "ingest_slot": ("应为 0 至 999 的整数", "it must be a whole number from 0 to 999"),
}


def default_data_dir(environment: Mapping[str, str]) -> Path:
    """Where data lies unless told: `/var/lib/guiwei` for root, else the user's own data directory after XDG."""
    if os.geteuid() == 0:
        return Path("/var/lib/guiwei")
    home = environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "guiwei"


class Settings(BaseSettings):
    """Every setting with its default. Build it with `read_settings`, which refuses in one sentence."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    data_dir: Path = Field(
        default_factory=lambda: default_data_dir(os.environ),
        description="Directory of the embedded services, the key file and spools.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="postgresql:// URL of the role guiwei_app (web); embedded if none of the three is set.",
    )
    owner_database_url: SecretStr | None = Field(
        default=None,
        description="postgresql:// URL of the role guiwei_owner (migrations, imports, accounts).",
    )
    jobs_database_url: SecretStr | None = Field(
        default=None,
        description="postgresql:// URL of the role guiwei_jobs (ingest, nightly work).",
    )
    mqtt_url: SecretStr | None = Field(
        default=None,
        description="mqtt:// or mqtts:// URL of the broker, with user and password; the embedded broker if not set.",
    )
    mqtt_ca_file: Path | None = Field(
        default=None,
        description="File with the authority the broker's certificate is from; the system's store if not set.",
    )
    mqtt_logins: Path | None = Field(
        default=None,
        description="Directory of logins at the broker, USER.password or USER.crt and USER.key; the URL's user if not set.",
    )
    key_file: Path = Field(
        default_factory=lambda values: values.get("data_dir", Path()) / "guiwei.key",
        description="File with the key that encrypts ID numbers; guiwei.key in the data directory if not set.",
    )
    keys: SecretStr | None = Field(
        default=None,
        description="The content of a key file, where no file may hold it; the key file is not read then.",
    )
    ledger_key_file: Path = Field(
        default_factory=lambda values: values.get("data_dir", Path()) / "ledger.key",
        description="File with the key that signs the ledger's roots; ledger.key in the data directory if not set.",
    )
    reader_passwords_file: Path = Field(
        default_factory=lambda values: values.get("data_dir", Path()) / "readers.passwords",
        description="File with logins of readers told over HTTP; readers.passwords in the data directory if not set.",
    )
    web_host: str = Field(default="127.0.0.1", description="Address the pages are served on.")
    web_port: int = Field(default=8000, ge=1, le=65535, description="Port the pages are served on.")
    web_https: bool = Field(
        default=False,
        description="Whether people reach the pages by TLS: cookies are Secure, browsers are told to stay (HSTS).",
    )
    web_proxies: str = Field(
        default="127.0.0.1,::1",
        description="Addresses of the reverse proxies whose word on a browser's address is taken, with commas between.",
    )
    language: Literal["zh-CN", "en"] = Field(
        default="zh-CN", description="Language of pages and messages: zh-CN or en."
    )
    timezone: str = Field(default="Asia/Shanghai", description="Local time of the warehouse: its midnight is 24:00.")
    idle_minutes: int = Field(
        default=30, ge=5, le=480, description="Minutes after which a session that nobody uses ends, 5 to 480."
    )
    log_days: int = Field(default=400, ge=190, le=36_500, description="Days the access log is kept, 190 at least.")
    label_printers: str = Field(
        default="",
        description="Label printers, as floor-1=10.0.0.9:9100@300 with commas between; port 9100 and 203 dpi if not told.",
    )
    ingest_slot: int = Field(default=0, ge=0, le=999, description="The ingest slot a process owns, 0 to 999.")

    @field_validator(*SETTINGS_OF_PARTS.values())
    @classmethod
    def _is_a_postgresql_url(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None:
            problem = _problem_of_database_url(value.get_secret_value())
            if problem:
                raise _bad(str(info.field_name), *problem)
        return value

    @field_validator("mqtt_url")
    @classmethod
    def _is_an_mqtt_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            BrokerAddress.parse(value.get_secret_value())
        return value

    @field_validator("web_proxies")
    @classmethod
    def _are_addresses(cls, value: str) -> str:
        for part in value.split(","):
            ip_network(part.strip())
        return value

    @field_validator("label_printers")
    @classmethod
    def _are_printers(cls, value: str) -> str:
        try:
            parse_printers(value)
        except BadInput as refusal:
            facts = refusal.facts
            raise _bad("label_printers", str(facts["problem_zh"]), str(facts["problem_en"])) from None
        return value

    @field_validator("timezone")
    @classmethod
    def _is_a_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            zh, en = f"没有时区 {value!r}，例如 Asia/Shanghai", f"there is no time zone {value!r}; try Asia/Shanghai"
            raise _bad("timezone", zh, en) from None
        return value

    @property
    def ledger_files(self) -> LedgerFiles:
        """Where the ledger's signing key, pinned keys and receipts are."""
        return LedgerFiles.of(self.data_dir, self.ledger_key_file)

    @property
    def proxies(self) -> tuple[str, ...]:
        """The proxies that are believed, one by one."""
        return tuple(part.strip() for part in self.web_proxies.split(","))

    @property
    def printers(self) -> tuple[LabelPrinter, ...]:
        """The label printers, one by one."""
        return parse_printers(self.label_printers)

    @property
    def zone(self) -> ZoneInfo:
        """The warehouse's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def uses_embedded_database(self) -> bool:
        """Whether the database is the embedded one: no URL of another is set."""
        return all(getattr(self, name) is None for name in SETTINGS_OF_PARTS.values())

    @property
    def uses_embedded_broker(self) -> bool:
        """Whether the broker is the embedded one."""
        return self.mqtt_url is None


def read_settings() -> Settings:
    """Read the environment; raises `BadSetting` with one sentence for the first thing that can't be meant."""
    _refuse_near_misses(os.environ)
    try:
        return Settings()
    except ValidationError as error:
        name = str(error.errors(include_input=False)[0]["loc"][0])
        raise _bad(name, *_EXPECTED.get(name, ("取值无效", "its value isn't valid"))) from None


def _refuse_near_misses(environment: Mapping[str, str]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(environment):
        if not name.upper().startswith(PREFIX) or name.upper() in known:
            continue
        meant = get_close_matches(name.upper(), known, n=1, cutoff=0.8)
        if meant:
            raise BadSetting(
                setting=name,
                problem_zh=f"没有这个设置，您是否指 {meant[0]}",
                problem_en=f"there is no such setting; did you mean {meant[0]}",
            )


def _problem_of_database_url(url: str) -> tuple[str, str] | None:
    if not url.startswith("postgresql://"):
        return "应以 postgresql:// 开头", "it must begin with postgresql://"
    try:
        parts = conninfo_to_dict(url)
        port = int(parts.get("port") or 5432)
    except (psycopg.ProgrammingError, ValueError):
        return "不是有效的 PostgreSQL 地址", "it isn't a valid PostgreSQL URL"
    if not 1 <= port <= 65535:  # noqa: PLR2004
        return "端口应为 1 至 65535", "its port must be from 1 to 65535"
    if not parts.get("dbname"):
        return "缺少数据库名", "it names no database"
    return None


def _bad(name: str, problem_zh: str, problem_en: str) -> BadSetting:
    return BadSetting(setting=PREFIX + name.upper(), problem_zh=problem_zh, problem_en=problem_en)
