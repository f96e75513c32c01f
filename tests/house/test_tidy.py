"""The style that a formatter can't hold: files read in one sitting, names that say something, no traces of a machine."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("guiwei", "inventory", "devices", "web")
LINES_MAX = 400
# One tree, one list: looked up, not read through.
LOOKED_UP = {"inventory/domain/refusals.py"}
EMPTY_NAMES = re.compile(r"(?:^|_)(?:utils?|helpers?|common|base|managers?|misc)(?:_|\.py$|$)")
TEXT = {".py", ".sql", ".md", ".toml", ".html", ".css", ".js", ".yml", ".yaml", ".sh", ".conf", ".lock", ".service", ".example", ""}  # fmt: skip


def files() -> list[Path]:
    """What a clone holds: tracked files, and new ones that aren't ignored."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: nothing tells which files belong to it")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]


def texts() -> dict[str, str]:
    return {
        str(path.relative_to(ROOT)): path.read_text("utf-8")
        for path in files()
        if path.suffix in TEXT and not path.is_symlink()
    }


def is_product(name: str) -> bool:
    return name.endswith(".py") and name.partition("/")[0] in PRODUCT


def test_every_file_of_the_product_is_read_in_one_sitting() -> None:
    lengths = {name: text.count("\n") for name, text in texts().items() if is_product(name)}
    assert len(lengths) > 50, "the files were not found"
    longer = {name: lines for name, lines in lengths.items() if lines > LINES_MAX and name not in LOOKED_UP}
    assert not longer


def test_no_name_says_nothing() -> None:
    assert not [
        name for name in texts() if name.endswith(".py") and any(EMPTY_NAMES.search(part) for part in name.split("/"))
    ]


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a package index's address", r"https?://[\w.\-]*(?:pypi|nexus|artifactory|devpi|mirror)[\w.\-]*/[\w/]*simple|--(?:extra-)?index-url\s*[=h]"),
        ("a path of the machine it was written on", r"(?<![\w./])/(?:work|tmp/probe|root|home/\w+)/\w"),
        ("an intention instead of the thing", r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
    ],
)  # fmt: skip
def test_no_file_holds(what: str, pattern: str) -> None:
    found = {
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in texts().items()
        if name != "tests/house/test_tidy.py"
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    }
    assert not found, what
