"""Trust: who asks, whose rows they see, what is logged, and proof that nothing was changed."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the files in the order in which they build on each other."""
    here = Path(__file__).parent
    for name in ("sessions", "roles", "access_log", "checkpoints", "isolation"):
        op.get_bind().exec_driver_sql((here / f"0003_{name}.sql").read_text(encoding="utf-8").replace("%", "%%"))
