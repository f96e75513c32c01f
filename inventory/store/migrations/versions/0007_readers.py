"""What readers and the night leave behind: the jobs' last results, passages through gates, evidence brought as files."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"

PARTS: tuple[str, ...] = ("jobs", "brought", "commands", "shelf_counts", "health", "passages")


def upgrade() -> None:
    """Run the files in the order in which they build on each other."""
    here = Path(__file__).parent
    for name in PARTS:
        op.get_bind().exec_driver_sql((here / f"0007_{name}.sql").read_text(encoding="utf-8").replace("%", "%%"))
