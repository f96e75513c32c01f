"""The desk: badges, what was laid on its readers, and labels from the printer to the envelope."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"

PARTS: tuple[str, ...] = ("badges", "labels", "openings", "pads")


def upgrade() -> None:
    """Run the files in the order in which they build on each other."""
    here = Path(__file__).parent
    for name in PARTS:
        op.get_bind().exec_driver_sql((here / f"0008_{name}.sql").read_text(encoding="utf-8").replace("%", "%%"))
