"""What a badge opens, and whatever is tried with one that isn't one's own, was copied, or was laid down for somebody else."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from devices.dialects.native import decode
from devices.pipeline import Pipeline, known_readers
from inventory.domain.acts import ActKind
from inventory.domain.badges import TapState
from inventory.domain.people import Role, Viewer
from inventory.domain.refusals import (
    AccountNotFound,
    BadgeNotFound,
    BadgeTaken,
    DeskTaken,
    NoSuchReader,
    NotAllowed,
    NotSignedIn,
    SecondPersonNotProven,
    TapMissing,
    TooManyAttempts,
    WrongBadge,
    WrongPin,
)
from inventory.operations import badges, custody, second_factor, signing_in
from inventory.operations.countersigning import set_pin
from inventory.operations.taking_evidence import take_evidence
from inventory.store import evidence
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from inventory.store.keys import load_key_ring
from inventory.store.people import SignedIn
from inventory.store.readers import registered_antennas
from tests.commands.running import Guiwei
from tests.conftest import Archive
from tests.desk.breaks import BREAKS, BY_THE_APPLICATION, PREPARE, WISH
from tests.desk.conftest import PIN, TOPIC
from tests.desk.virtual import Card
from tests.site import ONE_ENGINE
from tests.web.stock import account_of, password_of

pytestmark = ONE_ENGINE
OTHER_PIN = "141592"
UID = bytes.fromhex("04A1B2C3D4E5F6")


def admin(archive: Archive) -> Viewer:
    found = archive.admin  # type: ignore[attr-defined]
    assert isinstance(found, Viewer)
    return found


def ask(archive: Archive, viewer: Viewer, reader: str = "DESK-1") -> tuple[int, bytes]:
    """Somebody waits at the desk: the wish, and the challenge as the desk is told it."""
    wish = badges.ask(archive.app, viewer, reader, secrets.token_bytes(32)).wish_id
    row = archive.root.execute(
        "SELECT arguments ->> 'challenge' FROM reader_command ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    return wish, bytes.fromhex(row[0])


def lay_down(archive: Archive, card: Card, challenge: bytes | None, topic: str = TOPIC) -> None:
    """What the desk says of a card, taken in as ingest does; the card answers as through a reader."""
    from devices.desk.cards import read
    from devices.desk.station import tap

    said = read(card.answer, challenge)
    assert said is not None
    message = tap("DESK-1", said, challenge)
    assert decode(message, "UTC").taps
    now = datetime.now(UTC)
    with archive.jobs.unpooled() as connection:
        evidence.prepare(connection)
        pipeline = Pipeline(known_readers(registered_antennas(connection, slot=None)), {})
        pipeline.add(topic, message, int(now.timestamp() * 1e6))
        batch, days = pipeline.take_batch()
        take_evidence(connection, batch, days, now=now)


def give(archive: Archive, login: str, card: Card) -> None:
    wish, challenge = ask(archive, admin(archive))
    lay_down(archive, card, challenge)
    badges.issue(archive.app, admin(archive), wish, login)


def by_password(archive: Archive, login: str) -> SignedIn:
    return signing_in.sign_in(archive.app, login, password_of(login), uuid4().hex)


def owing(archive: Archive, login: str = "wang") -> Viewer:
    """Somebody after the password."""
    opened = by_password(archive, login)
    assert opened.owes == "code"
    return opened.viewer


def test_badge_and_pin_are_the_second_factor(desk: Archive) -> None:
    assert by_password(desk, "wang").owes == "factor"
    card = Card.signing(UID)
    give(desk, "wang", card)
    viewer = owing(desk)
    assert not badges.may_type_code(desk.app, viewer)
    with pytest.raises(NotSignedIn):
        signing_in.viewer_of_session(desk.app, viewer.secret)
    wish, challenge = ask(desk, viewer)
    assert badges.look(desk.app, viewer, wish).state is TapState.WAITING
    lay_down(desk, card, challenge)
    seen = badges.look(desk.app, viewer, wish)
    assert (seen.state, seen.name) == (TapState.LAID, "王芳")
    with pytest.raises(WrongBadge):
        badges.prove(desk.app, viewer, wish, OTHER_PIN, "new")
    badges.prove(desk.app, viewer, wish, f" {PIN} ", "new")
    assert signing_in.viewer_of_session(desk.app, "new").login == "wang"
    with pytest.raises(NotSignedIn):
        signing_in.session_of(desk.app, viewer.secret)
    acts = [act for (act,) in desk.root.execute("SELECT act FROM access_log ORDER BY id")]
    assert acts[-3:] == ["sign_in", "badge_failed", "badge_proven"]


def test_a_tap_proves_somebody_once_and_only_for_whom_it_was_laid_down(desk: Archive) -> None:
    card = Card.signing(UID)
    give(desk, "wang", card)
    first, second = owing(desk), owing(desk)
    wish, challenge = ask(desk, first)
    lay_down(desk, card, challenge)
    with pytest.raises(TapMissing):
        badges.look(desk.app, second, wish)
    with pytest.raises(TapMissing):
        badges.prove(desk.app, second, wish, PIN, "new")
    badges.prove(desk.app, first, wish, PIN, "new")
    again, other = ask(desk, second)
    lay_down(desk, card, challenge)  # what the desk said before, said again
    assert badges.look(desk.app, second, again).state is TapState.WAITING
    with pytest.raises(WrongBadge):
        badges.prove(desk.app, second, again, PIN, "newer")
    lay_down(desk, card, other, topic=TOPIC)
    badges.prove(desk.app, second, again, PIN, "newer")
    with pytest.raises(WrongBadge):  # the session goes on under another secret, and the wish was the old one's
        badges.prove(desk.app, second, again, PIN, "newest")


@pytest.mark.parametrize("trick", ["copied number", "other key", "forged signature", "nobody's", "another's", "ended"])
def test_what_a_stranger_lays_down_opens_nothing(desk: Archive, trick: str) -> None:
    card = Card.signing(UID)
    give(desk, "wang", card)
    account_of(desk, "sun", "孙丽", Role.AGENCY_HEAD, "370112")
    set_pin(desk.owner, "sun", OTHER_PIN)
    another = Card(bytes.fromhex("0A0B0C0D"))
    give(desk, "sun", another)
    if trick == "ended":
        badges.end(desk.app, admin(desk), "wang", "lost")
        set_factor(desk, "wang")
    viewer = owing(desk)
    wish, challenge = ask(desk, viewer)
    shown, state = {
        "copied number": (Card(UID), TapState.FORGED),
        "other key": (Card(UID, ec.generate_private_key(ec.SECP256R1())), TapState.FORGED),
        "forged signature": (Card(UID, card.key, forges=True), TapState.FORGED),
        "nobody's": (Card(bytes.fromhex("01020304")), TapState.NOBODYS),
        "another's": (another, TapState.LAID),
        "ended": (card, TapState.NOBODYS),
    }[trick]
    lay_down(desk, shown, challenge)
    assert badges.look(desk.app, viewer, wish).state is state
    with pytest.raises(WrongBadge):
        badges.prove(desk.app, viewer, wish, PIN, "new")
    with pytest.raises(NotSignedIn):
        signing_in.viewer_of_session(desk.app, "new")


def set_factor(archive: Archive, login: str) -> None:
    archive.root.execute(
        "UPDATE account_secret SET factor_cipher = '\\x00' WHERE account_id = (SELECT id FROM account WHERE login = %s)",
        (login,),
    )


def test_who_owes_the_badge_puts_no_telephone_in_its_place(desk: Archive) -> None:
    """A stolen password must not enrol a factor of the thief's own."""
    give(desk, "wang", Card(UID))
    viewer = owing(desk)
    with pytest.raises(NotAllowed):
        second_factor.offer(desk.app, viewer, bytes(20))
    with desk.sql_of(viewer) as thief:
        assert thief.execute("SELECT factor_offer('\\x01')").fetchone() == (False,)
        desk.root.execute("UPDATE account_secret SET factor_pending = '\\x01'")
        assert thief.execute("SELECT factor_enrol(1, '{}', '\\x02')").fetchone() == (False,)
        assert thief.execute("SELECT badge_ended('wang', 'x')").fetchone() == (False,)


def test_wrong_pins_lock_like_wrong_passwords_and_the_badge_stays_where_it_lies(desk: Archive) -> None:
    card = Card(UID)
    give(desk, "wang", card)
    viewer = owing(desk)
    wish, challenge = ask(desk, viewer)
    lay_down(desk, card, challenge)
    for _ in range(5):
        with pytest.raises(WrongBadge):
            badges.prove(desk.app, viewer, wish, OTHER_PIN, "new")
    with pytest.raises(TooManyAttempts):
        badges.prove(desk.app, viewer, wish, PIN, "new")
    desk.root.execute("UPDATE sign_in_attempt SET locked_until = now() - interval '1 second'")
    badges.prove(desk.app, viewer, wish, PIN, "new")


def test_a_badge_without_a_pin_is_no_second_factor(desk: Archive) -> None:
    desk.root.execute("UPDATE account_secret SET pin_setting = NULL, pin_verifier = NULL")
    give(desk, "wang", Card(UID))
    assert by_password(desk, "wang").owes == "factor"


def test_where_the_role_needs_none_a_badge_signs_and_asks_nothing_at_the_door(desk: Archive) -> None:
    account_of(desk, "zhao", "赵建国", Role.KEEPER)
    set_pin(desk.owner, "zhao", PIN)
    give(desk, "zhao", Card(UID))
    assert by_password(desk, "zhao").owes is None


def test_the_second_person_signs_by_badge_and_pin(desk: Archive) -> None:
    desk.shelf("A-01")
    desk.dossier("D-1", on="A-01")
    desk.act(ActKind.SEAL_BROKEN, "D-1", None, reason="torn")
    desk.act(ActKind.PICKED, "D-1", "W1-DESK-1", authority="令 1")
    card = Card.signing(UID)
    set_pin(desk.owner, "second", PIN)
    give(desk, "second", card)
    wish, challenge = ask(desk, desk.keeper)
    with pytest.raises(TapMissing):
        badges.countersign(desk.app, desk.keeper, wish, PIN)
    lay_down(desk, card, challenge)
    with pytest.raises(WrongPin):
        badges.countersign(desk.app, desk.keeper, wish, OTHER_PIN)
    desk.root.execute("DELETE FROM countersignature")
    opened = desk.asked(ActKind.OPENED, "D-1", None, authority="令 1", witness=desk.second)
    with pytest.raises(SecondPersonNotProven):
        custody.record(desk.app, desk.keeper, opened)
    assert badges.countersign(desk.app, desk.keeper, wish, PIN).login == "second"
    assert custody.record(desk.app, desk.keeper, opened) == 1
    with pytest.raises(TapMissing):  # one tap, one signature
        badges.countersign(desk.app, desk.keeper, wish, PIN)


def test_at_one_desk_one_waits_and_whoever_went_away_waits_no_more(desk: Archive) -> None:
    ask(desk, desk.keeper)
    with pytest.raises(DeskTaken) as taken:
        ask(desk, desk.clerk)
    assert "DESK-1" in taken.value.sentence("zh")
    ask(desk, desk.keeper)  # oneself may begin again
    desk.root.execute("UPDATE tap_wish SET waits_until = now() - interval '1 second'")
    second, _ = ask(desk, desk.clerk)
    assert badges.look(desk.app, desk.clerk, second).state is TapState.WAITING
    desk.root.execute("UPDATE tap_wish SET asked_at = now() - interval '121 seconds'")
    assert badges.look(desk.app, desk.clerk, second).state is TapState.OVER
    with pytest.raises(NoSuchReader):
        ask(desk, desk.keeper, "DESK-9")


def test_a_desk_that_does_not_answer_is_told(desk: Archive) -> None:
    wish, _ = ask(desk, desk.keeper)
    desk.root.execute(
        "UPDATE reader_command SET state = 'timed_out', ended_at = now(), problem_zh = '未应答。', problem_en = 'Silent.'"
    )
    assert badges.look(desk.app, desk.keeper, wish).state is TapState.SILENT


def test_badges_are_given_out_by_the_system_administrator_and_ended_by_their_holders(desk: Archive) -> None:
    card, other = Card.signing(UID), Card(bytes.fromhex("0A0B0C0D"))
    wish, challenge = ask(desk, desk.keeper)
    lay_down(desk, card, challenge)
    with pytest.raises(NotAllowed):
        badges.issue(desk.app, desk.keeper, wish, "keeper")
    with desk.sql_of(desk.keeper) as sql:
        assert sql.execute(
            "SELECT badge_issued(%s, (SELECT tap_id FROM tap_seen(%s)), 'keeper', NULL)", (wish, wish)
        ).fetchone() == (False,)
    desk.root.execute("UPDATE tap_wish SET waits_until = now()")
    give(desk, "wang", card)
    with pytest.raises(BadgeTaken):
        give(desk, "keeper", card)
    with pytest.raises(AccountNotFound):
        give(desk, "nobody", other)
    wish, _ = ask(desk, admin(desk))
    with pytest.raises(TapMissing):
        badges.issue(desk.app, admin(desk), wish, "wang")
    give(desk, "wang", other)  # another one: the first is nobody's any more
    (row,) = badges.badges(desk.app, admin(desk))
    assert (row.login, row.uid, row.signs) == ("wang", other.uid, False)
    assert desk.root.execute("SELECT end_reason FROM badge WHERE ended_at IS NOT NULL").fetchall() == [("replaced",)]
    with pytest.raises(BadgeNotFound):
        badges.end(desk.app, desk.keeper, "wang", "mischief")
    with pytest.raises(NotAllowed):
        badges.badges(desk.app, desk.keeper)
    badges.end(desk.app, admin(desk), "wang", "lost")
    assert badges.badges(desk.app, admin(desk)) == []


def test_a_card_whose_signature_is_wrong_is_given_to_nobody(desk: Archive) -> None:
    with pytest.raises(TapMissing):
        give(desk, "wang", Card.signing(UID, forges=True))
    assert badges.badges(desk.app, admin(desk)) == []


@pytest.mark.parametrize("constraint", BREAKS)
def test_each_constraint_is_broken_by_raw_sql(archive: Archive, constraint: str) -> None:
    PREPARE(archive)
    with pytest.raises(psycopg.Error) as broken:
        archive.root.execute(BREAKS[constraint])
    assert broken.value.diag.constraint_name == constraint
    assert type(refusal_for(broken.value)) is CONSTRAINTS[constraint]


def test_with_the_applications_password_nobody_taps_or_challenges_in_anothers_name(archive: Archive) -> None:
    PREPARE(archive)
    challenge = "33" * 32
    told = (
        "INSERT INTO reader_command (reader_id, kind, arguments, asked_at, due_at, answer_by) SELECT id, 'challenge', "
        f"'{{\"challenge\": \"{challenge}\"}}', now(), now(), now() + interval '1 minute' FROM reader"
    )
    tries = {
        f"SELECT tap_wished('DESK-1', '\\x{challenge}')": BY_THE_APPLICATION,
        told: "reader_command_by_its_roles",
        "INSERT INTO tap (reader_id, uid, received_at) SELECT id, '\\x01020304', now() FROM reader": None,
        WISH.format(challenge=challenge): None,
        "SELECT tap_whose(1, 1, true)": None,
        "SELECT tap_laid(1, 1)": None,
        "SELECT sessions_ended(1)": None,
        "SELECT * FROM badge": None,
    }
    for statement, constraint in tries.items():
        with archive.sql_of(archive.keeper) as app, pytest.raises(psycopg.Error) as refused:
            app.execute(statement)
        assert refused.value.diag.constraint_name == constraint
        assert constraint or isinstance(refused.value, psycopg.errors.InsufficientPrivilege)


def test_a_card_of_somebodys_own_is_told_to_nobody(desk: Archive) -> None:
    """A bus card laid there by mistake, read by SQL with the application's login."""
    lay_down(desk, Card(UID), None)
    with desk.sql_of(desk.keeper) as app:
        seen = "SELECT count(*) FROM desk_taps('W1-DESK-1', now() - interval '1 hour')"
        assert app.execute(seen).fetchone() == (0,)
        desk.dossier("D-1", epc=f"00{UID.hex()}".upper())
        assert app.execute(seen).fetchone() == (1,)


def test_taps_are_kept_for_a_day(desk: Archive) -> None:
    lay_down(desk, Card(UID), None)
    desk.root.execute("UPDATE tap SET received_at = received_at - interval '25 hours'")
    lay_down(desk, Card(bytes.fromhex("01020304")), None)
    assert desk.root.execute("SELECT uid FROM tap").fetchall() == [(bytes.fromhex("01020304"),)]


def test_whoever_runs_the_machine_ends_the_badge_of_who_can_not_get_in(desk: Archive, tmp_path: Path) -> None:
    """The administrator's own, or when no desk works: by the command line, after which the password asks for a telephone."""
    give(desk, "wang", Card.signing(UID))
    owing(desk)
    load_key_ring(tmp_path / "guiwei.key", make=True)
    guiwei = Guiwei(tmp_path)
    guiwei.set("GUIWEI_OWNER_DATABASE_URL", desk.owner_url)
    (told,) = guiwei("badge", "list", "--json").result["badges"]
    assert (told["login"], told["ending"], told["signs"]) == ("wang", "E5F6", True)
    assert "E5F6" in guiwei("badge", "list").out
    assert "wang" in guiwei("badge", "end", "wang", "--reason", "no desk works").out
    assert "wang" in guiwei("badge", "end", "wang").refused()
    row = desk.root.execute("SELECT ended_by, end_reason FROM badge").fetchone()
    assert row == (None, "no desk works")
    assert desk.root.execute("SELECT count(*) FROM web_session WHERE owes = 'code'").fetchone() == (0,)
    assert by_password(desk, "wang").owes == "factor"
