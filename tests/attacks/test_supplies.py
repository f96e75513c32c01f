"""What Guiwei is made of: as locked, and written down for those who have to know."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_audit_fails_where_something_installed_is_not_what_is_locked(tmp_path: Path) -> None:
    deploy = tmp_path / "deploy"
    deploy.mkdir()
    (deploy / "audit.py").write_bytes((ROOT / "deploy" / "audit.py").read_bytes())
    digest = f"--hash=sha256:{'0' * 64}"
    for name in ("requirements.lock", "requirements-test.lock"):
        (tmp_path / name).write_text(f"h11==0.1 {digest}\nnever-heard-of==1 {digest}\njinja2>=3\n", "utf-8")
    audit = subprocess.run([sys.executable, deploy / "audit.py"], capture_output=True, text=True, check=False)
    assert audit.returncode == 1
    for problem in ("h11==0.1 is pinned", "never-heard-of is not installed", "jinja2 has no hash"):
        assert problem in audit.stderr
    assert "NOT checked: known vulnerabilities" in audit.stdout


def test_the_bill_of_materials_names_every_locked_package_with_its_hashes(tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("cyclonedx-py")), "requirements", "requirements.lock", "--pyproject", "pyproject.toml",
        "--output-format", "JSON", "--spec-version", "1.6", "--output-reproducible", "--validate",
        "--output-file", str(tmp_path / "bom.json"),
    ]  # fmt: skip
    subprocess.run(
        command, cwd=ROOT, capture_output=True, check=True
    )  # --validate holds it against the schema it ships
    parts = json.loads((tmp_path / "bom.json").read_text("utf-8"))["components"]
    locked = {
        line.partition("==")[0] for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines() if "==" in line
    }
    assert {part["name"] for part in parts} == {name.partition("[")[0] for name in locked}
    assert all(part["externalReferences"][0]["hashes"] for part in parts)
