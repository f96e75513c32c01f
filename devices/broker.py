"""Where the broker is, as whom to sign in there, and a paho client for it.

A site where each connection signs in for itself keeps its logins in a directory: for the user `guiwei-gate` a password in
`guiwei-gate.password`, or a certificate in `guiwei-gate.crt` with its key in `guiwei-gate.key`. A connection's user is its
client id, without what makes that id one of many: `guiwei-doctor-3f9a` is `guiwei-doctor`. The files are read at each
connection, so a new certificate needs no restart.
"""

import re
import select
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from inventory.domain.refusals import BadSetting

PORTS = {"mqtt": 1883, "mqtts": 8883}
VERDICT_SECONDS_MAX = 2.0  # a broker that sends no tickets says nothing at all, and is not waited for longer

# What OpenSSL says, and what a person can do about it; the first that fits counts.
TLS_PROBLEMS = (
    ("certificate verify failed: certificate has expired", "the broker's certificate has expired"),
    (
        "certificate verify failed.*mismatch",
        "the broker's certificate is for another name than the one in GUIWEI_MQTT_URL",
    ),
    ("certificate verify failed", "the broker's certificate isn't from an authority we trust (GUIWEI_MQTT_CA_FILE)"),
    ("alert certificate expired", "our certificate has expired (GUIWEI_MQTT_LOGINS)"),
    ("alert unknown ca", "the broker doesn't trust the authority our certificate is from (GUIWEI_MQTT_LOGINS)"),
    ("alert certificate revoked", "our certificate has been revoked (GUIWEI_MQTT_LOGINS)"),
    (
        "alert (certificate required|handshake failure)",
        "the broker asks for a certificate and we show none (GUIWEI_MQTT_LOGINS)",
    ),
    ("wrong version number|record layer failure", "the broker speaks no TLS at that port"),
)


class _Socket(ssl.SSLSocket):
    """A socket whose handshake is over when the broker has judged our certificate, and that doesn't stay open where it fails."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
            if self.version() == "TLSv1.3":
                self._await_verdict()
        except OSError:
            self.close()
            raise

    def _await_verdict(self) -> None:
        """By TLS 1.3 the verdict comes after our own handshake is done, as tickets or as an alert.

        Whoever speaks before it came may lose the alert with the connection, and with it the reason. An MQTT broker says
        nothing else before we do.
        """
        if not select.select([self], [], [], VERDICT_SECONDS_MAX)[0]:
            return
        timeout = self.gettimeout()
        self.settimeout(0)
        try:
            self.recv(1)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        finally:
            self.settimeout(timeout)


@dataclass(frozen=True)
class Login:
    """As whom a connection signs in: a password, or a certificate with its key."""

    user: str
    password: str | None = field(default=None, repr=False)
    certificate: tuple[Path, Path] | None = None


@dataclass(frozen=True)
class BrokerAddress:
    """Where a broker listens and as whom to connect.

    ca_file: the authority a broker's certificate must be from; the system's if None. logins: the directory of logins, where
    each connection has its own and the address names no user.
    """

    host: str
    port: int
    tls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    logins: Path | None = None

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

    def login(self, client_id: str) -> Login | None:
        """As whom the connection of this client id signs in; raises `BadSetting` where the directory has no login for it."""
        if self.user is not None or self.logins is None:
            return None if self.user is None else Login(self.user, self.password)
        for user in dict.fromkeys((client_id, client_id.rpartition("-")[0] or client_id)):
            password, *certificate = (self.logins / f"{user}.{kind}" for kind in ("password", "crt", "key"))
            try:
                if self.tls and all(file.is_file() for file in certificate):
                    return Login(user, certificate=(certificate[0], certificate[1]))
                if password.is_file():
                    return Login(user, password.read_text("utf-8").strip())
            except (OSError, UnicodeDecodeError):
                raise _bad_login(f"无法读取 {user} 的登录信息", f"the login of {user} can't be read") from None
        raise _bad_login(f"其中没有 {client_id} 的登录信息", f"it has no login for {client_id}")

    def tls_context(self, login: Login | None) -> ssl.SSLContext:
        """Whom we trust and what we show; raises `BadSetting` where a file is missing or isn't what it should be."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError:
            raise BadSetting(
                setting="GUIWEI_MQTT_CA_FILE",
                problem_zh="无法读取其中的证书",
                problem_en="no certificate can be read from it",
            ) from None
        context.sslsocket_class = _Socket
        if login is not None and login.certificate is not None:
            certificate, key = login.certificate
            try:
                context.load_cert_chain(
                    certificate, key, password=""
                )  # A key that needs a passphrase fails, and asks nobody.
            except (OSError, ValueError):
                raise _bad_login(
                    f"{login.user} 的证书与私钥无法读取或不匹配",
                    f"certificate and key of {login.user} can't be read or don't belong together",
                ) from None
        return context


def _bad(problem_zh: str, problem_en: str) -> BadSetting:
    return BadSetting(setting="GUIWEI_MQTT_URL", problem_zh=problem_zh, problem_en=problem_en)


def _bad_login(problem_zh: str, problem_en: str) -> BadSetting:
    return BadSetting(setting="GUIWEI_MQTT_LOGINS", problem_zh=problem_zh, problem_en=problem_en)


def tls_problem(told: str) -> str | None:
    """What a failed TLS connection comes down to, from what OpenSSL told; None where it was something else."""
    plain = told.replace("_", " ").lower()
    return next((problem for pattern, problem in TLS_PROBLEMS if re.search(pattern, plain)), None)


def new_client(
    address: BrokerAddress,
    client_id: str,
    protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311,
    *,
    login_as: str | None = None,
    **options: Any,
) -> paho.Client:
    """A client for this broker, with credentials and TLS, not yet connected; `options` are paho's own.

    login_as: whose login it takes, its own client id's unless told. Raises `BadSetting` where that can't be used.
    """
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol, **options)
    login = address.login(login_as or client_id)
    if login is not None:
        client.username_pw_set(login.user, login.password)
    if address.tls:
        client.tls_set_context(address.tls_context(login))
    return client
