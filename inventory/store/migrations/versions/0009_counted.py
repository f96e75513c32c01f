"""What people counted by code, and what antennas see that look into aisles."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"

PARTS: tuple[str, ...] = ("counted", "zones")


def upgrade() -> None:
    """Run the files in the order in which they build on each other."""
    here = Path(__file__).parent
    for name in PARTS:
        op.get_bind().exec_driver_sql((here / f"0009_{name}.sql").read_text(encoding="utf-8").replace("%", "%%"))
