"""The working day: acts by one table of rules, requests, waves and consignments, arrivals."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the files in the order in which they build on each other."""
    here = Path(__file__).parent
    for name in ("custody", "act_rules", "requests", "waves", "consignments", "arrivals", "searches"):
        op.get_bind().exec_driver_sql((here / f"0002_{name}.sql").read_text(encoding="utf-8").replace("%", "%%"))
