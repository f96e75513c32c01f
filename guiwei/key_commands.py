"""`guiwei key`: a new key for the ID numbers, while everything runs."""

from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from guiwei.console import Json, print_result, say, screen
from guiwei.settings import read_settings
from guiwei.site import Site, open_site
from inventory.operations.rekeying import check_nothing_left, reencrypt
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
        key_id = None if resume else add_key(site.settings.key_file)
        renewed = _reencrypt(site)
    told = {"key": key_id, "renewed": renewed}
    print_result(told, f"已用新密钥加密 {renewed} 项。{renewed} ciphers are under the new key.", as_json=as_json)


@app.command("retire")
def key_retire(*, as_json: Json = False) -> None:
    """Take the older keys out of the key file, once nothing is left under them."""
    with open_site(read_settings(), say, "owner") as site:
        check_nothing_left(site.owner)
        dropped = drop_older_keys(site.settings.key_file)
    print_result({"retired": dropped}, f"已停用旧密钥 {dropped} 个。Older keys retired: {dropped}.", as_json=as_json)


def _reencrypt(site: Site) -> int:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("加密 encrypting", total=None)
        return reencrypt(site.owner, lambda done, total: progress.update(task, completed=done, total=total))
