"""Every constraint of brought evidence, broken by the superuser's own SQL."""

from tests.conftest import Archive


def PREPARE(archive: Archive) -> None:  # noqa: N802 - the schema's test asks every folder for it by this name
    """A dossier, a handheld, and one file of it that was taken in."""
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    archive.root.execute("INSERT INTO reader (code, dialect, topic, timezone) VALUES ('H-1', 'native', 'h', 'UTC')")
    archive.root.execute("INSERT INTO antenna (reader_id, number, role) SELECT id, 0, 'handheld' FROM reader")
    archive.root.execute(BRING.format(way="file", hash="01", reads=1, until="now()"))
    archive.root.execute("UPDATE brought_evidence SET taken_at = now(), new_reads = 1")


BRING = (
    "INSERT INTO brought_evidence (reader_id, way, name, content_hash, payload, reads, codes, first_at, last_at, brought_at) "
    "SELECT id, '{way}', 'x', '\\x{hash}', '[]', {reads}, 0, now(), {until}, now() FROM reader WHERE code = 'H-1'"
)

BREAKS = {
    "brought_way_known": BRING.format(way="pigeon", hash="02", reads=1, until="now()"),
    "brought_once": BRING.format(way="file", hash="01", reads=1, until="now()"),
    "brought_is_whole": BRING.format(way="file", hash="02", reads=1, until="now() - interval '1 day'"),
    "brought_stays": "UPDATE brought_evidence SET taken_at = now(), new_reads = 0",
}
