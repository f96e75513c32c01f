"""Every constraint of discrepancies, broken by the superuser's own SQL."""

from tests.conftest import Archive


def PREPARE(archive: Archive) -> None:  # noqa: N802
    """D-1 is misplaced, D-2 missing, both shelved by the keeper; D-3's case is over, and something was said of it."""
    archive.shelf("A-01")
    archive.shelf("A-02")
    for number in ("D-1", "D-2", "D-3"):
        archive.dossier(number, on="A-01")
    for number, kind in (("D-1", "misplaced"), ("D-2", "missing"), ("D-3", "weak_tag")):
        archive.root.execute(CASE.format(kind=kind, number=number, probability=0.9, state="open"))
    archive.root.execute(CLOSE.format(kind="weak_tag", state="over", outcome="heard_again", by="NULL"))
    archive.root.execute(NOTE.format(event="comment", note="'看过了'"))


CASE = (
    "INSERT INTO discrepancy (kind, volume_id, state, opened_at, opened_numbers, seen_at, ledger_place_id, ledger_since, "
    "radio_place_id, probability, numbers) SELECT '{kind}', volume.id, '{state}', now(), '{{}}', now(), holding.place_id, moved_at, "
    "(SELECT id FROM place WHERE code = 'A-02'), {probability}, '{{}}' FROM holding JOIN volume ON volume.id = volume_id "
    "JOIN dossier ON dossier.id = dossier_id WHERE number = '{number}'"
)
CLOSE = "UPDATE discrepancy SET state = '{state}', outcome = '{outcome}', closed_at = now(), closed_by = {by} WHERE kind = '{kind}'"
NOTE = (
    "INSERT INTO discrepancy_note (discrepancy_id, at, account_id, event, note) "
    "SELECT min(discrepancy.id), now(), min(account.id), '{event}', {note} FROM discrepancy, account WHERE login = 'keeper'"
)
KEEPER, SECOND = "(SELECT id FROM account WHERE login = 'keeper')", "(SELECT id FROM account WHERE login = 'second')"

BREAKS = {
    "discrepancy_kind_known": CASE.format(kind="strange", number="D-1", probability=0.9, state="open"),
    "discrepancy_state_known": (
        "INSERT INTO discrepancy (kind, volume_id, state, opened_at, opened_numbers, seen_at, numbers, outcome, closed_at) "
        "SELECT kind, volume_id, 'forgotten', now(), '{}', now(), '{}', 'put_back', now() FROM discrepancy"
    ),
    "discrepancy_about_its_subject": CASE.format(kind="unknown_tag", number="D-1", probability=0.9, state="open"),
    "discrepancy_probability_is_one": CASE.format(kind="weak_tag", number="D-1", probability=1.1, state="open"),
    "discrepancy_closed_whole": CASE.format(kind="weak_tag", number="D-1", probability=0.9, state="over"),
    "discrepancy_one_open": CASE.format(kind="misplaced", number="D-1", probability=0.8, state="open"),
    "discrepancy_is_over": "UPDATE discrepancy SET assigned_to = 1 WHERE kind = 'weak_tag'",
    "discrepancy_outcome_fits": CLOSE.format(kind="misplaced", state="resolved", outcome="repaired", by=SECOND),
    "discrepancy_not_by_its_mover": CLOSE.format(kind="missing", state="resolved", outcome="false_alarm", by=KEEPER),
    "discrepancy_note_known": NOTE.format(event="gossip", note="'x'"),
    "discrepancy_note_says_something": NOTE.format(event="comment", note="' '"),
}
