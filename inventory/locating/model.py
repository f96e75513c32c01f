"""The frozen numbers a belief is drawn with; a new version comes only from the nightly close."""

from dataclasses import asdict, dataclass
from typing import Any

# Before anything was counted: who is read seldom is missed often (radio.md: two passes see 99.5 %), each worth few volumes.
# First the buckets of `profiling.READS_EDGES` for as many visits as usual, then the same for fewer.
MISSES_ASSUMED = (
    *((4.0, 20.0), (1.6, 20.0), (0.6, 20.0), (0.2, 20.0), (0.06, 20.0), (0.02, 20.0)),
    *((8.0, 20.0), (5.0, 20.0), (3.0, 20.0), (1.6, 20.0), (0.8, 20.0), (0.4, 20.0)),
)
# Heard again, of so many: seldom, mostly, always so far; each by the reads to be expected.
HABITS_ASSUMED = (
    *((2.0, 10.0), (3.0, 10.0), (4.0, 10.0), (5.0, 10.0), (5.0, 10.0), (5.0, 10.0)),
    *((5.0, 10.0), (6.0, 10.0), (7.0, 10.0), (8.0, 10.0), (8.0, 10.0), (8.0, 10.0)),
    *((7.0, 10.0), (8.0, 10.0), (9.0, 10.0), (9.7, 10.0), (9.9, 10.0), (9.95, 10.0)),
)

ANSWERS_PRIOR = 2.0  # false alarms; with so many expected, people's answers weigh as much as the model's own word
TOLERANCE_MIN, TOLERANCE_MAX = 0.1, 2.0  # of what is tolerated without any answer


def tolerated(wrong_max: float, wrong: float, expected: float) -> float:
    """What share may be wrong by the model's own probabilities, so that `wrong_max` are wrong by what people found.

    Where twice as many were false alarms as the probabilities said, half as much is tolerated.
    """
    ratio = (expected + ANSWERS_PRIOR) / (wrong + ANSWERS_PRIOR)
    return wrong_max * min(max(ratio, TOLERANCE_MIN), TOLERANCE_MAX)


@dataclass(frozen=True)
class Model:
    """First model: strongest mean strength among the places a volume was heard at, held against the ledger.

    ledger_right: share of volumes that stand where the ledger says, before any radio is heard (radio.md: 999 in 1,000).
    scale_db: how many dB of difference in mean strength make one place e times likelier than another. Learned.
    silent_dbm: the strength a place is given where a reader listened and didn't hear the volume: below what readers hear.
    fade_db_per_decade: how fast strength falls with distance; with it, a ledger place where no reader listened is given
        the strength it would have been heard with from where it was heard (radio.md: 29.2).
    fade_db_max: beyond this a place can't be heard at all, in dB below the strongest.
    label_db_below_max: a label tag so much weaker than the loudest around that time is a stray.
    label_seconds_max: how far in time a label tag may have been heard to say where a moving reader was.
    code_seconds_max: how long after a scanned code a moving reader is still taken to be there.

    What the second way of weighing needs (`weighing`); `sensor` stays None until a night has taught it.
    sensor: what to expect of a volume heard from so far (`sensing.Sensor.parameters`).
    night_variance, read_variance: dB squared by which a volume's mean strength differs between nights, and a single read's
        from the night's mean. Learned.
    phase_variance: the same for when in a visit a volume is read (`sensing.Hearings`). Learned.
    near_share: how many of the strayed volumes stand on one of the `near_places` around their shelf.
    misses: of volumes known to have been there, how many a night missed, and how many it might have; by how often they are
        read a night (`profiling.READS_EDGES`). Counted.
    habits: of a volume's places in its profile, in how many nights it was heard again, and how many there were; by how
        regularly and how often it was heard there (`profiling.habit_of`). Counted.
    level_dbm: how loud shelves' own volumes usually sound (`judging.usual_level`). Learned.
    wrong_max: of all findings together, so many may be wrong by their own probabilities; missing_wrong_max: of the missing.
    found_wrong, missing_wrong: of the cases people answered, how many were false alarms, and how many should have been by the
        model's own probabilities; older answers fade. They move what is tolerated (`tolerated`). Counted.
    sure: a volume is said to be at home from this probability on; a finding needs at least `likely`.
    """

    ledger_right: float = 0.999
    scale_db: float = 3.0
    silent_dbm: float = -72.0
    fade_db_per_decade: float = 29.2
    fade_db_max: float = 30.0
    label_db_below_max: float = 8.0
    label_seconds_max: float = 10.0
    code_seconds_max: float = 120.0
    sensor: dict[str, Any] | None = None
    night_variance: float = 1.5
    read_variance: float = 6.25
    phase_variance: float = 0.03
    near_share: float = 0.75
    near_places: int = 8
    misses: tuple[tuple[float, float], ...] = MISSES_ASSUMED
    habits: tuple[tuple[float, float], ...] = HABITS_ASSUMED
    level_dbm: float | None = None
    wrong_max: float = 0.015
    missing_wrong_max: float = 0.08
    found_wrong: tuple[float, float] = (0.0, 0.0)
    missing_wrong: tuple[float, float] = (0.0, 0.0)
    sure: float = 0.9
    likely: float = 0.5

    @property
    def found_tolerated(self) -> float:
        """The share of findings that may be wrong by their own probabilities, as far as those have kept their word."""
        return tolerated(self.wrong_max, *self.found_wrong)

    @property
    def missing_tolerated(self) -> float:
        """The same of volumes called missing."""
        return tolerated(self.missing_wrong_max, *self.missing_wrong)

    def parameters(self) -> dict[str, Any]:
        """As kept in the database."""
        return asdict(self)

    @staticmethod
    def of(parameters: dict[str, Any]) -> "Model":
        """As read from the database."""
        counts: dict[str, Any] = {
            name: tuple((float(one), float(of)) for one, of in parameters[name])
            for name in ("misses", "habits")
            if name in parameters
        }
        counts |= {
            name: tuple(map(float, parameters[name])) for name in ("found_wrong", "missing_wrong") if name in parameters
        }
        return Model(**{**parameters, **counts})
