"""What is written down of a job's turns: work and problems, not that it looked every two seconds."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from inventory.domain.jobs import HISTORY_SPAN, NOTED_EVERY, JobName
from inventory.store.job_rows import Problem, Turn, Wish


@dataclass
class Notes:
    """One job's turns in one process. Quick ones are gathered, and the same problem again is no news."""

    name: JobName
    is_steady: bool
    row: int | None = None  # of the history, which quick turns go on with
    _began: datetime | None = None
    _did: Counter[str] = field(default_factory=Counter)
    _has_news: bool = False
    _noted_at: datetime | None = None
    _problem: Problem | None = None
    _problem_told_at: datetime | None = None

    def turned(
        self,
        started: datetime,
        now: datetime,
        due: datetime,
        did: Mapping[str, int],
        problem: Problem | None,
        wish: Wish | None,
    ) -> Turn | None:
        """A turn has ended: what is to be noted of it and of those before it; None where it can wait."""
        if not self.is_steady or wish or not self._did or self._began is None or now - self._began > HISTORY_SPAN:
            self._began, self._did, self.row = started, Counter(), None
        self._did.update(did)
        self._has_news = self._has_news or bool(did)
        changed = problem != self._problem
        is_fresh = self._noted_at is not None and now - self._noted_at < NOTED_EVERY
        if self.is_steady and is_fresh and not (changed or wish):
            return None
        tells_problem = problem is not None and (
            changed or self._problem_told_at is None or now - self._problem_told_at > HISTORY_SPAN
        )
        numbers = dict(self._did) if self._has_news and problem is None else {}
        self._noted_at, self._problem, self._has_news = now, problem, False
        if tells_problem:
            self._problem_told_at = now
            self._began, self._did, self.row = started, Counter(), None
        return Turn(
            self.name,
            self._began,
            now,
            due,
            numbers,
            problem,
            wish,
            in_history=bool(numbers) or tells_problem or wish is not None,
            row=None if problem else self.row,
        )
