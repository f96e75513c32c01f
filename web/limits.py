"""How much of anything the web takes from one connection, address and account. Every bound has its unit in its name."""

from dataclasses import dataclass

_KIB = 1024
BODY_BYTES_MAX = 64 * _KIB  # Forms and searches; files come in by the command line.
# Of a body that is refused already.
RUN_OUT_BYTES_MAX = 8_192 * _KIB
RUN_OUT_SECONDS_MAX = 2.0
# By the beginning of the address, where more is to be expected.
LARGER_BODIES: tuple[tuple[str, int], ...] = (
    ("/api/v1/acts", 2_048 * _KIB),  # ten thousand volumes in one act
    ("/station/", 512 * _KIB),
    ("/arrivals/new", 8_192 * _KIB),  # the list of a county that moves in
    ("/api/v1/arrivals", 16_384 * _KIB),  # the same in JSON
    ("/api/v1/reshelvings", 2_048 * _KIB),
    ("/api/v1/digitisation", 1_024 * _KIB),
    ("/api/v1/shelf-counts", 512 * _KIB),
    ("/api/v1/letters/", 4_096 * _KIB),  # the scan of a letter, and nothing else
    ("/requests/letters", 4_160 * _KIB),  # the same, in a form
    ("/wedge", 512 * _KIB),
    ("/labels/shelf", 2_048 * _KIB),  # a handheld's file along a bay
    ("/api/v1/labels", 512 * _KIB),
    ("/docked", 16_384 * _KIB),  # a handheld's day: 200,000 rows
)


def body_bytes_max(path: str) -> int:
    """How large the body of a request to `path` may be."""
    return next((bytes_max for beginning, bytes_max in LARGER_BODIES if path.startswith(beginning)), BODY_BYTES_MAX)


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `burst` at once, and `a_second` in the long run."""

    burst: int
    a_second: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one web process; `docs/security.md` says what each is for. They hold for each process by itself."""

    connections_max: int = 1_000
    head_bytes_max: int = 32 * _KIB  # request line and headers
    head_seconds_max: float = 10.0  # from the first byte, or from connecting, to the empty line
    body_seconds_max: float = 60.0  # A letter's scan of 4 MiB takes 35 s at 1 Mbit/s.
    idle_seconds_max: int = 10  # between two requests of a connection
    unread_seconds_max: float = 30.0  # an answer nobody takes
    turned_away_seconds: float = 60.0  # after which what was turned away alike is entered in the access log
    # An address may be a hall of sixty clerks; an account is one person with a scanner, or one program.
    of_address: Pace = Pace(burst=1_200, a_second=100.0)
    of_account: Pace = Pace(burst=600, a_second=50.0)
    # Whoever waits for a badge asks once; each asking is a command to a desk that stays on record.
    taps_of_account: Pace = Pace(burst=20, a_second=0.2)
    sign_ins_of_address: Pace = Pace(burst=60, a_second=0.5)  # Everybody comes at half past eight.
