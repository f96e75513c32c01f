"""Where the broker is, and a paho client for it."""

import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from inventory.domain.refusals import BadSetting

PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class BrokerAddress:
    """Where a broker listens and as whom to connect."""

    host: str
    port: int
    tls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """As a URL, without user and password."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"

    @staticmethod
    def parse(url: str) -> "BrokerAddress":
        """Take `mqtt://user:password@host:1883` or `mqtts://...` apart; raises `BadSetting`."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _bad("端口或主机无效", "its host or port isn't valid") from None
        if parts.scheme not in PORTS:
            raise _bad("应以 mqtt:// 或 mqtts:// 开头", "it must begin with mqtt:// or mqtts://")
        if not parts.hostname or port == 0:
            raise _bad("缺少主机名，或端口为 0", "it names no host, or port 0")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise _bad("主机之后不应有其他内容", "nothing may follow the host and port")
        return BrokerAddress(
            parts.hostname,
            port or PORTS[parts.scheme],
            parts.scheme == "mqtts",
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
        )


def _bad(problem_zh: str, problem_en: str) -> BadSetting:
    return BadSetting(setting="GUIWEI_MQTT_URL", problem_zh=problem_zh, problem_en=problem_en)


def new_client(
    address: BrokerAddress,
    client_id: str,
    protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311,
    **options: Any,
) -> paho.Client:
    """A client for this broker, with credentials and TLS, not yet connected; `options` are paho's own."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol, **options)
    if address.user is not None:
        client.username_pw_set(address.user, address.password)
    if address.tls:
        client.tls_set_context(ssl.create_default_context())
    return client
