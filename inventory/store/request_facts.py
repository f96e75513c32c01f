"""What requests ask the registry for: a dossier as it stands, who is tied to it, what its person was, a rule's number."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.domain.requests import RequestKind
from inventory.domain.standing import Standing
from inventory.store.ledger import standing


@dataclass(frozen=True, slots=True)
class DossierRow:
    """A dossier as requests need it."""

    dossier_id: int
    number: str
    subject_id: int
    agency_id: int
    deposit_type: str | None


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """A volume as it stands; place and standing None: no act yet."""

    ordinal: int
    name: str
    place: str | None
    standing: Standing | None
    seal_number: str | None
    pieces: int | None


_DOSSIER = "SELECT id AS dossier_id, number, subject_id, holding_agency_id AS agency_id, deposit_type FROM dossier"


def dossier(connection: psycopg.Connection[Any], number: str, agency_id: int | None) -> DossierRow | None:
    """The dossier of that number, if the agency (None: any) holds it."""
    query = _DOSSIER + " WHERE number = %s AND (%s::int IS NULL OR holding_agency_id = %s)"
    with connection.cursor(row_factory=class_row(DossierRow)) as cursor:
        return cursor.execute(query, (number, agency_id, agency_id)).fetchone()


def lock_dossier(connection: psycopg.Connection[Any], dossier_id: int) -> DossierRow:
    """A dossier whose requests nobody else adds to or decides until the transaction ends."""
    with connection.cursor(row_factory=class_row(DossierRow)) as cursor:
        row = cursor.execute(_DOSSIER + " WHERE id = %s FOR NO KEY UPDATE", (dossier_id,)).fetchone()
    assert row is not None, "nobody deletes a dossier"
    return row


def agencies_by_division(connection: psycopg.Connection[Any], today: date) -> dict[str, str]:
    """The agency of each division, by the six digits its code begins with; where there are several, the one above."""
    query = """
        SELECT DISTINCT ON (division) division, code
        FROM (SELECT left(code, 6) AS division, code, id FROM agency
              WHERE code ~ '^[0-9]{6}' AND coalesce(valid_to, 'infinity') >= %s) AS known
        ORDER BY division, length(code), id
    """
    return dict(connection.execute(query, (today,)).fetchall())


def dossiers_covered(connection: psycopg.Connection[Any], kind: str, dossier_id: int) -> list[int]:
    """The dossiers a request of that kind is about (`request_volume`): a transfer takes along what was merged into its own."""
    if kind != RequestKind.TRANSFER:
        return [dossier_id]
    with connection.cursor(row_factory=scalar_row) as cursor:
        merged = cursor.execute(
            "SELECT duplicate_id FROM dossier_merge WHERE survivor_id = %s ORDER BY 1", (dossier_id,)
        ).fetchall()
    return [dossier_id, *merged]


def survivor_of(connection: psycopg.Connection[Any], dossier_id: int) -> str | None:
    """The number of the dossier this one was merged into, None where it stands by itself."""
    query = "SELECT number FROM dossier_merge JOIN dossier ON dossier.id = survivor_id WHERE duplicate_id = %s"
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, (dossier_id,)).fetchone()


def volumes(connection: psycopg.Connection[Any], dossier_ids: Sequence[int]) -> list[VolumeRow]:
    """All volumes of these dossiers as they stand, dossier by dossier in the order given."""
    query = """
        SELECT ordinal, volume_name(number, ordinal), place.code, place.kind, legal, seal, marks, seal_number, pieces
        FROM unnest(%s::int[]) WITH ORDINALITY AS covered (dossier_id, position) JOIN dossier ON dossier.id = covered.dossier_id
        JOIN volume ON volume.dossier_id = dossier.id LEFT JOIN holding ON holding.volume_id = volume.id
        LEFT JOIN place ON place.id = holding.place_id ORDER BY position, ordinal
    """
    return [
        VolumeRow(
            ordinal, name, place, None if kind is None else standing(kind, legal, seal, marks), seal_number, pieces
        )
        for ordinal, name, place, kind, legal, seal, marks, seal_number, pieces in connection.execute(
            query, (list(dossier_ids),)
        )
    ]


def retired_by(connection: psycopg.Connection[Any], request: str, dossier_ids: Sequence[int]) -> set[str]:
    """The volumes of these dossiers whose person's retirement was recorded by the approval of a request, by its number."""
    query = """
        SELECT volume_name(number, ordinal) FROM dossier JOIN volume ON volume.dossier_id = dossier.id
        WHERE dossier.id = ANY(%s) AND (
            SELECT details::jsonb ->> 'request' FROM act WHERE act.volume_id = volume.id AND kind = 'retired'
            ORDER BY version DESC LIMIT 1) = %s
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        return set(cursor.execute(query, (list(dossier_ids), request)))


def died_on(connection: psycopg.Connection[Any], dossier_id: int) -> date | None:
    """The day of death that was recorded last."""
    query = """
        SELECT (details::jsonb ->> 'died_on')::date FROM act JOIN volume ON volume.id = volume_id
        WHERE dossier_id = %s AND kind = 'deceased' ORDER BY recorded_at DESC LIMIT 1
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, (dossier_id,)).fetchone()


def scan_link(connection: psycopg.Connection[Any], dossier_id: int) -> str | None:
    """Where the newest scan of a dossier is, None where there is none."""
    query = """
        SELECT details::jsonb ->> 'link' FROM act JOIN volume ON volume.id = volume_id
        WHERE dossier_id = %s AND kind = 'scanned' ORDER BY recorded_at DESC LIMIT 1
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, (dossier_id,)).fetchone()


# ── What persons are to dossiers ─────────────────────────────────────────────────────────────────────────────────────


def is_tied(connection: psycopg.Connection[Any], account_id: int, dossier_id: int) -> bool:
    """Whether the dossier is the account holder's own, or a declared relative's."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        query = "SELECT is_own_or_relative(%s, %s)"
        return bool(cursor.execute(query, (account_id, dossier_id)).fetchone())


def add_tie(
    connection: psycopg.Connection[Any],
    login: str,
    tie: str,
    id_number_hash: bytes | None,
    subject_id: int | None,
    declared_by: int,
    now: datetime,
) -> bool:
    """Declare whose dossier an account may not touch; False where no account has that login."""
    query = """
        INSERT INTO account_subject_tie (account_id, tie, id_number_hash, subject_id, declared_by, declared_at)
        SELECT id, %s, %s, %s, %s, %s FROM account WHERE login = %s
    """
    return bool(connection.execute(query, (tie, id_number_hash, subject_id, declared_by, now, login)).rowcount)


@dataclass(frozen=True, slots=True)
class TieRow:
    """A declared tie, to whom isn't told; by_number: by the hash of an ID number, else by a dossier's person."""

    tie_id: int
    login: str
    name: str
    tie: str
    by_number: bool
    declared_by: str
    declared_at: datetime
    reason: str | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None


def ties(connection: psycopg.Connection[Any], rows_max: int) -> list[TieRow]:
    """Every tie for a security administrator, those that stand first; none for others."""
    with connection.cursor(row_factory=class_row(TieRow)) as cursor:
        return cursor.execute("SELECT * FROM tie_list(%s)", (rows_max,)).fetchall()


def withdraw_tie(connection: psycopg.Connection[Any], tie_id: int, reason: str) -> bool:
    """A tie declared by mistake counts no more, and stays on record; False where there is none."""
    return connection.execute("SELECT tie_withdraw(%s, %s)", (tie_id, reason)).fetchone() == (True,)


def id_hash_of(connection: psycopg.Connection[Any], dossier_id: int) -> bytes | None:
    """The keyed hash of the subject's ID number."""
    query = "SELECT id_number_hash FROM subject JOIN dossier ON subject_id = subject.id WHERE dossier.id = %s"
    with connection.cursor(row_factory=scalar_row) as cursor:
        found = cursor.execute(query, (dossier_id,)).fetchone()
    return None if found is None else bytes(found)


def add_visitors(
    connection: psycopg.Connection[Any], request_id: int, visitors: Sequence[tuple[str, bytes, bytes]]
) -> None:
    """Keep who came to read: (name, encrypted ID number, its keyed hash) each."""
    names, ciphers, hashes = zip(*visitors, strict=True)
    connection.execute(
        "INSERT INTO request_visitor (request_id, ordinal, name, id_number_cipher, id_number_hash) "
        "SELECT %s, ordinal, name, cipher, hash FROM unnest(%s::text[], %s::bytea[], %s::bytea[]) "
        "WITH ORDINALITY AS told (name, cipher, hash, ordinal)",
        (request_id, list(names), list(ciphers), list(hashes)),
    )


def careers(connection: psycopg.Connection[Any], subject_id: int) -> list[str]:
    """What is recorded of a person's career."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT career FROM subject_career WHERE subject_id = %s", (subject_id,)).fetchall()


def add_career(
    connection: psycopg.Connection[Any], subject_id: int, career: str, document: str, account_id: int, now: datetime
) -> None:
    """Record what a person was, by a document; what is recorded already stays."""
    connection.execute(
        "INSERT INTO subject_career VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (subject_id, career, document, account_id, now),
    )


def account_id(connection: psycopg.Connection[Any], login: str) -> int:
    """The row id of an account that the migration made."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return int(cursor.execute("SELECT id FROM account WHERE login = %s", (login,)).fetchone() or 0)


# ── Numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def rule_numbers(connection: psycopg.Connection[Any], day: date) -> dict[tuple[str, str], int]:
    """The site's own numbers that hold on a day, by rule and purpose ('': all purposes)."""
    query = "SELECT DISTINCT ON (rule, purpose) rule, purpose, value FROM rule_number WHERE since <= %s ORDER BY 1, 2, since DESC"
    return {(rule, purpose): value for rule, purpose, value in connection.execute(query, (day,))}


def add_rule_number(
    connection: psycopg.Connection[Any],
    rule: str,
    purpose: str,
    value: int,
    since: date,
    document: str,
    account_id: int | None,
    now: datetime,
) -> None:
    """Set a number from a day on."""
    connection.execute(
        "INSERT INTO rule_number (rule, purpose, value, since, document, set_by, set_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (rule, purpose, value, since, document, account_id, now),
    )


def calendar_days(connection: psycopg.Connection[Any]) -> list[tuple[date, str, str]]:
    """The site's own working and free days: (day, kind, source) each."""
    return connection.execute(
        "SELECT DISTINCT ON (day) day, kind, source FROM calendar_day ORDER BY day, id DESC"
    ).fetchall()


def add_calendar_days(
    connection: psycopg.Connection[Any], days: Sequence[tuple[date, str, str]], account_id: int | None, now: datetime
) -> None:
    """Keep days of a site's own notices."""
    columns = zip(*days, strict=True)
    connection.execute(
        "INSERT INTO calendar_day (day, kind, source, set_by, set_at) "
        "SELECT day, kind, source, %s, %s FROM unnest(%s::date[], %s::text[], %s::text[]) AS told (day, kind, source)",
        (account_id, now, *map(list, columns)),
    )


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """What a transfer notice says beside its request; sealed_by: the two who sealed volume 1, where the ledger tells."""

    agency_code: str
    agency: str
    year: int
    serial: int
    recipient: str
    address: str
    subject: str = field(repr=False)
    employer: str | None
    sealed_by: str | None
    sealed_with: str | None
    seal_number: str | None
    sent_by: str | None


def notice(connection: psycopg.Connection[Any], request_id: int) -> NoticeRow | None:
    """The transfer notice of a request; None where none was issued."""
    query = """
        SELECT agency.code AS agency_code, agency.name AS agency, year, serial, institution.name AS recipient, address,
               subject.name AS subject, employer, sealed.by AS sealed_by, sealed.with AS sealed_with,
               sealed.number AS seal_number, sent.by AS sent_by
        FROM transfer_notice JOIN request ON request.id = request_id JOIN agency ON agency.id = transfer_notice.agency_id
        JOIN institution ON institution.id = institution_id JOIN dossier ON dossier.id = dossier_id
        JOIN subject ON subject.id = subject_id
        LEFT JOIN LATERAL (
            -- An envelope sealed before there was a ledger has no such act: the two who sent it looked at its strip.
            SELECT actor.name AS by, witness.name AS with, act.details::jsonb ->> 'seal_number' AS number
            FROM act JOIN volume ON volume.id = volume_id
            JOIN account AS actor ON actor.id = actor_id LEFT JOIN account AS witness ON witness.id = witness_id
            WHERE volume.dossier_id = dossier.id AND kind IN ('sealed', 'transferred')
            ORDER BY kind = 'sealed' DESC, recorded_at DESC LIMIT 1) AS sealed ON true
        LEFT JOIN LATERAL (
            SELECT actor.name AS by FROM act JOIN volume ON volume.id = volume_id JOIN account AS actor ON actor.id = actor_id
            WHERE volume.dossier_id = dossier.id AND kind = 'transferred' ORDER BY recorded_at DESC LIMIT 1) AS sent ON true
        WHERE request_id = %s
    """
    with connection.cursor(row_factory=class_row(NoticeRow)) as cursor:
        return cursor.execute(query, (request_id,)).fetchone()


def next_notice(connection: psycopg.Connection[Any], agency_id: int, year: int) -> int:
    """The next serial of an agency's transfer notices: taken with the transaction, given back where it rolls back."""
    query = """
        INSERT INTO transfer_notice_counter (agency_id, year, serial) VALUES (%s, %s, 1)
        ON CONFLICT (agency_id, year) DO UPDATE SET serial = transfer_notice_counter.serial + 1 RETURNING serial
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        return int(cursor.execute(query, (agency_id, year)).fetchone() or 0)


def add_notice(
    connection: psycopg.Connection[Any], request_id: int, agency_id: int, day: date, serial: int, number: str
) -> None:
    """Issue a transfer notice."""
    connection.execute(
        "INSERT INTO transfer_notice (request_id, agency_id, year, serial, number, issued_on) VALUES (%s, %s, %s, %s, %s, %s)",
        (request_id, agency_id, day.year, serial, number, day),
    )
