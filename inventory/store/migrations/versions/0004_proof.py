"""Proof: witnesses the ledger asks for, look-up tokens of one key at a time, signed checkpoints."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"

PARTS: tuple[str, ...] = (
    "witness",
    "lookups",
    "checkpoints",
)


def upgrade() -> None:
    """Run the files in the order in which they build on each other."""
    here = Path(__file__).parent
    for name in PARTS:
        op.get_bind().exec_driver_sql((here / f"0004_{name}.sql").read_text(encoding="utf-8").replace("%", "%%"))
