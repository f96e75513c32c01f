"""SQL that breaks each constraint of what stands for a while, by name, and who tries it; `PREPARE` makes what it works on."""

from inventory.domain.people import Role
from tests.conftest import Archive

TODAY = "(now() AT TIME ZONE 'Asia/Shanghai')::date"


def PREPARE(archive: Archive) -> None:  # noqa: N802 - the schema's test asks every folder for it by this name
    """A head and a manager; a delegation that begins tomorrow and one that is over; a request asked and one decided."""
    archive.person("head", Role.AGENCY_HEAD, agency="370112")
    archive.person("manager", Role.CITY_MANAGER)
    archive.person("system", Role.SYSTEM_ADMIN)
    archive.person("security", Role.SECURITY_ADMIN)
    archive.place("S-N1", "window")
    archive.place("S-BOR", "borrower")
    archive.place("S-RCP", "recipient")
    archive.root.execute(
        "INSERT INTO institution (code, name, class, address, borrower_place_id, recipient_place_id, registered_by, registered_at) "
        "SELECT 'S-NOTARY', 'x', 'notary', 'x', b.id, r.id, account.id, now() FROM place b, place r, account "
        "WHERE b.code = 'S-BOR' AND r.code = 'S-RCP' AND login = 'clerk'"
    )
    archive.person("borrower", Role.BORROWER)
    archive.root.execute(
        "INSERT INTO role_grant (account_id, role, institution_id, reason) "
        "SELECT account.id, 'borrower', institution.id, '函 1号' FROM account, institution WHERE login = 'borrower'"
    )
    archive.person("windowed", Role.WINDOW_CLERK, agency="370112")
    archive.place("S-N2", "window")
    archive.root.execute(
        "INSERT INTO role_grant (account_id, role, agency_id, window_id, reason) "
        "SELECT account.id, role, agency_id, place.id, '任命 2号' FROM account, place WHERE login = 'windowed' AND code = 'S-N1'"
    )
    archive.shelf("S-01")
    archive.dossier("D-S", on="S-01")
    archive.dossier("D-T")
    for days in ((1, 30), (-40, -10)):
        archive.root.execute(
            "INSERT INTO delegation (agency_id, document, valid_from, valid_until, given_by, given_at) "
            f"SELECT agency_id, '历委1号', {TODAY} + %s, {TODAY} + %s, id, now() - interval '60 days' FROM account WHERE login = 'head'",
            days,
        )
    for number, state, decided in (("D-S", "asked", "NULL"), ("D-T", "approved", "head.id")):
        archive.root.execute(
            "INSERT INTO request (kind, initiator, purpose, asked_by, asked_at, accepting_agency_id, holding_agency_id, dossier_id, "
            "window_place_id, promised_on, due_on, state, decided_by, decided_at) SELECT 'dispatch', 'employer', 'x', clerk.id, "
            f"now(), holding_agency_id, holding_agency_id, dossier.id, place.id, current_date + 1, current_date + 1, '{state}', "
            f"{decided}, CASE WHEN {decided} IS NOT NULL THEN now() END FROM dossier, account AS clerk, account AS head, place "
            f"WHERE number = '{number}' AND clerk.login = 'clerk' AND head.login = 'head' AND place.code = 'S-01'"
        )
    archive.dossier("D-U")
    archive.root.execute(
        "INSERT INTO letter (agency_id, kind, number, issuer, dated, registered_by, registered_at) "
        "SELECT agency_id, 'loan_letter', '1', 'x', current_date, id, now() FROM account WHERE login = 'clerk'"
    )
    archive.root.execute(
        "INSERT INTO request (kind, initiator, purpose, paper_reason, asked_by, asked_at, accepting_agency_id, holding_agency_id, "
        "dossier_id, institution_id, institution_class, letter_id, promised_on, due_on, state, decided_by, decided_at, out_at) "
        "SELECT 'loan', 'institution', 'notarisation', 'x', clerk.id, now(), clerk.agency_id, clerk.agency_id, dossier.id, "
        "institution.id, class, letter.id, current_date + 1, current_date + 9, 'out', head.id, now(), now() "
        "FROM account AS clerk, account AS head, dossier, institution, letter "
        "WHERE clerk.login = 'clerk' AND head.login = 'head' AND dossier.number = 'D-U'"
    )
    archive.root.execute(
        "INSERT INTO account_subject_tie (account_id, tie, subject_id, declared_by, declared_at) "
        "SELECT head.id, 'own', subject_id, keeper.id, now() FROM account AS head, account AS keeper, dossier "
        "WHERE head.login = 'head' AND keeper.login = 'keeper' AND number = 'D-S'"
    )
    archive.root.execute(
        "INSERT INTO account_subject_tie (account_id, tie, subject_id, declared_by, declared_at) "
        "SELECT security.id, 'relative', subject_id, keeper.id, now() FROM account AS security, account AS keeper, dossier "
        "WHERE security.login = 'security' AND keeper.login = 'keeper' AND number = 'D-T'"
    )


def a_delegation(**different: str) -> str:
    """A statement that gives another delegation, different in some respects."""
    same = {
        "agency_id": "agency_id", "delegate_id": "NULL", "document": "'历委2号'", "valid_from": f"{TODAY} + 100",
        "valid_until": f"{TODAY} + 130", "given_by": "id",
    }  # fmt: skip
    row = same | different
    return (
        f"INSERT INTO delegation ({', '.join(row)}) SELECT {', '.join(row.values())} FROM account WHERE login = 'head'"
    )


def account(login: str) -> str:
    return f"(SELECT id FROM account WHERE login = '{login}')"


DECIDES = "UPDATE request SET decided_by = {}, decided_at = now(), state = 'approved' WHERE state = 'asked'"

BREAKS = {
    "delegation_by_document": ("root", a_delegation(document="' '")),
    "delegation_lasts": ("root", a_delegation(valid_until=f"{TODAY} + 99")),
    "delegation_not_backdated": ("root", a_delegation(valid_from=f"{TODAY} - 1", valid_until=f"{TODAY} + 0")),
    "delegation_revoked_whole": (
        "root",
        f"UPDATE delegation SET revoked_by = {account('head')}, revoked_reason = ' ' WHERE valid_from > {TODAY}",
    ),
    # To one of the managers, while it is given to whoever is manager.
    "delegation_one_at_a_time": (
        "root",
        a_delegation(delegate_id=account("manager"), valid_from=f"{TODAY} + 30", valid_until=f"{TODAY} + 31"),
    ),
    "delegation_by_its_head": ("clerk", a_delegation()),
    "delegation_to_city_manager": ("head", a_delegation(delegate_id=account("keeper"))),
    "delegation_over": (
        "head",
        f"UPDATE delegation SET revoked_by = {account('head')}, revoked_reason = 'x' WHERE valid_until < {TODAY}",
    ),
    "request_decided_once": ("root", f"UPDATE request SET decided_by = {account('keeper')} WHERE state = 'approved'"),
    "request_decided_by_its_head": ("clerk", DECIDES.format(account("clerk"))),
    "request_decided_under_delegation": ("manager", DECIDES.format(account("manager"))),
    "request_not_decided_on_own": ("head", DECIDES.format(account("head"))),
    "act_under_delegation": (
        "manager",
        (
            "SELECT ledger_append(gen_random_uuid(), '\\x00', 'retired', session_account(), NULL, array[volume_id], "
            "array[version], array[NULL]::integer[], array[NULL]::text[], '令 1', NULL, now()) FROM holding"
        ),
    ),
}


def a_grant(**different: str) -> str:
    """A statement that gives the second keeper a role, different in some respects."""
    same = {
        "account_id": account("second"), "role": "'auditor'", "agency_id": "NULL", "institution_id": "NULL", "window_id": "NULL",
        "reason": "'任命 1号'", "granted_by": account("security"),
    }  # fmt: skip
    row = same | different
    return f"INSERT INTO role_grant ({', '.join(row)}) SELECT {', '.join(row.values())}"


GIVES = "SELECT role_given('second', {}, NULL, NULL, NULL, '任命 1号')"

BREAKS |= {
    "role_grant_with_reason": ("root", a_grant(reason="' '")),
    "role_grant_by_another": ("security", "SELECT role_given('security', 'auditor', NULL, NULL, NULL, '任命 1号')"),
    "role_grant_institution_of_borrower": ("root", a_grant(institution_id="(SELECT min(id) FROM institution)")),
    "role_grant_window_of_clerk": ("root", a_grant(window_id="(SELECT id FROM place WHERE code = 'S-N1')")),
    "role_grant_window_of_agency": (
        "root",
        a_grant(
            role="'window_clerk'",
            window_id="(SELECT id FROM place WHERE code = 'S-01')",
            agency_id="(SELECT min(id) FROM agency)",
        ),
    ),
    "role_grant_by_security_admin": ("system", GIVES.format("'keeper'")),
    "role_grant_whole": ("security", GIVES.format("'borrower'")),
    "act_at_own_window": (
        "windowed",
        (
            "SELECT ledger_append(gen_random_uuid(), '\\x00', 'received', session_account(), NULL, array[volume.id], array[0], "
            "array[(SELECT id FROM place WHERE code = 'S-N2')], array['{\"channel\": \"ems\"}'], NULL, NULL, now()) "
            "FROM volume JOIN dossier ON dossier.id = dossier_id WHERE number = 'D-T'"
        ),
    ),
    "request_at_own_window": (
        "windowed",
        (
            "INSERT INTO request (kind, initiator, purpose, asked_by, asked_at, accepting_agency_id, holding_agency_id, dossier_id, "
            "window_place_id, promised_on, due_on) SELECT kind, initiator, purpose, session_account(), now(), accepting_agency_id, "
            "holding_agency_id, dossier_id, (SELECT id FROM place WHERE code = 'S-N2'), promised_on, due_on FROM request "
            "WHERE kind = 'dispatch'"
        ),
    ),
    "consignment_at_own_window": (
        "windowed",
        (
            "INSERT INTO consignment (bag_id, from_place_id, to_place_id, direction, agency_id, state, opened_by, opened_at, "
            "command_id) SELECT 1, origin.id, target.id, 'home', 1, 'open', session_account(), now(), gen_random_uuid() "
            "FROM place AS origin, place AS target WHERE origin.code = 'S-N2' AND target.code = 'W1'"
        ),
    ),
    "tie_withdrawn_with_reason": ("security", "SELECT tie_withdraw(min(tie_id), ' ') FROM tie_list(9)"),
    "tie_withdrawn_by_security_admin": ("system", "SELECT tie_withdraw(1, 'x')"),
    "tie_not_withdrawn_by_oneself": (
        "security",
        "SELECT tie_withdraw(tie_id, 'x') FROM tie_list(9) WHERE login = 'security'",
    ),
    "tie_withdrawn_once": (
        "security",
        "SELECT tie_withdraw(tie_id, 'x'), tie_withdraw(tie_id, 'x') FROM tie_list(9) WHERE login = 'head'",
    ),
    "borrower_tells_once": (
        "borrower",
        (
            "SELECT borrower_tells(request_id, 'acknowledged', NULL), borrower_tells(request_id, 'acknowledged', NULL) "
            "FROM requests_borrowed(true, 9)"
        ),
    ),
    "three_admins_apart": ("security", "SELECT role_given('system', 'audit_admin', NULL, NULL, NULL, '任命 1号')"),
    "account_made_by_system_admin": ("security", "SELECT account_made('mallory', 'x', 'x', '\\x01')"),
}
