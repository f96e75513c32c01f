"""How each constraint of arrivals, tags, materials, digitisation and re-shelving is broken by raw SQL."""

from tests.conftest import Archive

_LINE = "INSERT INTO arrival_line (arrival_id, box, position, volume_id, state, is_listed, counted_at, same_as) SELECT 1, '1', 9, "
_LOOSE = (
    "INSERT INTO loose_material (batch_id, position, name, category, title, pieces, pages, state, volume_id) VALUES "
)


def PREPARE(archive: Archive) -> None:  # noqa: N802 - the name tests/house collects
    """One arrival with a line, a refusal, materials loose and listed, a scan, a plan, two tags of one dossier."""
    archive.shelf("A-01")
    archive.shelf("A-02")
    archive.dossier("D-1", on="A-01", epc="35" * 12)
    archive.dossier("D-2", on="A-01")
    account = "(SELECT id FROM account WHERE login = 'keeper')"
    place = "(SELECT id FROM place WHERE code = 'A-02')"
    volume = "(SELECT min(id) FROM volume)"
    command = "'00000000-0000-0000-0000-000000000001'"
    for statement in (
        (
            f"INSERT INTO arrival (holding_agency_id, sender, is_historic, announced_by, announced_at, command_id) "
            f"VALUES ((SELECT min(id) FROM agency), 'x', true, {account}, now(), {command})"
        ),
        (
            f"INSERT INTO arrival_line (arrival_id, box, position, volume_id, state, is_listed) "
            f"VALUES (1, '1', 1, {volume}, 'listed', true)"
        ),
        (
            f"INSERT INTO loose_batch (sender, channel, received_by, received_at, command_id) "
            f"VALUES ('x', 'ems', {account}, now(), {command})"
        ),
        (
            f"INSERT INTO scan_batch (order_number, place_id, opened_by, opened_at, command_id) "
            f"VALUES ('x', {place}, {account}, now(), {command})"
        ),
        f"INSERT INTO scan (batch_id, volume_id, pieces_out) VALUES (1, {volume}, 3)",
        f"INSERT INTO reshelving (reason, planned_by, planned_at, command_id) VALUES ('x', {account}, now(), {command})",
        (
            f"INSERT INTO reshelving (reason, planned_by, planned_at, command_id) "
            f"VALUES ('x', {account}, now(), gen_random_uuid())"
        ),
        (
            f"INSERT INTO reshelving_line (reshelving_id, volume_id, from_place_id, to_place_id, position) "
            f"VALUES (1, {volume}, (SELECT id FROM place WHERE code = 'A-01'), {place}, 1)"
        ),
    ):
        archive.root.execute(statement)


_REFUSAL = (
    "INSERT INTO refusal SELECT gen_random_uuid(), min(volume.id), (SELECT min(id) FROM agency), {grounds}, false, "
    "(SELECT min(id) FROM account), now() FROM volume"
)
_MATERIAL = "INSERT INTO material (volume_id, category, title, pages, pieces, command_id) SELECT min(id), {}, 'x', {}, {}, gen_random_uuid() FROM volume"
_ARRIVAL = (
    "INSERT INTO arrival (holding_agency_id, sender, is_historic, boxes_announced, announced_by, announced_at, state, command_id) "
    "SELECT holding_agency_id, sender, is_historic, {boxes}, announced_by, announced_at, '{state}', {command} FROM arrival"
)

BREAKS: dict[str, str] = {
    "tag_never_reused": "UPDATE tag SET volume_id = (SELECT max(id) FROM volume)",
    "arrival_has_boxes": _ARRIVAL.format(boxes=0, state="announced", command="gen_random_uuid()"),
    "arrival_received_whole": _ARRIVAL.format(boxes=1, state="received", command="gen_random_uuid()"),
    "arrival_of_command": _ARRIVAL.format(boxes=1, state="announced", command="command_id"),
    "arrival_line_once": _LINE + "min(id), 'listed', true, NULL, NULL FROM volume",
    "arrival_line_is_something": _LINE + "NULL, 'listed', true, NULL, NULL",
    "arrival_line_counted_by": _LINE + "max(id), 'counted', true, NULL, NULL FROM volume",
    "arrival_line_resolved": _LINE + "NULL, 'extra', false, now(), 1",
    "refusal_needs_ground": _REFUSAL.format(grounds="'{}'").replace("false", "true"),
    "refusal_of_abolished_papers": _REFUSAL.format(grounds="ARRAY['registration_card', 'material_gap']"),
    "material_category_known": _MATERIAL.format(11, 1, 1),
    "material_has_pages": _MATERIAL.format(1, 0, 1),
    "material_has_pieces": _MATERIAL.format(1, 1, 0),
    "loose_batch_of_command": "INSERT INTO loose_batch (sender, channel, received_by, received_at, command_id) "
    "SELECT sender, channel, received_by, received_at, command_id FROM loose_batch",
    "loose_category_known": _LOOSE + "(1, 1, 'x', 0, 'x', 1, NULL, 'received', NULL)",
    "loose_has_pages": _LOOSE + "(1, 1, 'x', 1, 'x', 1, 0, 'received', NULL)",
    "loose_has_pieces": _LOOSE + "(1, 1, 'x', 1, 'x', 0, NULL, 'received', NULL)",
    "loose_matched_to_a_volume": _LOOSE + "(1, 1, 'x', 1, 'x', 1, NULL, 'matched', NULL)",
    "loose_inserted_is_listed": _LOOSE + "(1, 1, 'x', 1, 'x', 1, NULL, 'inserted', (SELECT min(id) FROM volume))",
    "scan_batch_of_command": "INSERT INTO scan_batch (order_number, place_id, opened_by, opened_at, command_id) "
    "SELECT order_number, place_id, opened_by, opened_at, command_id FROM scan_batch",
    "scan_once_in_batch": "INSERT INTO scan (batch_id, volume_id, pieces_out) SELECT batch_id, volume_id, 3 FROM scan",
    "scan_has_pages": "UPDATE scan SET pages = 0, sha256 = sha256('x'), link = 'x', reported_at = now()",
    "scan_hash_is_sha256": "UPDATE scan SET pages = 1, sha256 = '\\x00', link = 'x', reported_at = now()",
    "scan_reported_whole": "UPDATE scan SET reported_at = now()",
    "scan_back_with_its_pages": "UPDATE scan SET back_at = now()",
    "reshelving_of_command": "INSERT INTO reshelving (reason, planned_by, planned_at, command_id) "
    "SELECT reason, planned_by, planned_at, command_id FROM reshelving WHERE id = 1",
    "reshelving_line_once": "INSERT INTO reshelving_line (reshelving_id, volume_id, from_place_id, to_place_id, position, done_at) "
    "SELECT reshelving_id, volume_id, from_place_id, to_place_id, 2, now() FROM reshelving_line",
    "reshelving_leads_elsewhere": "INSERT INTO reshelving_line (reshelving_id, volume_id, from_place_id, to_place_id, position) "
    "SELECT 2, (SELECT max(id) FROM volume), to_place_id, to_place_id, 2 FROM reshelving_line",
    "reshelving_one_plan": "INSERT INTO reshelving_line (reshelving_id, volume_id, from_place_id, to_place_id, position) "
    "SELECT 2, volume_id, from_place_id, to_place_id, 2 FROM reshelving_line",
}
