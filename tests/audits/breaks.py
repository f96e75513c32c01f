"""Every constraint of audits, broken by the superuser's own SQL."""

from inventory.domain.people import Role
from tests.conftest import Archive


def PREPARE(archive: Archive) -> None:  # noqa: N802 - the schema's test asks every folder for it by this name
    """A plan; audit 1 waits, audit 2 runs, 3 is judged and signed by the manager as its keeper, 4 is closed; each that has results has one of each."""
    archive.person("manager", Role.CITY_MANAGER)
    archive.person("auditor", Role.AUDITOR)
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    archive.root.execute(PLAN.format(kind="rolling", every=180, busy=30, sample="NULL", command="gen_random_uuid()"))
    for _ in range(4):
        archive.root.execute(AUDIT.format(**AS_IT_IS))
    archive.root.execute(BEGIN.format(where="id >= 2"))
    for result in (
        FINDING.format(kind="missing", volume="volume.id", probability=0.9),
        UNDECIDED,
        GAP,
        SHELF.format(covered=1),
    ):
        for audit in (3, 4):
            archive.root.execute(result.format(audit=audit))
    archive.root.execute(JUDGE.format(covered=1, where="id >= 3"))
    archive.root.execute(SIGN.format(audit=4, login="auditor", part="counter", command="gen_random_uuid()"))
    archive.root.execute(SIGN.format(audit=4, login="keeper", part="keeper", command="gen_random_uuid()"))
    archive.root.execute(SIGN.format(audit=3, login="manager", part="keeper", command=f"'{SIGNED_BY}'"))
    archive.root.execute("UPDATE audit SET state = 'signed' WHERE id = 4")
    archive.root.execute(CLOSE)


PLAN = (
    "INSERT INTO audit_plan (kind, place_id, every_days, busy_days, sample_shelves, next_due, made_by, made_at, command_id) "
    "SELECT '{kind}', place.id, {every}, {busy}, {sample}, current_date, account.id, now(), {command} FROM place, account "
    "WHERE place.code = 'W1' AND login = 'manager'"
)
AUDIT = (
    "INSERT INTO audit (place_id, judged_from, judged_until, state, asked_by, asked_at, command_id, sample_shelves, seed{more}) "
    "SELECT place.id, '2026-03-02', {until}, '{state}', account.id, now(), {command}, {sample}{value} FROM place, account "
    "WHERE place.code = 'W1' AND login = 'manager'"
)
AS_IT_IS = {
    "until": "timestamptz '2026-03-03'",
    "state": "waiting",
    "command": "gen_random_uuid()",
    "sample": "NULL, NULL",
    "more": "",
    "value": "",
}
BEGIN = "UPDATE audit SET state = 'running', started_at = now(), ledger_roots = '[]' WHERE {where}"
JUDGE = (
    "UPDATE audit SET state = 'judged', judged_at = now(), expected = 1, covered = {covered}, passes = 2, findings = 1, undecided = 1, "
    "wrong_max = 0.015, missing_wrong_max = 0.08 WHERE {where}"
)
CLOSE = "UPDATE audit SET state = 'closed', closed_at = now(), closed_by = (SELECT id FROM account WHERE login = 'manager') WHERE id = 4"
SIGN = (
    "INSERT INTO audit_signature (audit_id, account_id, part, signed_at, command_id) "
    "SELECT {audit}, id, '{part}', now(), {command} FROM account WHERE login = '{login}'"
)
FINDING = (
    "INSERT INTO audit_finding SELECT {{audit}}, 1, '{kind}', {volume}, NULL, holding.place_id, NULL, {probability}, '不在', 'gone' "
    "FROM volume JOIN holding ON volume_id = volume.id"
)
UNDECIDED = "INSERT INTO audit_undecided SELECT {audit}, 1, volume_id, place_id, '未定', 'unsure' FROM holding"
GAP = "INSERT INTO audit_gap SELECT {audit}, 1, place_id, now(), NULL, '未到', 'nobody was there' FROM holding"
SHELF = "INSERT INTO audit_shelf SELECT {{audit}}, place_id, 1, {covered}, 2 FROM holding"
SIGNED_BY = "00000000-0000-0000-0000-0000000000a5"


def _audit(**different: str) -> str:
    return AUDIT.format(**(AS_IT_IS | different))


BREAKS = {
    "audit_plan_kind_known": PLAN.format(
        kind="sometimes", every=30, busy="NULL", sample="NULL", command="gen_random_uuid()"
    ),
    "audit_plan_of_command": PLAN.format(
        kind="yearly", every=365, busy="NULL", sample="NULL", command="(SELECT command_id FROM audit_plan)"
    ),
    "audit_plan_within_days": PLAN.format(
        kind="rolling", every=30, busy=31, sample="NULL", command="gen_random_uuid()"
    ),
    "audit_plan_is_whole": PLAN.format(
        kind="sample", every=30, busy="NULL", sample="NULL", command="gen_random_uuid()"
    ),
    "audit_state_known": _audit(state="lost", more=", started_at, ledger_roots", value=", now(), '[]'"),
    "audit_of_command": _audit(command="(SELECT min(command_id::text)::uuid FROM audit)"),
    "audit_begins_before_it_ends": _audit(until="timestamptz '2026-03-01'"),
    "audit_sample_has_seed": _audit(sample="3, NULL"),
    "audit_is_whole": _audit(state="running"),
    "audit_counts_fit": JUDGE.format(covered=2, where="id = 2"),
    "audit_closed_by_somebody": _audit(more=", closed_at, closed_by", value=", now(), account.id"),
    "audit_finding_kind_known": FINDING.format(kind="burnt", volume="volume.id", probability=1).format(audit=2),
    "audit_finding_is_of_something": FINDING.format(kind="missing", volume="NULL", probability=1).format(audit=2),
    "audit_finding_probability_is_one": FINDING.format(kind="missing", volume="volume.id", probability=1.5).format(
        audit=2
    ),
    "audit_shelf_counts_fit": SHELF.format(covered=2).format(audit=2),
    "audit_signature_part_known": SIGN.format(audit=3, login="auditor", part="guest", command="gen_random_uuid()"),
    "audit_signature_of_command": SIGN.format(audit=3, login="auditor", part="counter", command=f"'{SIGNED_BY}'"),
    "audit_signed_by_two": SIGN.format(audit=3, login="manager", part="counter", command="gen_random_uuid()"),
    "audit_signed_before_closing": "UPDATE audit SET state = 'signed' WHERE id = 3",
    "audit_counter_is_no_keeper": SIGN.format(audit=3, login="second", part="counter", command="gen_random_uuid()"),
    "audit_goes_on": "UPDATE audit SET judged_until = now() WHERE id = 3",
    "audit_closed_stays": "UPDATE audit SET state = 'signed' WHERE id = 4",
    "audit_results_stay": "UPDATE audit_finding SET kind = 'misplaced'",
}
