"""Mosquitto's configuration as files: mosquitto.conf, acl, passwords, and the logins behind the passwords.

Checked with Mosquitto 2.0. `use_username_as_clientid` is what keeps sessions apart: without it whoever has any login takes
another's session over by its client id, and what waits there is thrown away, for the access list only keeps it from being read.
"""

import base64
import hashlib
import os
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from devices.broker_access import Access
from inventory.domain.refusals import FileUnreadable

# Passwords are 32 bytes of chance: nobody guesses them, however fast a guess is. More rounds would only keep Mosquitto, which
# has one thread, from everybody else while the readers come back after a power cut. 101 is its own default.
PASSWORD_BYTES, SALT_BYTES, ROUNDS = 32, 12, 101

CONFIGURATION = """\
# Mosquitto for one city, written by `guiwei broker-config`: change it there. `guiwei doctor` checks what it sees from outside.

# Guiwei acknowledges a message only after its reads are committed, hundreds at a time: no limit, the client's own bound rules.
max_inflight_messages 0

# While ingest is away its messages wait here, counted in bytes: 2 GiB is about ten million single reads a slot.
max_queued_messages 0
max_queued_bytes 2147483648

# Sessions and queues survive a restart; at most ten seconds are lost with a power cut.
persistence true
persistence_location {data}/
autosave_interval 10
# A slot that was not seen for this long is gone for good, its queue with it.
persistent_client_expiration 14d

# One message carries at most this; a reader's largest batch is some 100 KiB.
message_size_limit 1048576
max_packet_size 1114112
set_tcp_nodelay true

# Everybody has a name, and the access list says what it may do.
per_listener_settings false
allow_anonymous false
password_file {at}/passwords
acl_file {at}/acl

log_dest stderr
log_type error
log_type warning
log_type notice
"""
LISTENER = """
# {what}
listener {listener}
# A session belongs to the user: nobody takes over another's by its client id.
use_username_as_clientid true
"""
TLS = """\
certfile {at}/server.crt
keyfile {at}/server.key
tls_version tlsv1.2
"""
CERTIFICATES = """\
# Who signs in is the certificate's common name; no password is asked for.
cafile {at}/clients-ca.crt
require_certificate true
use_identity_as_username true
"""


@dataclass(frozen=True)
class Listeners:
    """Ports: TLS with passwords, TLS with client certificates, plain text on loopback; None where there is none.

    at, data: where Mosquitto finds its files and keeps its own.
    """

    tls: int | None
    certificates: int | None
    loopback: int | None
    at: Path
    data: Path


@dataclass(frozen=True)
class Written:
    """What came of it: every user, whose password is new, and who is gone since the last time."""

    users: list[str]
    new: list[str]
    gone: list[str]


def configuration(listeners: Listeners) -> str:
    """The text of mosquitto.conf."""
    at = listeners.at
    text = CONFIGURATION.format(at=at, data=listeners.data)
    if listeners.tls is not None:
        text += LISTENER.format(what="By TLS, with a password.", listener=listeners.tls) + TLS.format(at=at)
    if listeners.certificates is not None:
        text += LISTENER.format(what="By TLS, with a certificate.", listener=listeners.certificates)
        text += TLS.format(at=at) + CERTIFICATES.format(at=at)
    if listeners.loopback is not None:
        text += LISTENER.format(what="For this machine alone.", listener=f"{listeners.loopback} 127.0.0.1")
    return text


def access_list(users: Iterable[Access]) -> str:
    """The text of the acl file: for each user the topics it may publish to and those it may hear; nothing else."""
    parts = ["# Who may do what on the broker, written by `guiwei broker-config` from the registered readers."]
    for access in users:
        topics = dict.fromkeys(access.writes, "write") | dict.fromkeys(access.reads, "read")
        topics |= dict.fromkeys(access.writes & access.reads, "readwrite")
        parts.append(
            "\n".join([f"user {access.user}", *(f"topic {topics[topic]} {topic}" for topic in sorted(topics))])
        )
    return "\n\n".join(parts) + "\n"


def hashed(password: str) -> str:
    """A password as mosquitto_passwd writes it: PBKDF2 with SHA-512, `$7$rounds$salt$hash`, both in base64."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def write(directory: Path, users: list[Access], listeners: Listeners, renew: Collection[str] = ()) -> Written:
    """Write everything into a directory, made where there is none.

    A user that has a password keeps it, unless it is to be renewed; a new one gets one, in `logins/USER.password`. Who is no
    user any more loses both. Raises `FileUnreadable`.
    """
    try:
        return _write(directory, users, listeners, renew)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise FileUnreadable(
            file=directory.name,
            problem_zh=f"无法读写（{reason}）",
            problem_en=f"it can't be read and written ({reason})",
        ) from None


def _write(directory: Path, users: list[Access], listeners: Listeners, renew: Collection[str]) -> Written:
    logins = directory / "logins"
    logins.mkdir(mode=0o700, parents=True, exist_ok=True)
    passwords = directory / "passwords"
    lines = passwords.read_text("utf-8").splitlines() if passwords.exists() else []
    before = {user: digest for user, _, digest in (line.partition(":") for line in lines if line)}
    names = [access.user for access in users]
    new = [name for name in names if name not in before or name in renew]
    gone = sorted(before.keys() - set(names))
    after = {name: before.get(name, "") for name in names}
    for name in new:
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        after[name] = hashed(password)
        _replace(logins / f"{name}.password", f"{password}\n")
    # Last what Mosquitto reads: whoever is cut short before has logins that do not open yet, and runs it again.
    _replace(directory / "mosquitto.conf", configuration(listeners))
    _replace(directory / "acl", access_list(users))
    _replace(passwords, "".join(f"{name}:{digest}\n" for name, digest in after.items()))
    for name in gone:
        (logins / f"{name}.password").unlink(missing_ok=True)
    return Written(names, new, gone)


def _replace(path: Path, text: str) -> None:
    """The whole file or the one before; its owner's alone."""
    fresh = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
