"""Every constraint of badges and taps, broken by the superuser's own SQL."""

from tests.conftest import Archive


def PREPARE(archive: Archive) -> None:  # noqa: N802 - the schema's test asks every folder for it by this name
    """A desk with its reader, two people with a badge each, and a browser that waits at the desk."""
    archive.desk("W1-D1")
    archive.root.execute("INSERT INTO reader (code, dialect, topic, timezone) VALUES ('DESK-1', 'native', 'd', 'UTC')")
    archive.root.execute(
        "INSERT INTO antenna (reader_id, number, role, place_id) SELECT reader.id, 0, 'desk', place.id FROM reader, place "
        "WHERE reader.code = 'DESK-1' AND place.code = 'W1-D1'"
    )
    archive.root.execute(GIVE.format(who="keeper", uid="01020304", key="NULL"))
    archive.root.execute(GIVE.format(who="second", uid="05060708", key="NULL"))
    archive.root.execute(WISH.format(challenge="11" * 32))


GIVE = (
    "INSERT INTO badge (account_id, uid, public_key, issued_by) "
    "SELECT id, '\\x{uid}', {key}, id FROM account WHERE login = '{who}'"
)
WISH = (
    "INSERT INTO tap_wish (reader_id, session_hash, challenge, waits_until) "
    "SELECT id, '\\x01', '\\x{challenge}', now() + interval '1 hour' FROM reader WHERE code = 'DESK-1'"
)
OF_KEEPER = "account_id = (SELECT id FROM account WHERE login = 'keeper')"

BY_THE_APPLICATION = "tap_one_waits"  # a session is needed to get so far

BREAKS = {
    "badge_uid_length": GIVE.format(who="clerk", uid="010203", key="NULL"),
    "badge_key_length": GIVE.format(who="clerk", uid="0A0B0C0D", key="'\\x04'"),
    "badge_ended_whole": f"UPDATE badge SET ended_at = now() WHERE {OF_KEEPER}",
    "badge_of_one_person": GIVE.format(who="clerk", uid="01020304", key="NULL"),
    "badge_one_each": GIVE.format(who="keeper", uid="0A0B0C0D", key="NULL"),
    "badge_stays": f"UPDATE badge SET uid = '\\x0A0B0C0D' WHERE {OF_KEEPER}",
    "tap_by_session": "SELECT tap_wished('DESK-1', '\\x" + "22" * 32 + "')",
    "tap_wish_challenge_length": WISH.format(challenge="11"),
    "tap_wish_asked_once": WISH.format(challenge="11" * 32),
}
