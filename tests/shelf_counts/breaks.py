"""Every constraint of counted shelves, broken by the superuser's own SQL."""

from inventory.domain.people import Role
from tests.conftest import Archive

WAITING, OVER = 1, 2  # two audits: one waits to be counted, one is being judged
BEGUN, DONE, AUDITED = (f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2, 3))


def PREPARE(archive: Archive) -> None:  # noqa: N802 - the schema's test asks every folder for it by this name
    """Two audits; a count that goes on, one that is finished, and one that goes on for the audit that is being judged."""
    archive.person("manager", Role.CITY_MANAGER)
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    for _ in range(2):
        archive.root.execute(
            "INSERT INTO audit (place_id, judged_from, judged_until, state, asked_at) "
            "SELECT id, now(), now() + interval '7 days', 'waiting', now() FROM place WHERE code = 'W1'"
        )
    archive.root.execute(COUNT.format(id=BEGUN, audit="NULL", by="keeper", more="NULL, NULL"))
    archive.root.execute(COUNT.format(id=DONE, audit=WAITING, by="manager", more="NULL, NULL"))
    archive.root.execute(COUNT.format(id=AUDITED, audit=OVER, by="manager", more="NULL, NULL"))
    archive.root.execute(SCAN.format(count=DONE, code="D-1"))
    archive.root.execute(f"UPDATE shelf_count SET finished_at = now(), scans = 1 WHERE id = '{DONE}'")
    archive.root.execute(
        f"UPDATE audit SET state = 'running', started_at = now(), ledger_roots = '[]' WHERE id = {OVER}"
    )


COUNT = (
    "INSERT INTO shelf_count (id, audit_id, place_id, counter_id, begun_at, received_at, finished_at, scans) "
    "SELECT '{id}', {audit}, place.id, account.id, now(), now(), {more} FROM place, account "
    "WHERE code = 'A-01' AND login = '{by}'"
)
SCAN = (
    "INSERT INTO shelf_count_scan (id, count_id, code, volume_id, scanned_at, received_at) "
    "SELECT gen_random_uuid(), '{count}', '{code}', id, now(), now() FROM volume"
)
NEW = "gen_random_uuid()"

BREAKS = {
    "shelf_count_is_whole": COUNT.format(
        id=BEGUN[:-1] + "9", audit="NULL", by="keeper", more="now() - interval '1 day', 0"
    ),
    "shelf_count_scan_has_code": SCAN.format(count=BEGUN, code=" "),
    "shelf_count_in_time": SCAN.format(count=AUDITED, code="D-1"),
    "shelf_count_by_no_keeper": COUNT.format(id=BEGUN[:-1] + "9", audit=WAITING, by="keeper", more="NULL, NULL"),
    "shelf_count_has_its_scans": f"UPDATE shelf_count SET finished_at = now(), scans = 1 WHERE id = '{BEGUN}'",
    "shelf_count_stays": SCAN.format(count=DONE, code="D-1"),
}
