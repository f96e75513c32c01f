"""What a gate's process tells of a passage, in a test's few words."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from inventory.operations.passing import Taken, take_passages
from inventory.store.passages import Line, Telling
from tests.conftest import Archive


@dataclass
class Gate:
    """Gate G-1 of an archive."""

    archive: Archive

    def line(self, volume: str, *, reads: int = 7, paper: str | None = None) -> Line:
        """A volume as the ledger has it now."""
        row = self.archive.root.execute(
            "SELECT volume.id, place_id, moved_at, place.kind FROM volume JOIN dossier ON dossier.id = dossier_id "
            "LEFT JOIN holding ON volume_id = volume.id LEFT JOIN place ON place.id = place_id WHERE number = %s",
            (volume,),
        ).fetchone()
        assert row is not None
        volume_id, place, since, kind = row
        return Line(
            volume_id, reads, place, since and since.isoformat(), kind, paper, unexpected=paper is None and reads > 0
        )

    def put_in_bag(self, *numbers: str, state: str = "sealed", direction: str = "out") -> None:
        """A sealed bag with these, on its way out of the warehouse by its manifest, or home to it."""
        archive, command = self.archive, uuid4()
        keeper, second, bag = archive.keeper.account_id, archive.second.account_id, f"BAG-{numbers[0]}"
        archive.place(bag, "bag")
        if not archive.root.execute("SELECT FROM place WHERE code = 'N-1'").rowcount:
            archive.place("N-1", "window")
        origin, target = ("W1", "N-1") if direction == "out" else ("N-1", "W1")
        for statement in (
            f"INSERT INTO command (id, content_hash) VALUES ('{command}', '\\x00')",
            f"INSERT INTO bag SELECT id, {keeper}, now() FROM place WHERE code = '{bag}'",
            (
                "INSERT INTO consignment (bag_id, from_place_id, to_place_id, direction, state, opened_by, opened_at, command_id, "
                "sealed_by, sealed_with, sealed_at, bag_seal_out, channel, carriers, handed_by, handed_at) "
                f"SELECT bag.id, origin.id, target.id, '{direction}', '{state}', {keeper}, now(), '{command}', {keeper}, {second}, "
                f"now(), 'F1', 'staff', ARRAY['a', 'b'], {keeper}, now() FROM place AS bag, place AS origin, place AS target "
                f"WHERE bag.code = '{bag}' AND origin.code = '{origin}' AND target.code = '{target}'"
            ),
        ):
            archive.root.execute(statement)
        for number in numbers:
            volume = self.volume(archive, number)
            archive.root.execute(
                "INSERT INTO consignment_volume SELECT id, %s, NULL, 'packed', now() FROM consignment WHERE command_id = %s",
                (volume, command),
            )
            archive.root.execute(
                "UPDATE holding SET place_id = (SELECT id FROM place WHERE code = %s) WHERE volume_id = %s",
                (bag, volume),
            )

    @staticmethod
    def volume(archive: Archive, number: str) -> int:
        """A volume's row id."""
        query = "SELECT volume.id FROM volume JOIN dossier ON dossier.id = dossier_id WHERE number = %s"
        row = archive.root.execute(query, (number,)).fetchone()
        assert row is not None
        return int(row[0])

    def telling(self, *lines: Line, direction: str = "out", settled: bool = True, **different: Any) -> Telling:
        """A passage just now, red where something unexpected leaves."""
        now = datetime.now(UTC).isoformat()
        row = self.archive.root.execute("SELECT id FROM place WHERE code = 'G-1'").fetchone()
        assert row is not None
        red = direction == "out" and any(one.unexpected for one in lines)
        told = Telling(
            uuid4(), row[0], 1, direction, 0.97, (), "red" if red else "green", settled, now, now, now, 0, now, now, now,
            now if red else None, now if red else None, tuple(lines),
        )  # fmt: skip
        return told._replace(**different)

    def take(self, *tellings: Telling) -> Taken:
        """Stored as the gate's process stores."""
        with self.archive.jobs.unpooled() as connection:
            return take_passages(connection, tellings, datetime.now(UTC))

    def passages(self) -> list[tuple[str, str, bool]]:
        """(direction, colour, settled) of each, in the order of their crossing."""
        query = "SELECT direction, colour, settled FROM passage ORDER BY crossed_at"
        return self.archive.root.execute(query).fetchall()

    def cases(self) -> list[tuple[str, str, str]]:
        """(kind, dossier, state) of the discrepancies."""
        query = (
            "SELECT kind, number, state FROM discrepancy JOIN volume ON volume.id = volume_id "
            "JOIN dossier ON dossier.id = dossier_id ORDER BY discrepancy.id"
        )
        return self.archive.root.execute(query).fetchall()


def later(telling: Telling, seconds: float, **different: Any) -> Telling:
    """The same passage told again, or another one so much later where its `id` differs."""
    at = datetime.fromisoformat(telling.crossed_at) + timedelta(seconds=seconds)
    new: dict[str, Any] = {"telling": telling.telling + 1, "crossed_at": at.isoformat(), "until_at": at.isoformat()}
    return telling._replace(**(new | different))
