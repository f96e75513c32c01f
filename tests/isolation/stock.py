"""Something of county 370112's in every table that is isolated: what each folder of tests prepares, and what none of them has."""

from collections.abc import Callable
from uuid import uuid4

from tests.arrivals import breaks as arrivals
from tests.audits import breaks as audits
from tests.bringing import breaks as bringing
from tests.conftest import Archive
from tests.consigning import breaks as consigning
from tests.discrepancies import breaks as discrepancies
from tests.gates import breaks as gates
from tests.labels import breaks as labels
from tests.picking import breaks as picking
from tests.requests import breaks as requests
from tests.searches import breaks as searches
from tests.shelf_counts import breaks as shelf_counts
from tests.standing import breaks as standing

EPC = "3500E86F8000A9E000000586"


def whatever_else(archive: Archive) -> None:
    """A dossier with everything the folders' own preparations leave out."""
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清区档案中心', 'county')")
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01", epc=EPC)
    keeper = archive.keeper.account_id
    for statement in (
        (
            f"INSERT INTO account_subject_tie (account_id, tie, subject_id, declared_by, declared_at) "
            f"SELECT {archive.second.account_id}, 'relative', id, {keeper}, now() FROM subject"
        ),
        "INSERT INTO search_token SELECT '单', holding_agency_id, id FROM dossier",
        "INSERT INTO dossier_alias SELECT id, '老 1' FROM dossier",
        f"INSERT INTO subject_career SELECT id, 'none', '证 1', {keeper}, now() FROM subject",
        "INSERT INTO model (made_at, parameters) VALUES (now(), '{}')",
        "INSERT INTO belief SELECT volume_id, place_id, 0.9, NULL, NULL, 1, now(), 1 FROM holding",
        "INSERT INTO find_mode SELECT volume_id, now() FROM holding",
        "INSERT INTO read_profile SELECT volume_id, place_id, 1, 1, 9, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', 1 FROM holding",
        "INSERT INTO zone_profile SELECT volume_id, place_id, 1, 1, 9, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', 1 FROM holding",
        (
            "INSERT INTO judgement SELECT volume_id, now(), now(), 1, 'elsewhere', place_id, place_id, 0.9, false, 0, 0 "
            "FROM holding"
        ),
        (
            "INSERT INTO discrepancy (kind, volume_id, opened_at, opened_numbers, seen_at, numbers) "
            "SELECT 'misplaced', volume_id, now(), '{}', now(), '{}' FROM holding"
        ),
        (
            "INSERT INTO agency_merger (document, state, from_agency_id, to_agency_id, announced_by, announced_at) "
            f"SELECT 'x', 'withdrawn', agency_id, (SELECT id FROM agency WHERE code = '370113'), {keeper}, now() FROM volume"
        ),
        "INSERT INTO dossier_agency_past SELECT dossier_id, agency_id, (SELECT id FROM agency_merger), now(), now() FROM volume",
        "SELECT evidence_day_ensure(current_date)",
        "INSERT INTO reader (code, dialect, topic, timezone) VALUES ('R', 'native', 't', 'UTC')",
        "INSERT INTO antenna (reader_id, number, role) SELECT id, 1, 'desk' FROM reader",
        f"INSERT INTO gate_opening (gate_place_id, account_id, at) SELECT min(id), {keeper}, now() FROM place",
        "INSERT INTO evidence SELECT antenna.id, tag.id, now(), 1, 1, -5000, -5000, now(), now() FROM antenna, tag",
        (
            f"INSERT INTO arrival (holding_agency_id, sender, is_historic, announced_by, announced_at, command_id) "
            f"SELECT agency_id, 'x', true, {keeper}, now(), '{uuid4()}' FROM volume"
        ),
        (
            "INSERT INTO arrival_line (arrival_id, box, position, volume_id, state, is_listed) "
            "SELECT arrival.id, '1', 1, volume.id, 'listed', true FROM arrival, volume"
        ),
        "INSERT INTO arrival_double SELECT arrival_line.id, dossier.id FROM arrival_line, dossier",
        f"INSERT INTO arrival_box SELECT id, '1', {keeper}, now() FROM arrival",
        f"INSERT INTO arrival_signature SELECT id, 'sender', '\\x01', 'x', 'x', {keeper}, now() FROM arrival",
        (
            f"INSERT INTO letter (agency_id, kind, number, issuer, dated, registered_by, registered_at) "
            f"SELECT agency_id, 'loan_letter', '9', 'x', current_date, {keeper}, now() FROM volume"
        ),
        "INSERT INTO letter_scan SELECT id, '\\x01' FROM letter",
        f"INSERT INTO refusal SELECT '{uuid4()}', id, agency_id, ARRAY['other'], false, {keeper}, now() FROM volume",
        f"INSERT INTO material (volume_id, category, title, pieces, command_id) SELECT id, 1, 'x', 1, '{uuid4()}' FROM volume",
        (
            f"INSERT INTO loose_batch (sender, channel, received_by, received_at, command_id) VALUES ('x', 'ems', {keeper}, now(), "
            f"'{uuid4()}')"
        ),
        "INSERT INTO loose_material (batch_id, position, name, category, title, pieces) SELECT id, 1, 'x', 1, 'x', 1 FROM loose_batch",
        (
            "INSERT INTO request (kind, initiator, purpose, asked_by, asked_at, accepting_agency_id, holding_agency_id, dossier_id, "
            f"window_place_id, promised_on, due_on) SELECT 'dispatch', 'employer', 'x', {keeper}, now(), holding_agency_id, "
            "holding_agency_id, dossier.id, (SELECT min(id) FROM place), current_date + 1, current_date + 1 FROM dossier"
        ),
        "INSERT INTO request_evidence SELECT id, 'x', NULL, 'x' FROM request",
        "INSERT INTO transfer_notice_counter SELECT agency_id, 2026, 1 FROM volume",
    ):
        archive.root.execute(statement)


STOCKS: tuple[Callable[[Archive], None], ...] = (
    arrivals.PREPARE,
    audits.PREPARE,
    bringing.PREPARE,
    shelf_counts.PREPARE,
    consigning.PREPARE,
    discrepancies.PREPARE,
    gates.PREPARE,
    labels.PREPARE,
    picking.PREPARE,
    requests.PREPARE,
    searches.PREPARE,
    standing.PREPARE,
    whatever_else,
)
