"""`guiwei ledger verify`: walk every chain, rebuild the projection, hold checkpoints and roots against it; what doesn't hold."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import psycopg

from inventory.domain.checkpoints import PublicKey, Signed, faults_of_keys, wrong_with
from inventory.domain.faults import Fault
from inventory.store import checkpoints, comparing, ledger
from inventory.store.database import Database, raw
from inventory.store.signing import is_signed_by

VOLUMES_NAMED_MAX = 20
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Trust:
    """What is known from outside of the database: pinned keys, receipts of checkpoints, and roots from papers (hexadecimal)."""

    keys: Sequence[PublicKey] = ()
    receipts: Sequence[Signed] = ()
    roots: Sequence[str] = ()


@dataclass(frozen=True)
class Verification:
    """acts, checkpoints: how many there are. unsigned: acts after the last signed root. faults: what doesn't hold, first first.

    Of each chain the first break is told. Where a chain of acts is broken the projection isn't compared: there is nothing to
    compare it with.
    """

    acts: int
    checkpoints: int
    unsigned: int
    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Whether everything holds."""
        return not self.faults

    @property
    def first(self) -> Fault | None:
        """The first thing that doesn't hold."""
        return self.faults[0] if self.faults else None


NOTHING_KNOWN = Trust()


def _nobody_watches(done: int, total: int) -> None:
    """No progress is shown."""


def verify_ledger(
    database: Database, on_progress: Progress = _nobody_watches, trust: Trust = NOTHING_KNOWN
) -> Verification:
    """Verify everything as of one instant; `on_progress(acts done, acts in all)`. For the jobs' role."""
    with database.transaction() as session:
        connection = raw(session)
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return verified(connection, on_progress, trust)


def verified(connection: psycopg.Connection[Any], on_progress: Progress, trust: Trust) -> Verification:
    """The same within an open transaction."""
    chains = ledger.warehouses(connection)
    total, done, faults = sum(chain.sequence or 0 for chain in chains), 0, []
    for chain in chains:
        found = ledger.chain_break(connection, chain, partial(_advance, on_progress, done, total))
        if found is not None:
            faults.append(found)
        done += chain.sequence or 0
    sound_chains = not faults
    if (command := comparing.command_break(connection)) is not None:
        faults.append(command)
    signed = checkpoints.every(connection)
    faults += faults_of_keys(trust.keys, is_signed_by)
    faults += _faults_of_checkpoints(connection, signed, trust.keys)
    faults += _faults_of_receipts(signed, trust)
    faults += [Fault.root(root) for root in trust.roots if not checkpoints.is_root(connection, root)]
    if sound_chains:
        faults += map(Fault.holding, comparing.misprojected(connection, VOLUMES_NAMED_MAX))
    covered = {one.checkpoint.warehouse: one.checkpoint.acts for one in signed}
    unsigned = sum(max((chain.sequence or 0) - covered.get(chain.warehouse, 0), 0) for chain in chains)
    return Verification(total, len(signed), unsigned, tuple(faults))


def _advance(on_progress: Progress, before: int, total: int, walked: int) -> None:
    on_progress(before + walked, total)


def _faults_of_checkpoints(
    connection: psycopg.Connection[Any], signed: Sequence[Signed], keys: Sequence[PublicKey]
) -> Iterator[Fault]:
    """The first checkpoint of each warehouse that doesn't hold by itself, or isn't what the ledger says."""
    present = checkpoints.act_hashes(connection)
    for warehouse, ones in groupby(signed, lambda one: one.checkpoint.warehouse):
        before = None
        for one in ones:
            told = one.checkpoint
            act_hash, command_hash = present[warehouse, told.number]
            wrong = wrong_with(one, before, keys, is_signed_by)
            if wrong is None and act_hash != told.act_hash:
                wrong = _not_there(told.acts, act_hash, "条经办", "acts")
            if wrong is None and command_hash != told.command_hash:
                wrong = _not_there(told.commands, command_hash, "条命令", "commands")
            if wrong is not None:
                yield Fault.checkpoint(warehouse, told.number, *wrong)
                break
            before = one


def _not_there(count: int, found: bytes | None, zh: str, en: str) -> tuple[str, str]:
    if found is None:
        return f"它签过的 {count} {zh}已不齐全", f"the {count} {en} it signed are no longer all there"
    return f"它签过的前 {count} {zh}已被改写", f"the first {count} {en} it signed were rewritten"


def _faults_of_receipts(signed: Sequence[Signed], trust: Trust) -> Iterable[Fault]:
    """Checkpoints that were noted outside and are gone or different: the first of each warehouse."""
    present = {(one.checkpoint.warehouse, one.checkpoint.number): one for one in signed}
    told = set()
    for noted in trust.receipts:
        where = noted.checkpoint.warehouse, noted.checkpoint.number
        if where[0] in told or present.get(where) == noted:
            continue
        told.add(where[0])
        gone = where not in present
        zh = "数据库中已没有这个检查点" if gone else "数据库中的检查点与之不同"
        en = "the database no longer has it" if gone else "the database has another in its place"
        yield Fault.receipt(f"{where[0]} #{where[1]}", zh, en)
