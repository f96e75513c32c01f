"""Signing how far the ledger goes: once a day by the jobs, whenever somebody asks for it; and showing what was signed."""

from datetime import UTC, datetime

from inventory.domain.checkpoints import Checkpoint, PublicKey, Signed
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.store import checkpoints, signing
from inventory.store.database import Database, raw
from inventory.store.signing import LedgerFiles, Signer

CHECKPOINTS_SHOWN_MAX = 100


def sign_heads(database: Database, files: LedgerFiles, now: datetime) -> list[Signed]:
    """Sign the head of every warehouse's chain, add the checkpoints to the database, then note their receipts.

    A site that never signed gets its key on the way; raises `BadSetting` where the key is missing that signed before.
    """
    signer = signer_of(database, files, now)
    with database.transaction() as session:
        connection = raw(session)
        signed = []
        for head in checkpoints.heads(connection):
            # The machine's clock may have gone back; checkpoints and keys never do.
            moment = max(moment for moment in (now, signer.public.since, head.made_at) if moment is not None)
            told = Checkpoint(
                head.warehouse,
                head.number,
                head.acts,
                head.act_hash,
                head.commands,
                head.command_hash,
                moment.astimezone(UTC),
                head.previous_hash,
                signer.public.key_id,
            )
            signed.append(signer.sign(told))
            checkpoints.add(connection, head.warehouse_id, signed[-1])
    note_missing_receipts(database, files)
    return signed


def note_missing_receipts(database: Database, files: LedgerFiles) -> None:
    """Note what the database has and the receipts don't: signing was cut short, or done on another machine."""
    with database.transaction() as session:
        present = checkpoints.every(raw(session))
    noted = {(one.checkpoint.warehouse, one.checkpoint.number) for one in signing.receipts(files.receipts)}
    signing.note_receipts(
        files.receipts, [one for one in present if (one.checkpoint.warehouse, one.checkpoint.number) not in noted]
    )


def signed_since(database: Database, moment: datetime) -> bool:
    """Whether a checkpoint was made at or after a moment."""
    with database.transaction() as session:
        last = checkpoints.last_made_at(raw(session))
    return last is not None and last >= moment


def newest_checkpoints(database: Database, viewer: Viewer) -> list[Signed]:
    """The newest checkpoints for those who compare papers with them, newest first; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SEE_LEDGER)
    with database.transaction(viewer) as session:
        return checkpoints.newest(raw(session), CHECKPOINTS_SHOWN_MAX)


def signer_of(database: Database, files: LedgerFiles, now: datetime) -> Signer:
    """The site's signing key; a site that never signed gets one. Raises `BadSetting` where the one that signed is missing."""
    fresh = not files.signing_key.exists() and not files.pinned_keys.exists()
    if fresh and not signed_since(database, datetime.min.replace(tzinfo=UTC)):
        signing.new_key(files, now)
    return signing.open_signer(files)


def new_key(files: LedgerFiles, now: datetime) -> PublicKey:
    """Make the site's signing key; raises `BadSetting` where it has one."""
    return signing.new_key(files, now)


def rotate_key(files: LedgerFiles, now: datetime) -> PublicKey:
    """A new signing key that the old one signs in; raises `BadSetting` where there is none."""
    return signing.rotate_key(files, now)
