"""`guiwei ledger`: verifying it, signing it, its keys, and taking it elsewhere."""

import getpass
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from guiwei.console import Json, print_result, progress, say
from guiwei.settings import read_settings
from guiwei.site import open_site
from inventory.domain.checkpoints import ROOT_DIGITS_MIN, PublicKey, grouped, utc
from inventory.domain.refusals import BadInput, FileUnreadable
from inventory.operations import checkpointing
from inventory.operations.exporting_ledger import export_ledger
from inventory.operations.verifying import Trust, Verification, verify_ledger
from inventory.store import signing
from inventory.store.signing import LedgerFiles

app = typer.Typer(no_args_is_help=True, help="The custody ledger.")
key_commands = typer.Typer(no_args_is_help=True, help="The keys that sign the ledger.")
app.add_typer(key_commands, name="key")

EXIT_FAILED = 1


@app.command("verify")
def ledger_verify(
    expect: Annotated[
        list[str] | None, typer.Option(help="A root from a paper that must be in the ledger; may be given again.")
    ] = None,
    expect_file: Annotated[
        Path | None, typer.Option(help="A file of roots, one a line, or a copy of checkpoints.jsonl kept elsewhere.")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="The pinned keys, kept elsewhere; ledger-keys.jsonl of the data directory else.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Verify chains, projection, commands, checkpoints and signatures; exit code 1 where something doesn't hold."""
    settings = read_settings()
    trust = _trust(settings.ledger_files, expect or [], expect_file, keys)
    with open_site(settings, say, "jobs") as site, progress() as advance:
        found = verify_ledger(site.jobs, lambda done, total: advance("ledger", done, total), trust)
    told = {**asdict(found), "sound": found.sound, "first": None if found.first is None else asdict(found.first)}
    print_result(told, "\n".join(_told(found)), as_json=as_json)
    if not found.sound:
        raise typer.Exit(EXIT_FAILED)


def _told(found: Verification) -> list[str]:
    if found.sound:
        zh = f"{found.acts} 条经办、{found.checkpoints} 个检查点完好；最后一个签名根之后有 {found.unsigned} 条。"
        en = f"{found.acts} acts and {found.checkpoints} checkpoints hold; {found.unsigned} acts are after the last signed root."
        return [f"{zh} {en}"]
    return [*map(str, found.faults), f"{found.acts} 条经办有误 · {found.acts} acts DO NOT HOLD"]


def _trust(files: LedgerFiles, expect: list[str], expect_file: Path | None, keys: Path | None) -> Trust:
    """What is known from outside of the database; raises `BadInput`, `FileUnreadable`."""
    noted, roots = signing.receipts(files.receipts), [_root(text) for text in expect]
    if expect_file is not None:
        lines = _text(expect_file).split("\n")
        if next((line for line in lines if line.strip()), "").startswith("{"):
            noted += signing.receipts(expect_file)
        else:
            roots += [_root(line) for line in lines if line.strip()]
    if keys is not None and not keys.is_file():
        raise FileUnreadable(file=keys, problem_zh="没有这个文件", problem_en="there is no such file")
    return Trust(signing.pinned_keys(keys or files.pinned_keys), noted, roots)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or "not UTF-8"
        raise FileUnreadable(file=path, problem_zh=problem, problem_en=problem) from error


def _root(text: str) -> str:
    digits = re.sub(r"[\s…]", "", text).lower()
    if not re.fullmatch(rf"[0-9a-f]{{{ROOT_DIGITS_MIN},64}}", digits):
        raise BadInput(
            problem_zh=f"账本根 {text[:80]} 应为 {ROOT_DIGITS_MIN} 至 64 位十六进制",
            problem_en=f"a root has {ROOT_DIGITS_MIN} to 64 hexadecimal digits, unlike {text[:80]}",
        )
    return digits


@app.command("checkpoint")
def ledger_checkpoint(*, as_json: Json = False) -> None:
    """Sign the ledger's roots now; the jobs do it once a day."""
    settings = read_settings()
    with open_site(settings, say, "jobs") as site:
        signed = checkpointing.sign_heads(site.jobs, settings.ledger_files, datetime.now(UTC))
    lines = [
        f"{one.checkpoint.warehouse} #{one.checkpoint.number}  {grouped(one.hash)}  "
        f"{one.checkpoint.acts} 条经办 acts, {utc(one.checkpoint.made_at)}"
        for one in signed
    ]
    told = {"checkpoints": [one.line() for one in signed]}
    print_result(told, "\n".join(lines) or "还没有经办可签。There are no acts to sign yet.", as_json=as_json)


@app.command("export")
def ledger_export(
    file: Annotated[Path, typer.Argument(help="Where to; .gz is packed.")],
    *,
    whole: Annotated[
        bool, typer.Option("--whole", help="With what may name a person: reasons, visitors, carriers.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the ledger as JSON lines that `guiwei-verify` checks without this site."""
    settings = read_settings()
    with open_site(settings, say, "jobs") as site, progress() as advance:
        done = export_ledger(
            site.jobs,
            settings.ledger_files,
            file,
            datetime.now(UTC),
            getpass.getuser(),
            whole=whole,
            on_progress=lambda acts, total: advance("ledger", acts, total),
        )
    zh = (
        f"已导出 {done.acts} 条经办（{done.withheld} 条隐去个人信息）、{done.commands} 条命令、{done.checkpoints} 个检查点，"
        f"份号 {done.copy}。"
    )
    en = (
        f"Exported {done.acts} acts ({done.withheld} without what may name a person), {done.commands} commands, "
        f"{done.checkpoints} checkpoints; copy {done.copy}."
    )
    sentence = f"{zh} {en}"
    print_result(asdict(done), sentence, as_json=as_json)


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@key_commands.command("new")
def key_new(*, as_json: Json = False) -> None:
    """Make the key that signs the ledger, and pin its public half."""
    _tell_key(checkpointing.new_key(read_settings().ledger_files, datetime.now(UTC)), as_json=as_json)


@key_commands.command("rotate")
def key_rotate(*, as_json: Json = False) -> None:
    """Put a new key into force, signed in by the one before it."""
    _tell_key(checkpointing.rotate_key(read_settings().ledger_files, datetime.now(UTC)), as_json=as_json)


@key_commands.command("show")
def key_show(*, as_json: Json = False) -> None:
    """The pinned public keys, in the order they came into force: to be noted elsewhere."""
    pinned = signing.pinned_keys(read_settings().ledger_files.pinned_keys)
    lines = [f"{one.key_id}  {one.key}  自 since {utc(one.since)}" for one in pinned]
    sentence = "\n".join(lines) or "还没有密钥。There is no key yet."
    print_result({"keys": [one.line() for one in pinned]}, sentence, as_json=as_json)


def _tell_key(key: PublicKey, *, as_json: bool) -> None:
    sentence = f"{key.key_id}  {key.key}\n请将此公钥抄存于别处。Note this public key elsewhere."
    print_result(key.line(), sentence, as_json=as_json)
