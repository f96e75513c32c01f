"""A warehouse by night: what the radio said is written down as a close writes it, then told as a close tells it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from inventory.operations.discrepancies import Cases, follow_facts, tell_live, tell_night
from tests.conftest import Archive

DAY = timedelta(days=1)


class Nights:
    """Midnights after one another; the first comes a day from now, so that whatever a test does today is before it."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.until = datetime.now(UTC) + timedelta(hours=1)
        archive.root.execute("INSERT INTO model (made_at, parameters) VALUES (now(), '{}')")

    def judged(self, volume: str, outcome: str, place: str | None = None, probability: float = 0.98) -> None:
        """The night says this of a volume that stands where the ledger has it now."""
        self.archive.root.execute(
            "INSERT INTO judgement SELECT volume.id, %(since)s, %(until)s, 1, %(outcome)s, holding.place_id, "
            "(SELECT id FROM place WHERE code = %(place)s), CASE WHEN %(place)s::text IS NOT NULL THEN %(sure)s::float8 END, false, "
            "CASE WHEN %(outcome)s = 'missing' THEN %(sure)s::float8 ELSE 0 END, 2 "
            "FROM volume JOIN dossier ON dossier.id = dossier_id LEFT JOIN holding ON holding.volume_id = volume.id "
            "WHERE number = %(volume)s "
            "ON CONFLICT (volume_id) DO UPDATE SET judged_from = excluded.judged_from, judged_until = excluded.judged_until, "
            "outcome = excluded.outcome, ledger_place_id = excluded.ledger_place_id, place_id = excluded.place_id, "
            "probability = excluded.probability, missing_probability = excluded.missing_probability",
            {"since": self.until - DAY, "until": self.until, "outcome": outcome, "place": place, "volume": volume, "sure": probability},
        )  # fmt: skip

    def believed(self, volume: str, place: str, probability: float = 0.99, at: datetime | None = None) -> None:
        """A belief as the step between nights keeps it."""
        self.archive.root.execute(
            "INSERT INTO belief SELECT volume.id, (SELECT id FROM place WHERE code = %s), %s, NULL, NULL, 9, %s, 1 "
            "FROM volume JOIN dossier ON dossier.id = dossier_id WHERE number = %s ON CONFLICT (volume_id) DO UPDATE SET "
            "place_id = excluded.place_id, probability = excluded.probability, last_seen_at = excluded.last_seen_at",
            (place, probability, at or datetime.now(UTC) + timedelta(hours=2), volume),
        )

    def pass_by(self, two_rooms: Iterable[int] = ()) -> Cases:
        """The night ends: what was judged is told; the next one ends a day later."""
        with self.archive.jobs.unpooled() as connection:
            cases = tell_night(connection, self.until - DAY, self.until, self.until, list(two_rooms))
        self.until += DAY
        return cases

    def step(self, *volumes: str) -> Cases:
        """The belief step saw something new of these volumes."""
        with self.archive.jobs.unpooled() as connection:
            return tell_live(connection, [self.id_of(volume) for volume in volumes])

    def id_of(self, volume: str) -> int:
        """A volume's row id."""
        row = self.archive.root.execute(
            "SELECT volume.id FROM volume JOIN dossier ON dossier.id = dossier_id WHERE number = %s", (volume,)
        ).fetchone()
        assert row is not None
        return int(row[0])

    def follow(self, now: datetime | None = None) -> int:
        """What the facts have settled between nights."""
        with self.archive.jobs.unpooled() as connection:
            return follow_facts(connection, now or datetime.now(UTC))

    def cases(self) -> list["Told"]:
        """Every case there ever was, the oldest first."""
        rows = self.archive.root.execute(
            "SELECT discrepancy.kind, number, state, outcome, ledger.code, radio.code, times_seen, numbers FROM discrepancy "
            "LEFT JOIN volume ON volume.id = volume_id LEFT JOIN dossier ON dossier.id = dossier_id "
            "LEFT JOIN place AS ledger ON ledger.id = ledger_place_id LEFT JOIN place AS radio ON radio.id = radio_place_id "
            "ORDER BY discrepancy.id"
        )
        return [Told(*row) for row in rows]

    def open(self) -> list[tuple[str, str | None]]:
        """(kind, dossier) of what is open."""
        return [(one.kind, one.volume) for one in self.cases() if one.state == "open"]

    def closed(self) -> list[tuple[str, str | None, str | None]]:
        """(kind, dossier, outcome) of what is closed."""
        return [(one.kind, one.volume, one.outcome) for one in self.cases() if one.state != "open"]


@dataclass(frozen=True)
class Told:
    """A case as stored, in words."""

    kind: str
    volume: str | None
    state: str
    outcome: str | None
    ledger: str | None
    radio: str | None
    times: int
    numbers: dict[str, Any]
