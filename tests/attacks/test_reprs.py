"""A log line or a traceback shows what objects say of themselves: none says a secret."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from pydantic import BaseModel, SecretStr

import devices
import guiwei
import inventory
import web
from guiwei.settings import Settings

SECRET = re.compile(r"(?:^|_)(?:secrets?|passwords?|pin|token|keys?|id_number|code_typed)$")
# They sound like secrets and are none: picks of a stop, numbers of invented people, PINs the demo prints for everybody, the
# names of a table's key columns, hashes of EPCs, public keys, and the paths of files with keys and passwords.
HARMLESS = {
    "inventory.domain.checkpoints.PublicKey.key",
    "inventory.operations.verifying.Trust.keys",
    "inventory.store.signing.LedgerFiles.pinned_keys",
    "inventory.store.signing.LedgerFiles.signing_key",
    "inventory.locating.sensing.Pairs.key",
    "inventory.domain.waves.Stop.keys",
    "inventory.store.ciphers.CipherColumn.key",
    "inventory.store.lookups.LookupTable.key",
    "devices.simulator.city.Dossiers.id_number",
    "guiwei.demo._Person.pin",
    "devices.commands.CommandSlot.passwords",
    "devices.desk.cards.Laid.key",
    "devices.gate_knowledge.Register.key",
}


def classes() -> Iterator[type]:
    for package in (devices, guiwei, inventory, web):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" in found.name or found.name.endswith("__main__"):
                continue
            module = importlib.import_module(found.name)
            yield from (
                kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == found.name
            )


def said() -> Iterator[str]:
    """Every field that sounds like a secret and is shown."""
    for kind in classes():
        if is_dataclass(kind) and kind.__repr__ is not object.__repr__:
            shown = [
                field.name for field in fields(kind) if field.repr and field.type not in ("int", int, "bool", bool)
            ]
        elif issubclass(kind, BaseModel):
            shown = [
                name
                for name, field in kind.model_fields.items()
                if field.repr and "SecretStr" not in str(field.annotation)
            ]
        else:
            continue
        yield from (f"{kind.__module__}.{kind.__qualname__}.{name}" for name in shown if SECRET.search(name))


def test_no_object_says_a_secret() -> None:
    assert set(said()) == HARMLESS


def test_settings_hide_the_passwords_of_their_urls() -> None:
    url = SecretStr("postgresql://guiwei_app:hunter2@127.0.0.1/guiwei")
    settings = Settings(database_url=url, owner_database_url=url, jobs_database_url=url)
    assert "guiwei_app" not in repr(settings) and "hunter2" not in f"{settings} {settings.model_dump()}"
