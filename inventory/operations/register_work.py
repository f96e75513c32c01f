"""Work on the register: duplicates and whole agencies are merged, deposit types change. Numbers never do."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.counting import LOCAL
from inventory.domain.details import Detail
from inventory.domain.identifiers import VolumeName, read_id_number
from inventory.domain.merging import (
    Identity,
    check_counts,
    check_proof,
    merger_number,
    parse_merger_number,
    parse_proof,
)
from inventory.domain.names import folded
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import (
    AgencyNotFound,
    AuthorityMissing,
    BadInput,
    DossierNotFound,
    MergeAcrossAgencies,
    MergedIntoItself,
    MergerClosed,
    MergerNotFound,
)
from inventory.domain.search import TOKEN_CHARACTERS_MAX
from inventory.operations import custody
from inventory.operations.custody import VOLUMES_PER_ACT_MAX, Asked, Seen, part_of
from inventory.store import counts, ledger, register_work
from inventory.store.database import Database, raw
from inventory.store.keys import KeyRing
from inventory.store.register_work import Envelope, Merger

MERGERS_SHOWN_MAX = 100
COUNT_MAX = 10_000_000  # a province


# ── Duplicates ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two dossiers said to be one person's: the survivor stays, the duplicate counts with it from now on.

    proof: its kind; proof_document: what was shown, by its number. authority: the decision. second: the other reviewer.
    """

    command_id: UUID
    duplicate: str
    survivor: str
    proof: str
    proof_document: str
    authority: str
    second: Viewer


def merge_duplicate(database: Database, viewer: Viewer, asked: Duplicate, now: datetime) -> int:
    """Merge a duplicate into its survivor after two reviewed the proof; returns the acts written, 0 where it was done before.

    The duplicate keeps its number, volumes, tags and places; its numbers become aliases of the survivor. Raises
    `SameNameIsNoProof`, `ProofContradicted`, `MergedIntoItself`, `MergeAcrossAgencies`, `AlreadyMerged`,
    `DossierNotFound`, and what `custody.write` raises.
    """
    proof = parse_proof(asked.proof)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, asked.command_id, ("merge", viewer.account_id, asked)):
            return 0
        found = register_work.envelopes(connection, [asked.duplicate, asked.survivor])
        duplicate, survivor = (_seen(found, number, viewer) for number in (asked.duplicate, asked.survivor))
        if duplicate.dossier_id == survivor.dossier_id:
            raise MergedIntoItself(dossier=duplicate.number)
        if duplicate.agency_id != survivor.agency_id:
            raise MergeAcrossAgencies
        check_proof(proof, asked.proof_document, *(_identity(database.keys, one) for one in (survivor, duplicate)))
        details = {Detail.MERGED_INTO.value: survivor.number, Detail.PROOF.value: f"{proof.zh} {asked.proof_document}"}
        written = custody.write(
            connection,
            viewer,
            Asked(
                part_of(asked.command_id, "merged"),
                ActKind.MERGED,
                [Seen(VolumeName(duplicate.number, ordinal)) for ordinal in duplicate.volumes],
                None,
                now,
                authority=asked.authority,
                witness=asked.second,
                details=details,
            ),
            through="merging",
        )
        reviewers = viewer.account_id, asked.second.account_id
        told = proof.value, asked.proof_document
        register_work.add_merge(connection, duplicate, survivor, told, asked.authority, reviewers, now)
        numbers = [duplicate.number, *duplicate.aliases]
        tokens = [folded(number)[:TOKEN_CHARACTERS_MAX] for number in numbers]
        register_work.find_also_as(connection, survivor, numbers, [token for token in tokens if token])
    return written


def _seen(found: dict[str, Envelope], number: str, viewer: Viewer) -> Envelope:
    if number not in found or viewer.agency_seen() not in {None, found[number].agency_id}:
        raise DossierNotFound(dossier=number)
    return found[number]


def _identity(keys: KeyRing, envelope: Envelope) -> Identity:
    """What the register knows of somebody; a wrong ID number of an old paper proves nothing."""
    cipher = envelope.id_number_cipher
    valid = cipher is not None and read_id_number(keys.decrypt(cipher), historic=True).citizen_id is not None
    return Identity(folded(envelope.name), envelope.id_number_hash if valid else None)


# ── Agencies ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Announced:
    """A merger by a document: all dossiers of one agency go to another."""

    command_id: UUID
    document: str
    from_agency: str
    to_agency: str


def announce_merger(database: Database, viewer: Viewer, asked: Announced, now: datetime) -> str:
    """Announce a merger, so that both sides can certify the count; returns its number.

    Raises `NotAllowed`, `AgencyNotFound`, `MergerUnderWay` and `AuthorityMissing`.
    """
    check_permitted(viewer, Permission.ANNOUNCE_MERGERS)
    if not asked.document.strip():
        raise AuthorityMissing(act="变更保管机构", act_en="holding agency changed")
    if asked.from_agency == asked.to_agency:
        raise BadInput(problem_zh="移交方和接收方不能是同一机构", problem_en="an agency isn't merged into itself")
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, asked.command_id, ("announce", viewer.account_id, asked)):
            known = register_work.merger_from(connection, asked.from_agency)
            assert known is not None, "announced by this command"
            return merger_number(known)
        agencies = dict(
            connection.execute(
                "SELECT code, id FROM agency WHERE code = ANY(%s)", ([asked.from_agency, asked.to_agency],)
            ).fetchall()
        )
        for code in (asked.from_agency, asked.to_agency):
            if code not in agencies:
                raise AgencyNotFound(agency=code)
        merger_id = register_work.add_merger(
            connection,
            asked.document.strip(),
            agencies[asked.from_agency],
            agencies[asked.to_agency],
            viewer.account_id,
            now,
        )
    return merger_number(merger_id)


def certify_count(
    database: Database, viewer: Viewer, number: str, count: int, *, command_id: UUID, now: datetime
) -> None:
    """The head of one of the two agencies certifies how many dossiers go over; told again, the newer count stands.

    The count isn't shown before: each side counts for itself. Raises `MergerNotFound`, `MergerClosed`, `NotAllowed`.
    """
    check_permitted(viewer, Permission.CERTIFY_SIDES)
    assert viewer.agency_id is not None, "a head belongs to an agency"
    if not 0 <= count <= COUNT_MAX:
        raise BadInput(problem_zh="数量应为非负整数", problem_en="a count is a whole number from 0")
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, command_id, ("certify count", viewer.account_id, number, count)):
            return
        merger = _merger(connection, viewer, number)
        register_work.certify_side(connection, merger, viewer.agency_id, count, viewer.account_id, now)


def withdraw_merger(database: Database, viewer: Viewer, number: str, *, command_id: UUID) -> None:
    """The merger doesn't take place after all."""
    check_permitted(viewer, Permission.ANNOUNCE_MERGERS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if ledger.once(connection, command_id, ("withdraw merger", viewer.account_id, number)):
            register_work.withdraw_merger(connection, _merger(connection, viewer, number).merger_id)


def carry_out_merger(
    database: Database, viewer: Viewer, number: str, *, command_id: UUID, witness: Viewer, now: datetime
) -> Merger:
    """Hand all dossiers of the merged agency to its successor, each by an act, in one transaction.

    What both sides certified and what is held must be one number; the successor then holds just as many more. The ledger
    stands still meanwhile (some ten thousand volumes a second). Raises `CountsUncertified`, `CountsDiffer`,
    `MergerClosed`, and what `custody.write` raises.
    """
    with database.transaction(viewer) as session:
        connection = raw(session)
        # One merger at a time: two that both hold acts back would wait for each other.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('guiwei agency merger'))")
        content = ("carry out merger", viewer.account_id, number, witness.account_id)
        if not ledger.once(connection, command_id, content):
            return _merger(connection, viewer, number, closed=True)
        merger = _merger(connection, viewer, number)
        counts.known_now(
            connection
        )  # Acts wait from here on: none comes between reading the volumes and writing theirs.
        before = register_work.dossiers_counted(connection, merger.to_id, counts.COUNTED)
        held = register_work.dossiers_counted(connection, merger.from_id, counts.COUNTED)
        count = check_counts(merger.from_count, merger.to_count, held)
        volumes = register_work.volumes_alive(connection, merger.from_id)
        details = {
            Detail.FROM_AGENCY.value: merger.from_code,
            Detail.TO_AGENCY.value: merger.to_code,
            Detail.COUNT.value: count,
        }
        asked = Asked(
            command_id,
            ActKind.AGENCY_CHANGED,
            [],
            None,
            now,
            authority=merger.document,
            witness=witness,
            details=details,
        )
        for start in range(0, len(volumes), VOLUMES_PER_ACT_MAX):
            part = [Seen(VolumeName(*name)) for name in volumes[start : start + VOLUMES_PER_ACT_MAX]]
            asked = replace(asked, command_id=part_of(command_id, f"part {start}"), volumes=part)
            custody.write(connection, viewer, asked, through="agency merger")
        register_work.move_agency(connection, merger, now.astimezone(LOCAL).date(), now)
        after = register_work.dossiers_counted(connection, merger.to_id, counts.COUNTED)
        assert after == before + count, "a merger neither makes nor loses a dossier"
        people = viewer.account_id, witness.account_id
        register_work.finish_merger(connection, merger.merger_id, count, len(volumes), people, now)
        return _merger(connection, viewer, number, closed=True)


def merger(database: Database, viewer: Viewer, number: str) -> Merger:
    """One merger of agencies; raises `MergerNotFound`."""
    with database.transaction(viewer) as session:
        return _merger(raw(session), viewer, number, closed=True)


def mergers(database: Database, viewer: Viewer) -> list[Merger]:
    """The newest `MERGERS_SHOWN_MAX` mergers the viewer's agency takes part in, or all."""
    with database.transaction(viewer) as session:
        return register_work.mergers(raw(session), viewer.agency_seen(), MERGERS_SHOWN_MAX)


def _merger(connection: psycopg.Connection[Any], viewer: Viewer, number: str, *, closed: bool = False) -> Merger:
    found = register_work.merger_by_id(connection, parse_merger_number(number), viewer.agency_seen(), locked=not closed)
    if found is None:
        raise MergerNotFound(merger=number)
    if not closed and found.state != "announced":
        raise MergerClosed(merger=number)
    return found


# ── Deposit type ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class DepositChange:
    """On whose behalf a dossier is kept from now on ("employer", "individual"); authority: the proof, by its number."""

    command_id: UUID
    dossier: str
    deposit_type: str
    authority: str
    reason: str | None = None


def change_deposit(database: Database, viewer: Viewer, asked: DepositChange, now: datetime) -> int:
    """Change a dossier's deposit type by an act on all its volumes; returns the acts written, 0 where it was done before.

    Raises `BadInput` where it is of that type already, `DossierNotFound`, and what `custody.write` raises.
    """
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, asked.command_id, ("deposit", viewer.account_id, asked)):
            return 0
        dossier = _seen(register_work.envelopes(connection, [asked.dossier]), asked.dossier, viewer)
        if dossier.deposit_type == asked.deposit_type:
            raise BadInput(problem_zh="存档类别没有变化", problem_en="the deposit type is the same already")
        written = custody.write(
            connection,
            viewer,
            Asked(
                part_of(asked.command_id, "deposit"),
                ActKind.DEPOSIT_CHANGED,
                [Seen(VolumeName(dossier.number, ordinal)) for ordinal in dossier.volumes],
                None,
                now,
                authority=asked.authority,
                reason=asked.reason,
                details={Detail.DEPOSIT_TYPE.value: asked.deposit_type},
            ),
            through="deposit",
        )
        register_work.change_deposit_type(connection, dossier.dossier_id, asked.deposit_type)
    return written
