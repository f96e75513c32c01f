"""The house: registry, ledger, evidence, belief, people, privileges."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the three files in the order in which they build on each other."""
    here = Path(__file__).parent
    for name in ("0001_house.sql", "0001_ledger.sql", "0001_privileges.sql"):
        op.get_bind().exec_driver_sql((here / name).read_text(encoding="utf-8").replace("%", "%%"))
