"""The real PC/SC daemon with Debian's virtual reader (vsmartcard-vpcd), and cards for it: TCP clients that answer APDUs.

The daemon has its socket at one path of the machine. It runs in a mount namespace of its own, where a directory of the test
lies there, so that neither other tests nor a daemon of the machine's own meet it; clients are shown the socket by
`PCSCLITE_CSOCK_NAME`.
"""

import os
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from devices.desk.cards import AID
from guiwei.embedded.directory import free_port
from inventory.domain.badges import signed_bytes

RUN = Path("/run/pcscd")  # where the daemon has its socket
ATR = bytes.fromhex("3B8180018080")  # a contactless card, as readers report ISO/IEC 14443-4 type A
POWER_OFF, POWER_ON, RESET, GIVE_ATR = 0, 1, 2, 4
OK, NOT_FOUND, WRONG_INSTRUCTION = b"\x90\x00", b"\x6a\x82", b"\x6d\x00"
CONFIGURATION = """
FRIENDLYNAME "Virtual PCD"
DEVICENAME   /dev/null:{port}
LIBPATH      {library}
CHANNELID    {port}
"""


@dataclass
class Daemon:
    """pcscd over a directory; `start` and `stop` as often as a test likes, with a reader or without."""

    directory: Path
    port: int = field(default_factory=free_port)  # where cards are laid down
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.directory / "run" / "pcscd.comm"

    def start(self, *, reader: bool = True) -> None:
        library = next(Path("/usr/lib/pcsc/drivers/serial").glob("libifdvpcd.so"))
        text = CONFIGURATION.format(port=f"0x{self.port:X}", library=library) if reader else ""
        (self.directory / "reader.conf").write_text(text)
        (self.directory / "run").mkdir(exist_ok=True)
        configuration = self.directory / "reader.conf"
        # Of the namespace's own, so that nothing has to be made on the machine, which only root could.
        mounted = f"mount -t tmpfs run {RUN.parent} && mkdir {RUN} && mount --bind {self.directory / 'run'} {RUN}"
        script = f"{mounted} && exec pcscd --foreground --config {configuration}"
        with (self.directory / "pcscd.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--map-root-user", "--mount", "sh", "-c", script], stdout=log, stderr=subprocess.STDOUT
            )
        self._wait(self.socket.is_socket, "the PC/SC daemon is up")
        if reader:
            self._wait(self._listens, "the virtual reader listens")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
            self.process = None
        self.socket.unlink(missing_ok=True)
        (self.directory / "run" / "pcscd.pid").unlink(missing_ok=True)

    def _listens(self) -> bool:
        # Looked up, not tried: a connection would be a card.
        line = f":{self.port:04X} 00000000:0000 0A"
        return line in Path("/proc/net/tcp").read_text("ascii") or f":{self.port:04X} " in Path(
            "/proc/net/tcp6"
        ).read_text("ascii")

    def _wait(self, condition: object, what: str) -> None:
        deadline = time.monotonic() + 20
        while not condition():  # type: ignore[operator]
            assert self.process is not None
            assert self.process.poll() is None, (self.directory / "pcscd.log").read_text()
            assert time.monotonic() < deadline, what
            time.sleep(0.02)


@contextmanager
def daemon(directory: Path) -> Iterator[Daemon]:
    """A running daemon with a virtual reader."""
    one = Daemon(directory)
    one.start()
    try:
        yield one
    finally:
        one.stop()


@dataclass
class Card:
    """A card: its number, and with a key, a badge that signs challenges. forges: what it signs is another challenge."""

    uid: bytes
    key: ec.EllipticCurvePrivateKey | None = None
    forges: bool = False
    slow_answers: bool = False  # as cards over T=0 do: first how many bytes there are, then the bytes
    asked: list[bytes] = field(default_factory=list)
    _selected: bool = False
    _waiting: bytes = b""

    @classmethod
    def signing(cls, uid: bytes, **more: bool) -> "Card":
        return cls(uid, ec.generate_private_key(ec.SECP256R1()), **more)  # type: ignore[arg-type]

    def answer(self, apdu: bytes) -> bytes:
        """One command, one answer."""
        self.asked.append(apdu)
        match apdu[:4].hex().upper():
            case "FFCA0000":
                return self.uid + OK
            case "00C00000":
                return self._waiting + OK
            case "00A40400":
                self._selected = self.key is not None and apdu[5 : 5 + apdu[4]] == AID
                return OK if self._selected else NOT_FOUND
            case "00CA0101" | "00880000" as command if self._selected and self.key is not None:
                return self._told(self._point(self.key) if command == "00CA0101" else self._sign(self.key, apdu))
        return WRONG_INSTRUCTION

    def _point(self, key: ec.EllipticCurvePrivateKey) -> bytes:
        return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def _sign(self, key: ec.EllipticCurvePrivateKey, apdu: bytes) -> bytes:
        challenge = apdu[5 : 5 + apdu[4]]
        text = signed_bytes(sha256(challenge).digest() if self.forges else challenge)
        return key.sign(text, ec.ECDSA(SHA256()))

    def _told(self, data: bytes) -> bytes:
        if not self.slow_answers:
            return data + OK
        self._waiting = data
        return bytes((0x61, len(data)))


@contextmanager
def laid(port: int, card: Card) -> Iterator[Card]:
    """The card on the reader, as long as this goes on."""
    connection = socket.create_connection(("127.0.0.1", port), 10)
    thread = threading.Thread(target=_serve, args=(connection, card), daemon=True)
    thread.start()
    try:
        yield card
    finally:
        # Whatever reads is woken, and the reader sees the card go.
        connection.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        connection.close()


def _serve(connection: socket.socket, card: Card) -> None:
    # The daemon hangs up when it ends, at whatever point that is.
    with suppress(ConnectionError), connection.makefile("rb") as told:
        while len(head := told.read(2)) == 2:
            (length,) = struct.unpack(">H", head)
            message = told.read(length)
            if length == 1 and message[0] in {POWER_OFF, POWER_ON, RESET}:
                continue
            answer = ATR if length == 1 and message[0] == GIVE_ATR else card.answer(message)
            connection.sendall(struct.pack(">H", len(answer)) + answer)


def environment(daemon_: Daemon) -> dict[str, str]:
    """What shows a process this daemon's socket."""
    return {**os.environ, "PCSCLITE_CSOCK_NAME": str(daemon_.socket)}
