"""HTTP clients for a bench: all of them in one thread that does next to nothing, so that the two cores are left to the server.

Twenty threads of Python with an HTTP library each would take as much of the processor as what they measure, and wait for
each other besides. These write bytes made beforehand and look at a status line and a length.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

_ANSWER_BYTES_AT_ONCE = 65_536
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "


@dataclass(eq=False)
class HttpClient:
    """One connection, one request at a time. `request`: the next one, whole; `accept`: raises on an answer nobody expected."""

    port: int
    request: Callable[[], bytes]
    accept: Callable[[bytes], None]
    connection: socket.socket = field(init=False)
    due: float = 0.0
    answer: bytes = b""

    def __post_init__(self) -> None:
        """Connect."""
        self.connection = socket.create_connection(("127.0.0.1", self.port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, due: float) -> None:
        """Send the next request; its time counts from `due`."""
        self.due, self.answer = due, b""
        self.connection.sendall(self.request())

    def is_answered(self) -> bool:
        """Take in what has come; true once the answer is whole."""
        received = self.connection.recv(_ANSWER_BYTES_AT_ONCE)
        assert received, "the server hung up"
        self.answer += received
        head, end, body = self.answer.partition(_END_OF_HEAD)
        if not end:
            return False
        _, _, length = (head.lower() + b"\r\n").partition(_LENGTH)
        if len(body) < int(length.split(b"\r\n", 1)[0]):
            return False
        self.accept(self.answer)
        return True


def drive(clients: list[HttpClient], seconds: float, per_second: float | None) -> tuple[float, list[float]]:
    """Let the clients work; returns answers a second and the milliseconds of each.

    Paced (an act every 1 / `per_second`) the load is open: an act is due whether or not one before it is back, and waits
    for the first client that is free. Unpaced, every client asks again as soon as it has its answer.
    """
    took: list[float] = []
    idle = deque(clients)
    began = time.perf_counter()
    ends = began + seconds
    asked = 0
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.connection, selectors.EVENT_READ, client)
        while (now := time.perf_counter()) < ends or len(idle) < len(clients):
            while idle and now < ends:
                due = now if per_second is None else began + asked / per_second
                if due > now:
                    break
                idle.popleft().ask(due)
                asked += 1
            pause = None if per_second is None or not idle or now >= ends else began + asked / per_second - now
            for key, _ in selector.select(pause):
                client = key.data
                if client.is_answered():
                    took.append((time.perf_counter() - client.due) * 1000)
                    idle.append(client)
    return len(took) / (time.perf_counter() - began), took
