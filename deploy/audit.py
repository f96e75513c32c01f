"""What can be audited about our dependencies without the internet, and a plain word about what can't.

Run by `make check`. It fails where the environment isn't what the lock file says, where the lock lets anything in without a
hash, and where two packages don't fit each other. It does not know of vulnerabilities: nobody offline does, and it says so.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-test.lock")
NOT_CHECKED = (
    "audit: NOT checked: known vulnerabilities. That needs an advisory service. On a machine with the internet, before each\n"
    "audit: release: pipx run pip-audit --require-hashes --disable-pip --requirement requirements.lock\n"
    "audit: or give the bill of materials (make sbom) to whatever the site's security people use."
)


def pinned(lock: Path) -> Iterator[tuple[Requirement, bool]]:
    """Each requirement of a lock file, and whether it names a hash."""
    for entry in re.split(r"\n(?=\S)", lock.read_text("utf-8").replace("\\\n", " ")):
        text, hashed, _ = entry.partition(" --hash=")
        text = text.partition("\n")[0].strip()
        if text and not text.startswith("#"):
            yield Requirement(text), bool(hashed)


def problems(lock: Path) -> Iterator[str]:
    """What of this environment isn't as the lock file says."""
    for requirement, hashed in pinned(lock):
        if not hashed:
            yield f"{lock.name}: {requirement.name} has no hash"
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        try:
            present = version(requirement.name)
        except PackageNotFoundError:
            yield f"{lock.name}: {requirement.name} is not installed"
            continue
        if present not in requirement.specifier:
            yield f"{lock.name}: {requirement} is pinned, {present} is installed"


def main() -> int:
    """Check everything, say everything."""
    found = [problem for name in LOCKS for problem in problems(ROOT / name)]
    fits = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    if fits.returncode:
        found.append(fits.stdout.strip())
    for problem in found:
        print(f"audit: {problem}", file=sys.stderr)
    counted = sum(1 for name in LOCKS[-1:] for _ in pinned(ROOT / name))
    print(
        f"audit: {counted} packages: pinned, hashed, installed as pinned, fitting each other: {'no' if found else 'yes'}"
    )
    print(NOT_CHECKED)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
