"""What a night finds: discrepancies as cases and audits with their findings."""

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
