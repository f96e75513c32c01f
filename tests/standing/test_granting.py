"""Three administrators, each with a third: one makes accounts, one says what they may, one reads what both did."""

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from inventory.domain import refusals
from inventory.domain.granting import Belonging
from inventory.domain.people import Role, Viewer
from inventory.operations import accounts, granting, signing_in
from inventory.operations.granting import Granting
from inventory.operations.reading_log import read_log
from inventory.operations.signing_in import add_token, viewer_of_session, viewer_of_token
from inventory.store.access_log import LogFilter
from inventory.store.role_grants import HolderRow
from tests.conftest import Archive
from tests.requests.counter import Counter, now

ADMINISTRATORS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)
PASSWORD = "three thirds make one"
OWN_PASSWORD = "and nobody knows mine"


@pytest.fixture
def three(archive: Archive) -> dict[Role, Viewer]:
    return {role: archive.person(role.value.replace("_", "-"), role) for role in ADMINISTRATORS}


def grant(archive: Archive, by: Viewer | None, login: str, role: Role, **more: object) -> HolderRow:
    belonging = Belonging(**{key: more.pop(key) for key in ("agency", "institution", "window") if key in more})  # type: ignore[arg-type]
    asked = Granting(uuid4(), login, role, "任命文件 5号", belonging)
    return granting.grant(archive.app if by else archive.owner, asked, now(), by)


def test_one_makes_the_account_another_says_what_it_may_the_third_reads_both(
    archive: Archive, three: dict[Role, Viewer]
) -> None:
    accounts.make(archive.app, three[Role.SYSTEM_ADMIN], "Wang", "王芳", PASSWORD)
    made = signing_in.sign_in(archive.app, "wang", PASSWORD, "s1").viewer
    accounts.change_password(archive.app, made, PASSWORD, OWN_PASSWORD, "s1-own")
    assert made.role is Role.UNASSIGNED
    with pytest.raises(refusals.NotAllowed):
        made.agency_seen()
    holder = grant(archive, three[Role.SECURITY_ADMIN], "wang", Role.WINDOW_CLERK, agency="370112")
    assert (holder.role, holder.agency, holder.granted_by) == ("window_clerk", "历城区档案中心", "security-admin")
    assert signing_in.sign_in(archive.app, "wang", OWN_PASSWORD, "s2").viewer.agency_id == archive.clerk.agency_id
    log = read_log(archive.app, three[Role.AUDIT_ADMIN], LogFilter(act="role_"), now()).entries
    assert [(entry.login, entry.act, entry.object, entry.reason) for entry in log] == [
        ("security-admin", "role_granted", "wang unassigned -> window_clerk", "任命文件 5号")
    ]
    made_log = read_log(archive.app, three[Role.AUDIT_ADMIN], LogFilter(act="account_made"), now()).entries
    assert [entry.login for entry in made_log] == ["wang"]


def test_a_change_of_role_ends_what_was_open_at_once(archive: Archive, three: dict[Role, Viewer]) -> None:
    keeper = archive.keeper
    add_token(archive.owner, "keeper", "program", now(), now() + timedelta(days=1), "of-the-keeper")
    archive.signs(keeper, beside=archive.second)
    assert viewer_of_session(archive.app, keeper.secret).role is Role.KEEPER
    grant(archive, three[Role.SECURITY_ADMIN], "keeper", Role.AUDITOR)
    with pytest.raises(refusals.NotSignedIn):
        viewer_of_session(archive.app, keeper.secret)
    with pytest.raises(refusals.NotSignedIn):
        viewer_of_token(archive.app, "of-the-keeper")
    left = archive.root.execute(
        "SELECT count(*) FROM countersignature WHERE account_id = %s", (keeper.account_id,)
    ).fetchone()
    assert left == (0,), "nor does a PIN typed just before sign beside anybody"


def test_a_role_withdrawn_leaves_nothing_but_the_account(archive: Archive, three: dict[Role, Viewer]) -> None:
    holder = grant(archive, three[Role.SECURITY_ADMIN], "clerk", Role.UNASSIGNED)
    assert (holder.role, holder.agency) == ("unassigned", None)
    given = granting.grants(archive.app, three[Role.SECURITY_ADMIN])
    assert [one.role for one in given if one.login == "clerk"] == ["unassigned", "window_clerk"]


def test_nobody_grants_to_themselves(archive: Archive, three: dict[Role, Viewer]) -> None:
    for role in (Role.CITY_MANAGER, Role.UNASSIGNED, Role.SECURITY_ADMIN):
        with pytest.raises(refusals.GrantToOneself):
            grant(archive, three[Role.SECURITY_ADMIN], "security-admin", role)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SECURITY_ADMIN])
def test_nobody_else_grants(archive: Archive, role: Role) -> None:
    somebody = archive.person("somebody", role, agency="370112")
    with pytest.raises(refusals.NotAllowed):
        grant(archive, somebody, "keeper", Role.CITY_MANAGER)
    with archive.sql_of(somebody) as app, pytest.raises(psycopg.Error) as broken:
        app.execute("SELECT role_given('keeper', 'city_manager', NULL, NULL, NULL, 'x')")
    assert broken.value.diag.constraint_name == "role_grant_by_security_admin"
    with archive.sql_of(somebody) as app:
        assert app.execute("SELECT * FROM role_holders()").fetchall() == []
        assert app.execute("SELECT * FROM role_grants(9)").fetchall() == []


def test_no_administrator_ever_becomes_another(archive: Archive, three: dict[Role, Viewer]) -> None:
    security = three[Role.SECURITY_ADMIN]
    for role in (Role.AUDIT_ADMIN, Role.SECURITY_ADMIN):
        with pytest.raises(refusals.ThreeAdminsApart):
            grant(archive, security, "system-admin", role)
    grant(archive, security, "system-admin", Role.UNASSIGNED)
    with pytest.raises(refusals.ThreeAdminsApart):
        grant(archive, security, "system-admin", Role.AUDIT_ADMIN)
    with pytest.raises(refusals.ThreeAdminsApart):
        grant(archive, None, "system-admin", Role.AUDIT_ADMIN)
    assert grant(archive, security, "system-admin", Role.SYSTEM_ADMIN).role == "system_admin"


def test_an_account_has_one_role_so_nobody_is_keeper_and_clerk(archive: Archive, three: dict[Role, Viewer]) -> None:
    grant(archive, three[Role.SECURITY_ADMIN], "keeper", Role.WINDOW_CLERK, agency="370112")
    assert archive.root.execute("SELECT role FROM account WHERE login = 'keeper'").fetchall() == [("window_clerk",)]


@pytest.mark.parametrize(
    ("role", "belonging"),
    [
        (Role.WINDOW_CLERK, {}),
        (Role.AGENCY_HEAD, {}),
        (Role.BORROWER, {}),
        (Role.KEEPER, {"agency": "370112"}),
        (Role.KEEPER, {"window": "N-1"}),
        (Role.AUDITOR, {"institution": "NOTARY"}),
        (Role.SERVICE, {}),
    ],
)
def test_a_role_comes_with_what_is_its_own_and_nothing_else(
    counter: Counter, role: Role, belonging: dict[str, object]
) -> None:
    security = counter.archive.person("security", Role.SECURITY_ADMIN)
    with pytest.raises(refusals.BadInput):
        grant(counter.archive, security, "keeper", role, **belonging)


def test_what_a_grant_names_is_there_and_a_window_is_one_agencys(counter: Counter) -> None:
    archive, security = counter.archive, counter.archive.person("security", Role.SECURITY_ADMIN)
    for belonging, refused in (
        ({"agency": "999999"}, refusals.AgencyNotFound),
        ({"agency": "370112", "window": "N-9"}, refusals.PlaceNotFound),
        ({"agency": "370112", "window": "W1-D1"}, refusals.WindowOfAnother),
    ):
        with pytest.raises(refused):
            grant(archive, security, "clerk", Role.WINDOW_CLERK, **belonging)
    with pytest.raises(refusals.InstitutionNotFound):
        grant(archive, security, "clerk", Role.BORROWER, institution="NOBODY")
    with pytest.raises(refusals.AccountNotFound):
        grant(archive, security, "nobody", Role.KEEPER)
    with pytest.raises(refusals.AccountNotFound):
        grant(archive, security, "register", Role.KEEPER)
    assert grant(archive, security, "clerk", Role.WINDOW_CLERK, agency="370112", window="N-1").place == "N-1"
    grant(archive, security, "colleague", Role.WINDOW_CLERK, agency="370112", window="N-1")
    with pytest.raises(refusals.WindowOfAnother):
        grant(archive, security, "stranger", Role.WINDOW_CLERK, agency="370113", window="N-1")


def test_what_somebody_has_already_is_not_given_again(archive: Archive, three: dict[Role, Viewer]) -> None:
    with pytest.raises(refusals.RoleStands):
        grant(archive, three[Role.SECURITY_ADMIN], "keeper", Role.KEEPER)
    assert viewer_of_session(archive.app, archive.keeper.secret).role is Role.KEEPER, "and ends no session"


def test_sent_twice_it_is_given_once(archive: Archive, three: dict[Role, Viewer]) -> None:
    asked = Granting(uuid4(), "keeper", Role.AUDITOR, "任命文件 5号")
    for _ in range(2):
        granting.grant(archive.app, asked, now(), three[Role.SECURITY_ADMIN])
    given = granting.grants(archive.app, three[Role.SECURITY_ADMIN])
    assert [one.role for one in given if one.login == "keeper"] == ["auditor", "keeper"]


def test_a_grant_says_why_and_names_no_id_number(archive: Archive, three: dict[Role, Viewer]) -> None:
    for reason in ("", " ", "11010519491231002X", "x" * 301):
        asked = Granting(uuid4(), "keeper", Role.AUDITOR, reason)
        with pytest.raises(refusals.BadInput):
            granting.grant(archive.app, asked, now(), three[Role.SECURITY_ADMIN])


def test_the_command_line_gives_the_first_ones_their_roles(archive: Archive) -> None:
    signing_in.add_account(archive.owner, "first", "孙一", Role.SECURITY_ADMIN, None, PASSWORD)
    first = signing_in.sign_in(archive.app, "first", PASSWORD, "s1").viewer
    assert grant(archive, first, "keeper", Role.AUDITOR).granted_by == "孙一"
    assert grant(archive, None, "keeper", Role.KEEPER).granted_by is None
    assert [one.granted_by for one in granting.grants(archive.app, first) if one.login == "first"] == [None]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM_ADMIN])
def test_nobody_else_makes_accounts(archive: Archive, role: Role) -> None:
    somebody = archive.person("somebody", role, agency="370112")
    with pytest.raises(refusals.NotAllowed):
        accounts.make(archive.app, somebody, "wang", "王芳", PASSWORD)


def test_an_account_is_made_with_a_login_a_name_and_a_password_that_can_be_meant(
    archive: Archive, three: dict[Role, Viewer]
) -> None:
    system = three[Role.SYSTEM_ADMIN]
    for login, name, password in (("", "王芳", PASSWORD), ("wang", " ", PASSWORD), ("wang", "王芳", "1234567890")):
        with pytest.raises(refusals.BadInput):
            accounts.make(archive.app, system, login, name, password)
    with pytest.raises(refusals.NameTaken):
        accounts.make(archive.app, system, "KEEPER", "王芳", PASSWORD)


WITH_THE_APPLICATIONS_PASSWORD = (
    "SELECT * FROM role_grant",
    "INSERT INTO role_grant (account_id, role, reason) SELECT id, 'city_manager', 'x' FROM account WHERE login = 'clerk'",
    "UPDATE role_grant SET reason = 'x'",
    "DELETE FROM role_grant",
    "UPDATE account SET role = 'city_manager'",
    "INSERT INTO account (login, name, role) VALUES ('mallory', 'x', 'system_admin')",
    "SELECT account_shut_out(1)",
    "SELECT role_grant_applies()",
)


def test_nobody_with_the_applications_password_changes_a_role_or_its_history(
    archive: Archive, three: dict[Role, Viewer]
) -> None:
    for viewer in (*three.values(), archive.clerk):
        for statement in WITH_THE_APPLICATIONS_PASSWORD:
            with archive.sql_of(viewer) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)


def test_not_even_the_owner_rewrites_what_was_given(archive: Archive) -> None:
    for statement in ("UPDATE role_grant SET reason = 'x'", "DELETE FROM role_grant", "TRUNCATE role_grant"):
        with pytest.raises(psycopg.Error) as broken:
            archive.root.execute(statement)
        assert broken.value.diag.constraint_name == "ledger_is_forever"


def test_a_password_somebody_gave_is_changed_before_anything_else(archive: Archive, three: dict[Role, Viewer]) -> None:
    accounts.make(archive.app, three[Role.SYSTEM_ADMIN], "wang", "王芳", PASSWORD)
    grant(archive, three[Role.SECURITY_ADMIN], "wang", Role.KEEPER)
    opened = signing_in.sign_in(archive.app, "wang", PASSWORD, "s1")
    assert opened.owes == "password"
    with pytest.raises(refusals.NotSignedIn):
        viewer_of_session(archive.app, "s1")
    with archive.sql_of(opened.viewer) as app:
        assert app.execute("SELECT session_account()").fetchone() == (None,)
        assert app.execute("SELECT factor_offer('\\x01')").fetchone() == (False,), "nor is it settled by something else"
        assert app.execute("SELECT factor_enrol(1, '{}', '\\x01')").fetchone() == (False,)
    with pytest.raises(refusals.BadInput):
        accounts.change_password(archive.app, opened.viewer, PASSWORD, PASSWORD, "s2")
    with pytest.raises(refusals.WrongPassword):
        accounts.change_password(archive.app, opened.viewer, "something else", OWN_PASSWORD, "s2")
    accounts.change_password(archive.app, opened.viewer, PASSWORD, OWN_PASSWORD, "s2")
    assert viewer_of_session(archive.app, "s2").role is Role.KEEPER
    assert signing_in.sign_in(archive.app, "wang", OWN_PASSWORD, "s3").owes is None


def test_where_a_second_factor_is_owed_too_it_comes_after(archive: Archive, three: dict[Role, Viewer]) -> None:
    archive.root.execute("INSERT INTO second_factor_role VALUES ('city_manager')")
    accounts.make(archive.app, three[Role.SYSTEM_ADMIN], "wang", "王芳", PASSWORD)
    grant(archive, three[Role.SECURITY_ADMIN], "wang", Role.CITY_MANAGER)
    opened = signing_in.sign_in(archive.app, "wang", PASSWORD, "s1")
    accounts.change_password(archive.app, opened.viewer, PASSWORD, OWN_PASSWORD, "s2")
    assert signing_in.session_of(archive.app, "s2").owes == "factor"
    with pytest.raises(refusals.NotSignedIn):
        viewer_of_session(archive.app, "s2")
