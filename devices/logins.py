"""As whom readers are asked over HTTP: a file of its own, so that no password stands in the registry or on a page.

A line for each reader, `reader:user:password`; `*` is every other one. It is read for each command, so a change needs no restart.
"""

from pathlib import Path

from devices.rest import Login

EVERY_OTHER = "*"


def login_of(path: Path, reader: str) -> Login | None:
    """The login for a reader; None where the file has none, or isn't there."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    known = {parts[0]: Login(parts[1], parts[2]) for line in lines if len(parts := line.strip().split(":", 2)) == 3}  # noqa: PLR2004
    return known.get(reader, known.get(EVERY_OTHER))
