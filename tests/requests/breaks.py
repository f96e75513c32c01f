"""SQL that breaks each constraint of requests, by name; `PREPARE` makes what it works on."""

from inventory.domain.people import Role
from tests.conftest import Archive


def PREPARE(archive: Archive) -> None:  # noqa: N802 - the schema's test asks every folder for it by this name
    """A dossier with a loan asked, another that is out, a letter, two institutions and a notice."""
    archive.person("head", Role.AGENCY_HEAD, agency="370112")
    archive.dossier("D-R")
    archive.place("BOR-R", "borrower")
    archive.place("RCP-R", "recipient")
    execute = archive.root.execute
    for code, kind in (("R-NOTARY", "notary"), ("R-TOWN", "township_centre"), ("R-AGENCY", "agency")):
        execute(
            "INSERT INTO institution (code, name, class, address, borrower_place_id, recipient_place_id, registered_by, registered_at) "
            "SELECT %s, 'x', %s, 'x', b.id, r.id, account.id, now() FROM place b, place r, account "
            "WHERE b.code = 'BOR-R' AND r.code = 'RCP-R' AND login = 'clerk'",
            (code, kind),
        )
    execute(
        "INSERT INTO letter (agency_id, kind, number, issuer, dated, registered_by, registered_at) "
        "SELECT agency_id, 'loan_letter', '1', 'x', current_date, id, now() FROM account WHERE login = 'clerk'"
    )
    execute(
        """
        INSERT INTO request (kind, initiator, purpose, paper_reason, asked_by, asked_at, accepting_agency_id, holding_agency_id,
            dossier_id, institution_id, institution_class, letter_id, promised_on, due_on, state, decided_by, decided_at)
        SELECT 'loan', 'institution', 'notarisation', 'x', clerk.id, now(), clerk.agency_id, clerk.agency_id, dossier.id,
            institution.id, class, letter.id, current_date + 1, current_date + 9, 'out', head.id, now()
        FROM account clerk, account head, dossier, institution, letter
        WHERE clerk.login = 'clerk' AND head.login = 'head' AND dossier.number = 'D-R' AND institution.code = 'R-NOTARY'
        """
    )
    execute("INSERT INTO request_event (request_id, at, event) SELECT id, now(), 'asked' FROM request")
    execute("INSERT INTO transfer_notice SELECT id, holding_agency_id, 2026, 1, '第1号', current_date FROM request")
    execute("INSERT INTO request_visitor SELECT id, 1, 'x', '\\x01', '\\x01' FROM request")
    execute("INSERT INTO rule_number (rule, value, since, document, set_at) VALUES ('r', 5, '2026-01-01', 'x', now())")


def a_request(**different: str) -> str:
    """A statement that copies the request, different in some respects."""
    same = {
        "kind": "'loan'", "occasion": "NULL", "initiator": "'institution'", "purpose": "purpose", "paper_reason": "paper_reason",
        "asked_by": "asked_by", "asked_at": "asked_at", "accepting_agency_id": "accepting_agency_id",
        "holding_agency_id": "holding_agency_id", "dossier_id": "dossier_id", "institution_id": "institution_id",
        "institution_class": "institution_class", "letter_id": "letter_id", "promised_on": "promised_on", "due_on": "due_on",
        "state": "'asked'", "decided_by": "NULL", "decided_at": "NULL",
    }  # fmt: skip
    row = same | different
    return f"INSERT INTO request ({', '.join(row)}) SELECT {', '.join(row.values())} FROM request"


def a_transfer(**different: str) -> str:
    """The same, as a transfer."""
    return a_request(**({"kind": "'transfer'", "occasion": "'job_change'", "initiator": "'person'"} | different))


TOWN = {
    "institution_id": "(SELECT id FROM institution WHERE code = 'R-TOWN')",
    "institution_class": "'township_centre'",
}
DECIDED = {"decided_by": "decided_by", "decided_at": "decided_at"}
PLACES = "borrower_place_id, recipient_place_id, registered_by, registered_at"
INSTITUTION = f"INSERT INTO institution (code, name, class, address, {PLACES}) SELECT {{}}, {PLACES} FROM institution"
LETTER = (
    "INSERT INTO letter (agency_id, kind, number, issuer, dated, registered_by, registered_at) "
    "SELECT agency_id, {}, dated, registered_by, registered_at FROM letter"
)

BREAKS: dict[str, str] = {
    "institution_code_taken": INSTITUTION.format("code, name, class, address"),
    "institution_class_known": INSTITUTION.format("'P', '张三', 'person', 'x'"),
    "institution_has_address": INSTITUTION.format("'P', 'x', class, ' '"),
    "letter_kind_known": LETTER.format("'bribe', '9', 'x'"),
    "letter_has_number": LETTER.format("kind, ' ', 'x'"),
    "letter_has_issuer": LETTER.format("kind, '9', ''"),
    "letter_taken": LETTER.format("kind, number, issuer"),
    "letter_scan_hash_whole": "UPDATE letter SET scan_sha256 = '\\x01', scan_media = 'image/png', scan_bytes = 1",
    "letter_scan_media_known": "UPDATE letter SET scan_sha256 = sha256('x'), scan_media = 'text/html', scan_bytes = 1",
    "letter_scan_told_whole": "UPDATE letter SET scan_sha256 = sha256('x')",
    "letter_scan_size": "INSERT INTO letter_scan SELECT id, repeat('x', 4194305)::bytea FROM letter",
    "request_asked_once": a_request(command_id="command_id"),
    "request_kind_known": a_request(kind="'gift'"),
    "request_occasion_known": a_transfer(occasion="'expulsion'"),
    "request_initiator_known": a_request(initiator="'agency'"),
    "request_has_purpose": a_request(purpose="' '"),
    "request_channel_known": a_transfer(channel="'self_carry'"),
    "request_priority_known": a_request(priority="9"),
    "request_renewals_max": a_request(renewals="4"),
    "request_state_known": a_request(state="'eaten'", **DECIDED),
    "request_dossier_or_sought": a_request(dossier_id="NULL::int", holding_agency_id="NULL::int"),
    "request_holder_with_dossier": a_request(holding_agency_id="NULL::int"),
    "request_approver_is_another": a_request(decided_by="asked_by", decided_at="now()"),
    "request_decided_whole": a_request(decided_at="now()"),
    "request_decided_before_work": a_request(state="'approved'"),
    "request_refused_with_reason": a_request(state="'refused'", **DECIDED),
    "request_works_on_dossier": a_request(
        dossier_id="NULL::int",
        holding_agency_id="NULL::int",
        routed="true",
        sought_cipher="'\\x01'",
        state="'approved'",
        **DECIDED,
    ),
    "request_due_not_before_asked": a_request(due_on="current_date - 9"),
    "request_loan_to_institution": a_request(initiator="'person'"),
    "request_paper_with_reason": a_request(paper_reason="' '"),
    "request_transfer_has_occasion": a_request(occasion="'job_change'"),
    "request_transfer_has_recipient": a_transfer(institution_id="NULL::int", institution_class="NULL"),
    "request_transfer_by_employer_or_person": a_transfer(initiator="'institution'"),
    "request_retirement_to_township": a_transfer(occasion="'retirement'"),
    "request_death_to_archives": a_transfer(occasion="'death'", **TOWN),
    "request_moves_by_rule": a_transfer(
        occasion="'agency_move'",
        institution_id="(SELECT id FROM institution WHERE code = 'R-AGENCY')",
        institution_class="'agency'",
    ),
    "request_nearest_with_reason": a_transfer(move_rule="'nearest_place_override'"),
    "request_window_where_sent": a_request(kind="'dispatch'", paper_reason="NULL"),
    "request_receipt_after_sending": a_transfer(receipt_on="current_date"),
    "request_escalated_after_chase": a_transfer(escalated_on="current_date"),
    "request_one_served": a_request(state="'ready'", **DECIDED),
    "request_event_known": "INSERT INTO request_event (request_id, at, event) SELECT id, now(), 'party' FROM request",
    "request_evidence_is_something": "INSERT INTO request_evidence SELECT id, 'loan_letter', NULL, ' ' FROM request",
    "request_visitor_has_name": "INSERT INTO request_visitor SELECT id, 2, ' ', '\\x01', '\\x02' FROM request",
    "request_visitor_comes_once": "INSERT INTO request_visitor SELECT id, 2, 'x', '\\x01', '\\x01' FROM request",
    "transfer_notice_serial_positive": "INSERT INTO transfer_notice SELECT id, holding_agency_id, 2026, 0, 'y', current_date FROM request",
    "transfer_notice_number_taken": "INSERT INTO transfer_notice SELECT id + 1, holding_agency_id, 2026, 2, '第1号', current_date FROM request",
    "transfer_notice_serial_taken": "INSERT INTO transfer_notice SELECT id + 1, holding_agency_id, 2026, 1, 'y', current_date FROM request",
    "subject_career_known": "INSERT INTO subject_career SELECT subject_id, 'poet', 'x', 1, now() FROM dossier WHERE number = 'D-R'",
    "subject_career_by_document": "INSERT INTO subject_career SELECT subject_id, 'none', '', 1, now() FROM dossier WHERE number = 'D-R'",
    "account_tie_known": "INSERT INTO account_subject_tie (account_id, tie, id_number_hash, declared_by, declared_at) "
    "VALUES (1, 'friend', '\\x01', 1, now())",
    "account_tie_to_somebody": "INSERT INTO account_subject_tie (account_id, tie, declared_by, declared_at) VALUES (1, 'own', 1, now())",
    "rule_number_sensible": "INSERT INTO rule_number (rule, value, since, document, set_at) VALUES ('r', 0, '2026-02-01', 'x', now())",
    "rule_number_by_document": "INSERT INTO rule_number (rule, value, since, document, set_at) VALUES ('r', 1, '2026-02-01', '', now())",
    "rule_number_taken": "INSERT INTO rule_number (rule, value, since, document, set_at) VALUES ('r', 6, '2026-01-01', 'x', now())",
    "calendar_day_kind_known": "INSERT INTO calendar_day (day, kind, source, set_at) VALUES ('2027-01-01', 'half', 'x', now())",
    "calendar_day_by_document": "INSERT INTO calendar_day (day, kind, source, set_at) VALUES ('2027-01-01', 'off', '', now())",
}
