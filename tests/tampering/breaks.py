"""How the rules of checkpoints are broken by raw SQL."""

from tests.conftest import Archive


def PREPARE(archive: Archive) -> None:  # noqa: N802 - a constant of the folder, as BREAKS is
    """A volume on a shelf."""
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")


BREAKS = {
    "checkpoint_fits_ledger": "SELECT checkpoint_append(warehouse_id, 1, sequence, sha256('another'), 1, (SELECT hash FROM "
    "command_chain WHERE sequence = 1), now(), sha256('guiwei checkpoints W1'), 'k', '', '') FROM ledger_chain",
    "place_stays_in_its_warehouse": "UPDATE place SET warehouse_id = NULL WHERE code = 'A-01'",
}
