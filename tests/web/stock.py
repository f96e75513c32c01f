"""Dossiers of people with names, ID numbers and old numbers, and what the radio believes of them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from inventory.domain.identifiers import id_check_character, read_id_number
from inventory.domain.people import Role, Viewer
from inventory.domain.search import tokens_of
from inventory.operations.secrets_kept import Kept, kept
from inventory.operations.signing_in import add_account
from inventory.store import people
from inventory.store.database import raw
from tests.conftest import Archive


def password_of(login: str) -> str:
    return f"{login[::-1]} opens the door"  # a password holds no login


@cache
def kept_of(login: str) -> Kept:
    """What is stored of a login's password: argon2id takes a fifth of a second, so a run computes it once for each login."""
    return kept(password_of(login))


def account_of(archive: Archive, login: str, name: str, role: Role, agency: str | None = None) -> Viewer:
    """Somebody whose password is `password_of`."""
    viewer = add_account(archive.owner, login, name, role, agency, None)
    with archive.owner.transaction() as session:
        people.keep_password(raw(session), viewer.account_id, kept_of(login).setting, kept_of(login).verifier)
    return viewer


def id_number(first_seventeen: str) -> str:
    return first_seventeen + id_check_character(first_seventeen)


def person_of(
    archive: Archive,
    dossier: str,
    name: str,
    *,
    agency: str = "370112",
    number: str | None = None,
    aliases: Sequence[str] = (),
    born: int | None = 1980,
    employer: str | None = "济南第二机床厂",
) -> None:
    """Say whose dossier it is, as the import does: subject, aliases, holding agency, search tokens."""
    subject: list[object] = [name, born, employer, None, None, None]
    if number is not None:
        normalised = read_id_number(number, historic=True).normalised
        keys = archive.keys
        subject[3:] = keys.encrypt(normalised), keys.number_hash(normalised), keys.last_six_hash(normalised[-6:])
    archive.root.execute(
        "UPDATE subject SET (name, birth_year, employer, id_number_cipher, id_number_hash, id_last_six_hash)"
        " = (%s, %s, %s, %s, %s, %s) WHERE id = (SELECT subject_id FROM dossier WHERE number = %s)",
        (*subject, dossier),
    )
    archive.root.execute(
        "UPDATE dossier SET holding_agency_id = (SELECT id FROM agency WHERE code = %s) WHERE number = %s",
        (agency, dossier),
    )
    for alias in aliases:
        archive.root.execute("INSERT INTO dossier_alias SELECT id, %s FROM dossier WHERE number = %s", (alias, dossier))
    archive.root.execute(
        "INSERT INTO search_token SELECT unnest(%s::text[]), holding_agency_id, id FROM dossier WHERE number = %s",
        (tokens_of(dossier, aliases, name), dossier),
    )


def believe(
    archive: Archive, dossier: str, place: str, probability: float = 0.97, seen_at: datetime | None = None
) -> None:
    """The radio believes a dossier's first volume at a place and says so to whoever listens, as the belief step does."""
    row = archive.root.execute("SELECT max(version) FROM model").fetchone()
    model = row[0] if row and row[0] else None
    if model is None:
        archive.root.execute("INSERT INTO model (made_at, parameters) VALUES (now(), '{}')")
    volume = archive.root.execute(
        "INSERT INTO belief (volume_id, place_id, probability, reads, last_seen_at, model_version)"
        " SELECT volume.id, place.id, %s, 12, %s, (SELECT max(version) FROM model)"
        " FROM volume JOIN dossier ON dossier.id = dossier_id, place"
        " WHERE number = %s AND ordinal = 1 AND place.code = %s"
        " ON CONFLICT (volume_id) DO UPDATE SET place_id = excluded.place_id, probability = excluded.probability,"
        " last_seen_at = excluded.last_seen_at RETURNING volume_id",
        (probability, seen_at or datetime.now(UTC), dossier, place),
    ).fetchone()
    assert volume is not None
    archive.root.execute("SELECT pg_notify('belief', %s)", (json.dumps(list(volume)),))
