"""The embedded broker: a real MQTT broker (rumqttd) from the wheel `iotcore`, on loopback, for a site without one.

It lives as long as the command that started it: other commands of the same data directory use it meanwhile and lose
it then. Sessions and unacknowledged messages survive a client's crash, never the broker's end. So a site that runs its
processes apart, or can't lose a message to a restart, runs Mosquitto.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guiwei.embedded import directory
from guiwei.embedded.cluster import Say
from inventory.domain.refusals import Unavailable

_START_SECONDS_MAX = 30.0
_STOP_SECONDS_MAX = 10.0
_POLL_SECONDS = 0.02

PAYLOAD_BYTES_MAX = 4 << 20
# rumqttd keeps 100 messages in flight a connection, compiled in; more can't be had.
IN_FLIGHT_MAX = 100
CONNECTIONS_MAX = 1_000
# rumqttd keeps the messages of each topic filter in memory and forgets the oldest segment of a full log, whether it was
# delivered or not: 64 MiB hold some 400,000 single reads of a reader for a subscriber that is away.
_SEGMENT_BYTES_MAX = 4 << 20
_SEGMENTS_MAX = 16

_CONFIGURATION = """\
# Written by Guiwei at every start.
id = 0

[router]
id = 0
max_connections = {connections}
max_outgoing_packet_count = {in_flight}
max_segment_size = {segment}
max_segment_count = {segments}

[v4.1]
name = "mqtt-3.1.1"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
    [v4.1.connections]
    connection_timeout_ms = 10000
    max_payload_size = {payload}
    max_inflight_count = {in_flight}
    dynamic_filters = true

[v5.1]
name = "mqtt-5"
listen = "127.0.0.1:{port_mqtt5}"
next_connection_delay_ms = 1
    [v5.1.connections]
    connection_timeout_ms = 10000
    max_payload_size = {payload}
    max_inflight_count = {in_flight}
    dynamic_filters = true
"""


@dataclass(frozen=True)
class EmbeddedBroker:
    """A running embedded broker: one loopback port for MQTT 3.1.1, another for MQTT 5."""

    port: int
    port_mqtt5: int

    @property
    def url(self) -> str:
        """The `mqtt://` URL of the MQTT 3.1.1 port."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def url_mqtt5(self) -> str:
        """The `mqtt://` URL of the MQTT 5 port; a client of the wrong version is hung up on."""
        return f"mqtt://127.0.0.1:{self.port_mqtt5}"


@contextmanager
def embedded_broker(data_dir: Path, say: Say) -> Iterator[EmbeddedBroker]:
    """Use the broker of `data_dir`: the one another command runs, or a new one that ends with this command.

    Raises `BadSetting` for a directory that can't be used, `Unavailable` if the broker doesn't start.
    """
    root = directory.prepare(data_dir)
    process: subprocess.Popen[bytes] | None = None
    try:
        with directory.one_at_a_time(root / "broker.starting"):
            state = directory.read_state(root / "broker.json")
            broker = _running(state)
            if broker is None:
                say("正在启动消息代理。Starting the message broker.")
                broker, process = _start(root, state)
        yield broker
    finally:
        if process is not None:
            _stop(process)


def _running(state: dict[str, Any]) -> EmbeddedBroker | None:
    """The broker the state file names, if its process lives and it accepts connections on both ports."""
    try:
        broker = EmbeddedBroker(int(state["port"]), int(state["port_mqtt5"]))
        command = Path(f"/proc/{int(state['pid'])}/cmdline").read_bytes()
    except (KeyError, TypeError, ValueError, OSError):
        return None
    ours = b"guiwei.embedded.broker_process" in command
    return broker if ours and _accepts(broker.port) and _accepts(broker.port_mqtt5) else None


def _start(root: Path, state: dict[str, Any]) -> tuple[EmbeddedBroker, subprocess.Popen[bytes]]:
    port = directory.free_port(state.get("port"))
    broker = EmbeddedBroker(port, _another_free_port(port, state.get("port_mqtt5")))
    configuration = root / "broker.toml"
    configuration.write_text(
        _CONFIGURATION.format(
            port=broker.port,
            port_mqtt5=broker.port_mqtt5,
            payload=PAYLOAD_BYTES_MAX,
            in_flight=IN_FLIGHT_MAX,
            connections=CONNECTIONS_MAX,
            segment=_SEGMENT_BYTES_MAX,
            segments=_SEGMENTS_MAX,
        ),
        "utf-8",
    )
    process = _open(root, configuration)
    try:
        _wait_until_it_accepts(broker, process, root)
        state = {"pid": process.pid, "port": broker.port, "port_mqtt5": broker.port_mqtt5}
        directory.write_state(root / "broker.json", state)
    except BaseException:
        _stop(process)
        raise
    return broker, process


def _another_free_port(port: int, preferred: int | None) -> int:
    found = directory.free_port(preferred)
    while found == port:
        found = directory.free_port()
    return found


def _open(root: Path, configuration: Path) -> subprocess.Popen[bytes]:
    # The end of our side of the pipe is how the broker learns that we are gone, even by kill -9.
    with (root / "broker.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "guiwei.embedded.broker_process", str(configuration)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            start_new_session=True,  # Ctrl-C reaches us first: what is in flight is settled before the broker goes.
        )


def _wait_until_it_accepts(broker: EmbeddedBroker, process: subprocess.Popen[bytes], root: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while not (_accepts(broker.port) and _accepts(broker.port_mqtt5)):
        if process.poll() is not None or time.monotonic() > deadline:
            lines = (root / "broker.log").read_text("utf-8", "replace").strip().splitlines()
            raise Unavailable(service="MQTT", problem=(lines or ["the broker said nothing"])[-1].rstrip("."))
        time.sleep(_POLL_SECONDS)


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
