"""What a night finds: discrepancies as cases, audits with their findings, and the jobs' last results."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"

PARTS: tuple[str, ...] = ("discrepancies", "audits")


def upgrade() -> None:
    """Run the files in the order in which they build on each other."""
    here = Path(__file__).parent
    for name in PARTS:
        op.get_bind().exec_driver_sql((here / f"0006_{name}.sql").read_text(encoding="utf-8").replace("%", "%%"))
