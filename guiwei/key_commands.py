"""`guiwei key`: a new key for the ID numbers, while everything runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as ProgressBar

from guiwei.console import Json, print_result, say, screen
from guiwei.settings import read_settings
from guiwei.site import Site, open_site
from inventory.domain.refusals import BadSetting
from inventory.operations.rekeying import Progress, check_nothing_left, reencrypt, renew_lookups
from inventory.store.keys import add_key, drop_older_keys

app = typer.Typer(no_args_is_help=True, help="The keys of ID numbers.")


@app.command("rotate")
def key_rotate(
    *,
    resume: Annotated[bool, typer.Option("--resume", help="Make no new key: go on where one was stopped.")] = False,
    as_json: Json = False,
) -> None:
    """Put a new encryption key into use and encrypt every ID number with it; nothing stops meanwhile."""
    with open_site(read_settings(), say, "owner") as site:
        path = _key_file(site)
        key_id = None if resume else add_key(path)
        renewed = _reencrypt(site)
    told = {"key": key_id, "renewed": renewed}
    print_result(told, f"已用新密钥加密 {renewed} 项。{renewed} ciphers are under the new key.", as_json=as_json)


@app.command("rotate-lookup")
def key_rotate_lookup(*, as_json: Json = False) -> None:
    """Put a new key into use for what ID numbers are found by; searches go on. Stopped, it is run again and goes on."""
    with open_site(read_settings(), say, "owner") as site, _bar("检索 look-ups") as advance:
        generation, renewed = renew_lookups(site.owner, _key_file(site), advance)
    told = f"检索密钥第 {generation} 代，已更新 {renewed} 行。Look-up key {generation}, {renewed} rows renewed."
    print_result({"generation": generation, "renewed": renewed}, told, as_json=as_json)


@app.command("retire")
def key_retire(*, as_json: Json = False) -> None:
    """Take the older keys out of the key file, once nothing is left under them."""
    with open_site(read_settings(), say, "owner") as site:
        check_nothing_left(site.owner)
        dropped = drop_older_keys(_key_file(site))
    print_result({"retired": dropped}, f"已停用旧密钥 {dropped} 个。Older keys retired: {dropped}.", as_json=as_json)


def _reencrypt(site: Site) -> int:
    with _bar("加密 encrypting") as advance:
        return reencrypt(site.owner, advance)


def _key_file(site: Site) -> Path:
    """The file that is written; raises `BadSetting` where the keys come from the environment, which no command can change."""
    if site.settings.keys is not None:
        raise BadSetting(
            setting="GUIWEI_KEYS",
            problem_zh="环境变量中的密钥无法由命令更换，请先写入密钥文件",
            problem_en="keys in the environment can't be changed by a command; put them into a key file first",
        )
    return site.settings.key_file


@contextmanager
def _bar(what: str) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with ProgressBar(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
