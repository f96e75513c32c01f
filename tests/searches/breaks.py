"""Every constraint of searches, mergers and certificates, broken by the superuser's own SQL."""

from datetime import UTC, datetime
from uuid import uuid4

from inventory.domain.identifiers import VolumeName
from inventory.operations import searching
from tests.conftest import Archive


def PREPARE(archive: Archive) -> None:  # noqa: N802
    """One open search on D-1, one step of it, a merged pair, an announced merger, a certificate."""
    archive.shelf("A-01")
    for number in ("D-1", "D-2", "D-3", "D-4"):
        archive.dossier(number, on="A-01")
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清区', 'county')")
    searching.begin_search(
        archive.app, archive.keeper, VolumeName("D-1"), command_id=uuid4(), now=datetime.now(UTC), reason="x"
    )
    archive.root.execute(
        "INSERT INTO search_step (case_id, step, searcher_id, result, done_at) "
        f"SELECT id, 'zone', {archive.keeper.account_id}, 'nothing', now() FROM search_case"
    )
    archive.root.execute(MERGE.format(duplicate="D-3", survivor="D-2", proof="id_card", document="x", second="second"))
    archive.root.execute(MERGER.format(document="x", to="370113", state="announced"))
    archive.root.execute(CERTIFICATE.format(day="2026-01-01", held=1, bytes=32, command="gen_random_uuid()"))


MERGE = (
    "INSERT INTO dossier_merge (duplicate_id, survivor_id, proof_kind, proof, authority, reviewer_id, second_reviewer_id, "
    "merged_at) SELECT duplicate.id, survivor.id, '{proof}', '{document}', 'x', one.id, two.id, now() "
    "FROM dossier AS duplicate, dossier AS survivor, account AS one, account AS two WHERE duplicate.number = '{duplicate}' "
    "AND survivor.number = '{survivor}' AND one.login = 'keeper' AND two.login = '{second}'"
)
MERGER = (
    "INSERT INTO agency_merger (document, from_agency_id, to_agency_id, state, announced_by, announced_at) "
    "SELECT '{document}', giving.id, taking.id, '{state}', account.id, now() FROM agency AS giving, agency AS taking, account "
    "WHERE giving.code = '370112' AND taking.code = '{to}' AND login = 'keeper'"
)
CERTIFICATE = (
    "INSERT INTO count_certificate (agency_id, day, known_at, held, query_hash, ledger_roots, exceptions, issued_by, issued_at, "
    "certificate_hash, command_id) SELECT agency.id, '{day}', '2026-06-01', {held}, decode(repeat('00', {bytes}), 'hex'), '[]', "
    "'{{}}', account.id, now(), decode(repeat('00', 32), 'hex'), {command} FROM agency, account "
    "WHERE code = '370112' AND login = 'keeper'"
)
CASE = (
    "INSERT INTO search_case (volume_id, state, from_place_id, steps, reason, opened_by, opened_at, command_id) "
    "SELECT volume_id, '{state}', from_place_id, {steps}, 'x', opened_by, now(), {command} FROM search_case"
)
CLOSED = (
    "INSERT INTO search_case (volume_id, state, from_place_id, steps, reason, opened_by, opened_at, closed_by, closed_at, "
    "command_id) SELECT volume.id, '{state}', from_place_id, steps, 'x', opened_by, now(), opened_by, now(), gen_random_uuid() "
    "FROM search_case, volume WHERE volume.id <> volume_id"
)
STEP = (
    "INSERT INTO search_step (case_id, step, searcher_id, result, done_at) SELECT case_id, step, searcher_id, '{result}', now() "
    "FROM search_step"
)

BREAKS = {
    "search_case_state_known": CLOSED.format(state="forgotten"),
    "search_case_has_steps": CASE.format(state="open", steps="'{}'", command="gen_random_uuid()"),
    "search_case_one_open": CASE.format(state="open", steps="steps", command="gen_random_uuid()"),
    "search_case_of_command": CASE.format(state="open", steps="steps", command="command_id"),
    "search_case_closed_by_somebody": "UPDATE search_case SET state = 'found'",
    "search_case_goes_on": "UPDATE search_case SET state = 'rebuilt', closed_at = now(), closed_by = opened_by",
    "search_protocol_done": "UPDATE search_case SET state = 'lost', report = 'x', closed_at = now(), closed_by = opened_by",
    "search_by_two": "UPDATE search_case SET steps = '{zone}', state = 'lost', report = 'x', closed_at = now(), "
    "closed_by = opened_by",
    "search_lost_with_report": CLOSED.format(state="lost"),
    "search_step_result_known": STEP.format(result="perhaps"),
    "search_step_says_why_not": STEP.format(result="not_applicable"),
    "merge_once": MERGE.format(duplicate="D-3", survivor="D-4", proof="id_card", document="x", second="second"),
    "merge_survivor_stands": MERGE.format(
        duplicate="D-4", survivor="D-3", proof="id_card", document="x", second="second"
    ),
    "merge_proof_known": MERGE.format(
        duplicate="D-4", survivor="D-2", proof="same_name", document="x", second="second"
    ),
    "merge_with_proof": MERGE.format(duplicate="D-4", survivor="D-2", proof="id_card", document=" ", second="second"),
    "merge_of_two_dossiers": MERGE.format(
        duplicate="D-4", survivor="D-4", proof="id_card", document="x", second="second"
    ),
    "merge_by_two_reviewers": MERGE.format(
        duplicate="D-4", survivor="D-2", proof="id_card", document="x", second="keeper"
    ),
    "deposit_type_by_act": "UPDATE dossier SET deposit_type = 'employer'",
    "agency_merger_has_document": MERGER.format(document=" ", to="370113", state="withdrawn"),
    "agency_merger_state_known": MERGER.format(document="x", to="370113", state="dreamt"),
    "agency_merger_of_two": MERGER.format(document="x", to="370112", state="withdrawn"),
    "agency_merger_once": MERGER.format(document="x", to="370113", state="announced"),
    "agency_merger_counts_agree": "UPDATE agency_merger SET state = 'done', from_count = 1, to_count = 2, dossiers = 2",
    "agency_merger_by_acts": "SELECT agency_merger_move(id, '2026-01-01', now()) FROM agency_merger",
    "count_certificate_not_negative": CERTIFICATE.format(
        day="2026-01-01", held=-1, bytes=32, command="gen_random_uuid()"
    ),
    "count_certificate_day_over": CERTIFICATE.format(day="2026-06-01", held=1, bytes=32, command="gen_random_uuid()"),
    "count_certificate_hashes_whole": CERTIFICATE.format(
        day="2026-01-01", held=1, bytes=31, command="gen_random_uuid()"
    ),
    "count_certificate_of_command": CERTIFICATE.format(
        day="2026-01-01", held=1, bytes=32, command="(SELECT command_id FROM count_certificate)"
    ),
}
