"""Every constraint of these tables, broken by somebody who may do anything, tells by which rule."""

import re

import psycopg
import pytest

from inventory.store import migrating
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from tests.arrivals.breaks import BREAKS, PREPARE
from tests.conftest import Archive


def test_whatever_is_broken_tells_by_which_rule(archive: Archive) -> None:
    PREPARE(archive)
    told = {}
    for constraint, statement in BREAKS.items():
        with pytest.raises(psycopg.Error) as broken:
            archive.root.execute(statement)
        told[constraint] = broken.value.diag.constraint_name
        assert type(refusal_for(broken.value)) is CONSTRAINTS[constraint]
    assert told == {constraint: constraint for constraint in BREAKS}


def test_every_constraint_of_the_file_is_broken_here() -> None:
    from pathlib import Path

    text = (Path(migrating.__file__).parent / "migrations/versions/0002_arrivals.sql").read_text("utf-8")
    named = set(re.findall(r"CONSTRAINT (\w+)|CONSTRAINT = '(\w+)'|UNIQUE INDEX (\w+)", text))
    assert {name for names in named for name in names if name} == set(BREAKS)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE refusal SET is_blocked = true",
        "UPDATE material SET pieces = 9",
        "UPDATE arrival_signature SET signed_by = 'x'",
        "DELETE FROM arrival",
        "DELETE FROM arrival_line",
        "DELETE FROM loose_material",
        "DELETE FROM scan",
        "TRUNCATE refusal",
    ],
)
@pytest.mark.parametrize("role", ["app", "owner"])
def test_nobody_rewrites_what_came_and_what_was_refused(archive: Archive, role: str, statement: str) -> None:
    url = archive.server.url(role, archive.name)  # type: ignore[arg-type]
    with psycopg.connect(url) as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute(statement)
    assert refused.value.sqlstate in {"42501", "23514"}
