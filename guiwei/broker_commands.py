"""`guiwei broker-config`: Mosquitto's files, from the registered readers."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from devices import mosquitto
from devices.broker_access import access_of
from guiwei.console import Json, print_result, say
from guiwei.settings import read_settings
from guiwei.site import open_site
from inventory.domain.refusals import BadInput
from inventory.store.readers import registered_antennas

TLS_PORT = 8883


def broker_config(
    directory: Annotated[Path, typer.Argument(help="Where to; made where there is none.")],
    *,
    tls_port: Annotated[
        int, typer.Option(help="TLS with a password for each user; 0 for none.", min=0, max=65535)
    ] = TLS_PORT,
    certificate_port: Annotated[
        int, typer.Option(help="TLS with a certificate for each user; 0 for none.", min=0, max=65535)
    ] = 0,
    loopback_port: Annotated[
        int, typer.Option(help="Plain text for this machine alone, with passwords; 0 for none.", min=0, max=65535)
    ] = 0,
    at: Annotated[Path | None, typer.Option(help="Where Mosquitto finds the files; DIRECTORY unless told.")] = None,
    data: Annotated[Path, typer.Option(help="Where Mosquitto keeps sessions and queues.")] = Path("/var/lib/mosquitto"),
    renew: Annotated[list[str] | None, typer.Option(help="A user who gets a new password; may be given again.")] = None,
    as_json: Json = False,
) -> None:
    """Mosquitto's configuration, access list and passwords, from the registered readers; run again, passwords stay."""
    ports = [port for port in (tls_port, certificate_port, loopback_port) if port]
    if not ports or len(set(ports)) < len(ports):
        raise BadInput(
            problem_zh="至少需要一个端口，且各端口不得相同",
            problem_en="at least one port is needed, and no two may be the same",
        )
    listeners = mosquitto.Listeners(
        tls_port or None, certificate_port or None, loopback_port or None, at or directory.resolve(), data
    )
    for path in (listeners.at, listeners.data):
        if not path.is_absolute() or not str(path).isprintable():
            raise BadInput(problem_zh=f"{path} 应为绝对路径", problem_en=f"{path} should be an absolute path")
    with open_site(read_settings(), say, "jobs") as site:
        with site.jobs.unpooled() as connection:
            users = access_of(registered_antennas(connection, slot=None))
        for name in renew or ():
            if name not in {access.user for access in users}:
                raise BadInput(problem_zh=f"没有用户 {name}", problem_en=f"there is no user {name}")
        written = mosquitto.write(directory, users, listeners, renew or ())
    told = f"{len(written.users)} 个用户，新密码 {len(written.new)} 个，移除 {len(written.gone)} 个。"
    told += f"{len(written.users)} users, {len(written.new)} with a new password, {len(written.gone)} gone."
    print_result(asdict(written), told, as_json=as_json)
