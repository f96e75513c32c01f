"""Readers that are told: some listen at a real broker, one at a real HTTP server, and each does as the test says."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from devices.broker import BrokerAddress, new_client
from devices.commands import Commands, CommandSlot
from tests.conftest import Archive

SECONDS_MAX = 30.0
Behave = Callable[[dict[str, Any]], bytes | None]


def until(condition: Callable[[], Any]) -> Any:
    """Wait for something that happens elsewhere; gives what it was satisfied with."""
    deadline = time.monotonic() + SECONDS_MAX
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


@contextmanager
def at_work(archive: Archive, mqtt_url: str, passwords: Path = Path("none"), owner: str = "here") -> Iterator[None]:
    """The commands of slot 0 are sent until the block is left."""
    stop = threading.Event()
    slot = CommandSlot(0, owner, f"guiwei-commands-{owner}", passwords)
    thread = threading.Thread(target=Commands(archive.jobs, BrokerAddress.parse(mqtt_url), slot).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(SECONDS_MAX)


@contextmanager
def device(mqtt_url: str, commands: str, answers: str, behave: Behave) -> Iterator[list[dict[str, Any]]]:
    """A reader at the broker: gives the list of what it was told; `behave` makes its answer, or None for none."""
    told: list[dict[str, Any]] = []
    address, listens = BrokerAddress.parse(mqtt_url), threading.Event()
    client = new_client(address, f"device {commands}")

    def subscribe(*_: object) -> None:
        client.subscribe(commands, qos=1)

    client.on_connect = subscribe
    client.on_subscribe = lambda *_: listens.set()

    def hear(_client: object, _data: object, message: Any) -> None:
        told.append(json.loads(message.payload))
        if (answer := behave(told[-1])) is not None:
            client.publish(answers, answer, qos=1)

    client.on_message = hear
    client.connect(address.host, address.port)
    client.loop_start()
    assert listens.wait(SECONDS_MAX)
    try:
        yield told
    finally:
        client.disconnect()
        client.loop_stop()


class Web:
    """An R700's interface: `root` and its password let in; `how` says what it does then."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.how = "well"
        self.over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.asked.append((self.command, self.path, json.loads(body) if body else None))
                right = "Basic " + base64.b64encode(b"root:impinj").decode()
                if self.headers.get("Authorization") != right:
                    self.send_response(401)
                    self.end_headers()
                    return
                getattr(outer, f"_{outer.how}")(self)

            do_POST = do_PUT = answer  # noqa: N815 - as http.server has them

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _well(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(204)
        handler.end_headers()

    def _refusing(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.dumps({"message": "antenna 9 isn't there", "invalidPropertyId": "antennaPort"}).encode()
        handler.send_response(400)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _garbling(self, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"\x00\xff this is no HTTP\r\n\r\n" * 5)
        handler.close_connection = True

    def _chatting(self, handler: BaseHTTPRequestHandler) -> None:
        body = b"<html>welcome to your router</html>"
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _silent(self, handler: BaseHTTPRequestHandler) -> None:
        self.over.wait(SECONDS_MAX)

    def _dripping(self, handler: BaseHTTPRequestHandler) -> None:
        """A byte now and then: no reading of the socket takes long, and it never ends."""
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not self.over.wait(0.1):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return
