"""Parts that don't ask for one another, worked on two at a time: numpy lets go of the interpreter while it computes."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

HANDS = 2  # each holds one part's intermediate results; the answers come in the parts' own order whatever their number

Part = TypeVar("Part")
Answer = TypeVar("Answer")


def in_turn(work: Callable[[Part], Answer], parts: Iterable[Part]) -> Iterator[Answer]:
    """What `work` makes of each part, in their order, with no more than `HANDS` of them under way."""
    under_way: deque[Future[Answer]] = deque()
    with ThreadPoolExecutor(HANDS) as hands:
        for part in parts:
            if len(under_way) >= HANDS:
                yield under_way.popleft().result()
            under_way.append(hands.submit(work, part))
        while under_way:
            yield under_way.popleft().result()
