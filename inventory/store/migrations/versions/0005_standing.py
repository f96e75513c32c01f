"""What stands for a while: delegations in writing, grants, and what the nightly close has learned of readers and volumes."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"

PARTS: tuple[str, ...] = (
    "judgements",
    "find_mode",
    "delegations",
    "grants",
    "borrowers",
    "windows",
    "ties",
    "appending",
    "log",
    "kept_apart",
    "first_passwords",
)


def upgrade() -> None:
    """Run the files in the order in which they build on each other."""
    here = Path(__file__).parent
    for name in PARTS:
        op.get_bind().exec_driver_sql((here / f"0005_{name}.sql").read_text(encoding="utf-8").replace("%", "%%"))
