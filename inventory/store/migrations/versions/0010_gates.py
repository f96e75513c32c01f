"""What else is told of gates."""

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"

PARTS: tuple[str, ...] = ("deaf_antennas",)


def upgrade() -> None:
    """Run the files in the order in which they build on each other."""
    here = Path(__file__).parent
    for name in PARTS:
        op.get_bind().exec_driver_sql((here / f"0010_{name}.sql").read_text(encoding="utf-8").replace("%", "%%"))
