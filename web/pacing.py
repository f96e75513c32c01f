"""Who asks too often waits. Counted in this process and in bounded memory; failed sign-ins are counted in the database."""

from collections import OrderedDict
from collections.abc import Hashable
from ipaddress import ip_address
from math import ceil
from threading import Lock
from time import monotonic

from inventory.domain.refusals import TooManyRequests
from web.limits import Pace

REMEMBERED_MAX = 20_000  # addresses or accounts; the one that asked longest ago is forgotten first


class Pacing:
    """A bucket for each address or account: `burst` drops, refilled at `a_second`; each request takes one."""

    def __init__(self, pace: Pace) -> None:
        """`pace`: the same for everybody."""
        self._pace = pace
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # drops left, and when
        self._lock = Lock()

    def take(self, who: Hashable) -> None:
        """Count one request; raises `TooManyRequests` with the seconds to wait."""
        now = monotonic()
        with self._lock:
            left, counted_at = self._buckets.pop(who, (float(self._pace.burst), now))
            left = min(float(self._pace.burst), left + (now - counted_at) * self._pace.a_second)
            self._buckets[who] = (left - 1, now) if left >= 1 else (left, now)
            if len(self._buckets) > REMEMBERED_MAX:
                self._buckets.popitem(last=False)
        if left < 1:
            raise TooManyRequests(seconds=ceil((1 - left) / self._pace.a_second))


def is_own_machine(address: str) -> bool:
    """Whether it is this machine: its own programs, or a proxy that doesn't tell for whom it asks."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
