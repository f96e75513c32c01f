"""Whoever has a password, a copy of a number, a recording or the application's own login, and tries what else it might open."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from devices.pipeline import Pipeline, known_readers
from inventory.domain.badges import TapState
from inventory.domain.people import Role
from inventory.domain.refusals import NotSignedIn, TapMissing, TooManyAttempts, WrongBadge, WrongPin
from inventory.operations import accounts, badges, secrets_kept, signing_in
from inventory.operations.countersigning import set_pin
from inventory.operations.taking_evidence import take_evidence
from inventory.store import evidence, taps
from inventory.store.database import raw
from inventory.store.readers import registered_antennas
from tests.conftest import Archive
from tests.desk.conftest import PIN, TOPIC
from tests.desk.test_badges import OTHER_PIN, UID, ask, by_password, give, lay_down, owing
from tests.desk.virtual import Card
from tests.site import ONE_ENGINE
from tests.web.stock import account_of, password_of

pytestmark = ONE_ENGINE


def test_the_password_forgives_no_wrong_pin(desk: Archive) -> None:
    """Signing in again between guesses would buy new ones."""
    give(desk, "wang", card := Card(UID))
    viewer = owing(desk)
    wish, challenge = ask(desk, viewer)
    lay_down(desk, card, challenge)
    for _ in range(4):
        with pytest.raises(WrongBadge):
            badges.prove(desk.app, viewer, wish, OTHER_PIN, "new")
    owing(desk)
    with pytest.raises(WrongBadge):
        badges.prove(desk.app, viewer, wish, OTHER_PIN, "new")
    with pytest.raises(TooManyAttempts):
        badges.prove(desk.app, viewer, wish, PIN, "new")


def test_without_the_badge_no_pin_is_looked_at(desk: Archive) -> None:
    """Else the lock would tell a thief of the password which PIN is right."""
    give(desk, "wang", Card(UID))
    viewer = owing(desk)
    wish, _ = ask(desk, viewer)
    for _ in range(5):
        with pytest.raises(WrongBadge):
            badges.prove(desk.app, viewer, wish, PIN, "new")
    with pytest.raises(TooManyAttempts):
        badges.prove(desk.app, viewer, wish, PIN, "new")


def test_a_password_that_was_given_is_changed_also_by_whoever_has_a_badge(desk: Archive) -> None:
    give(desk, "wang", card := Card(UID))
    desk.root.execute("UPDATE account_secret SET password_given = true")
    viewer = by_password(desk, "wang").viewer
    assert by_password(desk, "wang").owes == "password"
    accounts.change_password(desk.app, viewer, password_of("wang"), "a longer one of her own 7", "next")
    opened = signing_in.session_of(desk.app, "next")
    assert opened.owes == "code"
    wish, challenge = ask(desk, opened.viewer)
    lay_down(desk, card, challenge)
    badges.prove(desk.app, opened.viewer, wish, PIN, "new")
    assert signing_in.viewer_of_session(desk.app, "new").login == "wang"


def say(archive: Archive, told: bytes, at: datetime) -> None:
    with archive.jobs.unpooled() as connection:
        evidence.prepare(connection)
        pipeline = Pipeline(known_readers(registered_antennas(connection, slot=None)), {})
        pipeline.add(TOPIC, told, int(at.timestamp() * 1e6))
        batch, days = pipeline.take_batch()
        take_evidence(connection, batch, days, now=at)


@pytest.mark.parametrize("away", [timedelta(days=-3), timedelta(hours=-1), timedelta(days=3)])
def test_a_recording_that_is_replayed_lays_nothing_down_and_takes_nothing_away(desk: Archive, away: timedelta) -> None:
    give(desk, "wang", card := Card(UID))
    viewer = owing(desk)
    wish, challenge = ask(desk, viewer)
    told = b'{"tap": "%s", "challenge": "%s"}' % (UID.hex().encode(), challenge.hex().encode())
    say(desk, told, datetime.now(UTC) + away)
    assert badges.look(desk.app, viewer, wish).state is TapState.WAITING
    lay_down(desk, card, challenge)
    say(desk, told.replace(b"a1b2", b"ffff"), datetime.now(UTC) + away)
    assert badges.look(desk.app, viewer, wish).state is TapState.LAID


def test_a_tap_of_before_answers_no_challenge_that_is_asked_again(desk: Archive) -> None:
    """The application's login could ask for a challenge it has heard answered."""
    give(desk, "wang", card := Card.signing(UID))
    viewer = owing(desk)
    _, challenge = ask(desk, viewer)
    lay_down(desk, card, challenge)
    again = badges.ask(desk.app, viewer, "DESK-1", challenge).wish_id
    assert badges.look(desk.app, viewer, again).state is TapState.WAITING
    with pytest.raises(WrongBadge):
        badges.prove(desk.app, viewer, again, PIN, "new")


def test_who_stopped_waiting_does_not_begin_again_beside_another(desk: Archive) -> None:
    wish, _ = ask(desk, desk.keeper)
    desk.root.execute("UPDATE tap_wish SET waits_until = now() - interval '1 second'")
    ask(desk, desk.clerk)
    assert badges.look(desk.app, desk.keeper, wish).state is TapState.OVER
    ask(desk, desk.clerk)


def test_a_session_that_ended_sees_no_tap(desk: Archive) -> None:
    give(desk, "wang", card := Card(UID))
    viewer = owing(desk)
    wish, challenge = ask(desk, viewer)
    lay_down(desk, card, challenge)
    desk.root.execute("UPDATE web_session SET expires_at = now() WHERE owes = 'code'")
    assert badges.look(desk.app, viewer, wish).name is None


def test_what_was_found_of_one_card_says_nothing_of_the_next(desk: Archive) -> None:
    """A thief's own badge signs; a copy of another's number is laid down before the PIN is sent."""
    account_of(desk, "sun", "孙丽", Role.AGENCY_HEAD, "370112")
    set_pin(desk.owner, "sun", OTHER_PIN)
    give(desk, "wang", Card.signing(UID))
    give(desk, "sun", own := Card.signing(bytes.fromhex("0A0B0C0D")))
    viewer = owing(desk)
    wish, challenge = ask(desk, viewer)
    proof = secrets_kept.proof(PIN, signing_in.secret_asked(desk.app, "wang", "pin").setting)
    lay_down(desk, own, challenge)
    with desk.app.transaction(viewer) as session:
        seen = taps.seen(raw(session), wish)
    assert seen is not None and seen.login == "sun"
    lay_down(desk, Card(UID), challenge)
    with desk.app.transaction(viewer) as session:
        assert not taps.tell(raw(session), wish, seen, verified=True, proof=proof, new_hash=b"new")
        assert taps.countersign(raw(session), wish, seen, verified=True, proof=proof) is None


def test_two_who_prove_themselves_by_one_tap_at_once_are_one(desk: Archive) -> None:
    account_of(desk, "qian", "钱进", Role.KEEPER)
    set_pin(desk.owner, "qian", PIN)
    give(desk, "qian", card := Card(UID))
    wish, challenge = ask(desk, desk.keeper)
    lay_down(desk, card, challenge)
    desk.root.execute("DELETE FROM countersignature")
    gate = Barrier(2)

    def sign() -> bool:
        gate.wait(20)
        try:
            return badges.countersign(desk.app, desk.keeper, wish, PIN).login == "qian"
        except (TapMissing, WrongPin):
            return False

    with ThreadPoolExecutor(2) as both:
        told = [one.result() for one in [both.submit(sign), both.submit(sign)]]
    assert sorted(told) == [False, True]
    assert desk.root.execute("SELECT count(*) FROM countersignature").fetchone() == (1,)


def test_who_ends_a_badge_ends_what_it_opened(desk: Archive) -> None:
    give(desk, "wang", card := Card(UID))
    viewer = owing(desk)
    wish, challenge = ask(desk, viewer)
    lay_down(desk, card, challenge)
    badges.prove(desk.app, viewer, wish, PIN, "thief")
    other = owing(desk)
    wish, challenge = ask(desk, other)
    lay_down(desk, card, challenge)
    badges.prove(desk.app, other, wish, PIN, "own")
    badges.end(desk.app, replace(other, secret="own"), "wang", "lost")
    assert signing_in.viewer_of_session(desk.app, "own").login == "wang"
    with pytest.raises(NotSignedIn):
        signing_in.viewer_of_session(desk.app, "thief")
