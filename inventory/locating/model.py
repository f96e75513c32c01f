"""The frozen numbers a belief is drawn with; a new version comes only from the nightly close."""

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

# Heard again, of so many: seldom, mostly, always so far; each by the reads to be expected, and each of these by how loud: before
# anything was counted, alike.
HABITS_ASSUMED = tuple(
    (again, 10.0)
    for by_reads in ((2.0, 3.0, 4.0, 5.0, 5.0, 5.0), (5.0, 6.0, 7.0, 8.0, 8.0, 8.0), (7.0, 8.0, 9.0, 9.7, 9.9, 9.95))
    for again in by_reads
    for _ in range(3)
)

ANSWERS_PRIOR = 2.0  # false alarms; with so many expected, people's answers weigh as much as the model's own word
TOLERANCE_MIN, TOLERANCE_MAX = 0.1, 2.0  # of what is tolerated without any answer


def tolerated(wrong_max: float, wrong: float, expected: float) -> float:
    """What share may be wrong by the model's own probabilities, so that `wrong_max` are wrong by what people found.

    Where twice as many were false alarms as the probabilities said, half as much is tolerated.
    """
    ratio = (expected + ANSWERS_PRIOR) / (wrong + ANSWERS_PRIOR)
    return wrong_max * min(max(ratio, TOLERANCE_MIN), TOLERANCE_MAX)


class Misses(NamedTuple):
    """The log-odds that a night misses a volume that is there: a straight line through its signs (`missing.signs_of`).

    odds: what each sign counts, a usual volume's odds first. worth: how sure that is, the inverse of its covariance.
    """

    odds: tuple[float, ...]
    worth: tuple[tuple[float, ...], ...]


class Steady(NamedTuple):
    """By how much nights differ: the variance that a night brings, and what each of its reads brings, divided by their number.

    tail: how much oftener than a normal distribution has it nights are far off, as one over the degrees of freedom of Student's
    t; 0 where they are not. told: by so many hearings, older ones for less.
    """

    night: float
    read: float
    tail: float = 0.0
    told: float = 0.0


class Steadiness(NamedTuple):
    """How steadily volumes are heard from night to night where they stand, and beside it.

    A handheld is right before a volume one day and a metre further on the next; what comes from the next bay changes little.
    """

    own: Steady
    beside: Steady


class Novel(NamedTuple):
    """A volume heard at a place that never heard it in its nights at home.

    chance: how often that happens, as a share of what a volume of the shelf that has been heard for so many nights elsewhere
    would lead to expect. reads, strength: how much fewer (logarithm) and fainter (dB) it is heard than the shelf's other
    volumes are there, with the variances.
    """

    chance: float
    reads: float
    reads_variance: float
    strength: float
    strength_variance: float


# Who is read seldom is missed often (radio.md: two passes see 99.5 %); how much the other signs count a site has to learn.
MISSES_SURE = (1.0, 4.0, 4.0, 1.0, 1.0)
MISSES = Misses(
    (-5.5, -2.0, 0.0, -1.0, -1.0),
    tuple(
        tuple(sure if row == column else 0.0 for column in range(len(MISSES_SURE)))
        for row, sure in enumerate(MISSES_SURE)
    ),
)
# Until a night has taught it: fading of 2 to 4 dB within a tag (radio.md), reads that come by chance.
# Five degrees of freedom: rather too forgiving than too sure.
STRENGTH_STEADY, READS_STEADY, PHASE_STEADY = (
    Steadiness(assumed, assumed)
    for assumed in (Steady(1.5, 6.25, 0.2, 1_000.0), Steady(0.1, 1.0, 0.0, 1_000.0), Steady(0.02, 0.03, 0.0, 1_000.0))
)
NOVEL = Novel(1.0, -0.3, 0.5, -2.0, 12.0)


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
    strength_steady, reads_steady, phase_steady: how much what is heard of a volume at one place differs from night to night
        (`Steadiness`): dB squared of its mean strength, square of the logarithm of its reads, square of its phase. Learned.
    novel: how a volume sounds at a place that never heard it before (`Novel`). Learned.
    near_share: how many of the strayed volumes stand on one of the `near_places` around their shelf.
    misses: how likely a night misses a volume that is there (`Misses`). Learned.
    habits: of a volume's places in its profile, in how many nights it was heard again, and how many there were; by how
        regularly, how often and how loud it was heard there (`profiling.habit_of`). Counted.
    level_dbm: how loud shelves' own volumes usually sound (`judging.usual_level`). Learned.
    wrong_max: of all findings together, so many may stand at home after all by their own probabilities; missing_wrong_max: of
        the missing.
    found_wrong, missing_wrong: of the cases people answered, how many were false alarms, and how many should have been by the
        model's own probabilities; older answers fade. They move what is tolerated (`tolerated`). Counted.
    zones: the parameters of the same model for aisles and the antennas that look into them (`zones`); None until a night has
        taught any.
    sure: a volume is said to be at home from this probability on; a finding needs at least `likely`, one of missing
        `likely_missing`: two searches for nothing are cheaper than a dossier that nobody looks for.
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
    strength_steady: Steadiness = STRENGTH_STEADY
    reads_steady: Steadiness = READS_STEADY
    phase_steady: Steadiness = PHASE_STEADY
    novel: Novel = NOVEL
    near_share: float = 0.75
    near_places: int = 8
    misses: Misses = MISSES
    habits: tuple[tuple[float, float], ...] = HABITS_ASSUMED
    level_dbm: float | None = None
    wrong_max: float = 0.05
    missing_wrong_max: float = 0.2
    found_wrong: tuple[float, float] = (0.0, 0.0)
    missing_wrong: tuple[float, float] = (0.0, 0.0)
    zones: dict[str, Any] | None = None
    sure: float = 0.9
    likely: float = 0.5
    likely_missing: float = 1 / 3

    def of_zones(self) -> "Model":
        """The model by which aisles are judged; people's answers to findings count there as well."""
        known = Model() if self.zones is None else Model.of(self.zones)
        return replace(known, found_wrong=self.found_wrong, missing_wrong=self.missing_wrong)

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
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @staticmethod
    def of(parameters: dict[str, Any]) -> "Model":
        """As read from the database. What an earlier Guiwei counted otherwise, or called otherwise, tells nothing."""
        known = {field.name: parameters[field.name] for field in fields(Model) if field.name in parameters}
        habits = tuple((float(one), float(of)) for one, of in known.get("habits", ()))
        known["habits"] = habits if len(habits) == len(HABITS_ASSUMED) else HABITS_ASSUMED
        known["misses"] = _misses_of(known.get("misses"))
        for name in ("strength_steady", "reads_steady", "phase_steady"):
            known[name] = _steadiness_of(known.get(name)) or getattr(Model, name)
        if "novel" in known:
            known["novel"] = Novel(*map(float, known["novel"]))
        for name in ("found_wrong", "missing_wrong"):
            if name in known:
                known[name] = tuple(map(float, known[name]))
        return Model(**known)


def _steadiness_of(stored: Any) -> Steadiness | None:
    match stored:
        case [[*own], [*beside]] if len(own) == len(beside) == len(Steady._fields):
            return Steadiness(Steady(*map(float, own)), Steady(*map(float, beside)))
    return None


def _misses_of(stored: Any) -> Misses:
    match stored:
        case [[*odds], [*worth]] if len(odds) == len(worth) == len(MISSES.odds):
            return Misses(tuple(map(float, odds)), tuple(tuple(map(float, row)) for row in worth))
    return MISSES
