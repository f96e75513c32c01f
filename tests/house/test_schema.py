"""The database that migrations make is the one the code speaks of: tables, constraints, and the refusal of each."""

import re
import string
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.refusals import Refusal
from inventory.store import tables
from inventory.store.database import CONSTRAINTS, refusal_for
from tests.conftest import Archive

MIGRATIONS = Path(tables.__file__).parent / "migrations" / "versions"
# What PostgreSQL names by itself guards no rule that anybody could break by asking.
NAMED_BY_POSTGRESQL = re.compile(r"_(?:pkey|fkey|not_null|check|key)\d*$")


def engine(archive: Archive) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(archive.owner_url.replace("postgresql:", "postgresql+psycopg:"))


def test_migrations_make_the_tables_that_are_declared(archive: Archive) -> None:
    declared = set(tables.METADATA.tables)
    assert {"agency", "place", "reader", "antenna", "account", "subject", "dossier"} <= declared

    def is_declared(thing: object, name: str | None, kind: str, *_: object) -> bool:
        table = name if kind == "table" else thing.table.name  # type: ignore[attr-defined]
        return table in declared

    owner = engine(archive)
    with owner.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_object": is_declared}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables.METADATA) == []
    owner.dispose()


def test_a_column_nobody_declared_would_be_found(archive: Archive) -> None:
    """The test above can fail."""
    archive.root.execute("ALTER TABLE agency ADD COLUMN colour text")
    owner = engine(archive)
    with owner.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), tables.METADATA)
    owner.dispose()
    assert any(step[0] == "remove_column" and step[3].name == "colour" for step in differences if len(step) > 3)


def named_constraints(archive: Archive) -> set[str]:
    query = (
        "SELECT conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid "
        "WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'x') AND NOT relispartition"
    )
    return {name for (name,) in archive.root.execute(query) if not NAMED_BY_POSTGRESQL.search(name)}


def test_every_named_constraint_has_its_refusal_and_every_refusal_its_constraint(archive: Archive) -> None:
    raised = set()
    for path in MIGRATIONS.glob("*.sql"):
        text = path.read_text("utf-8")
        raised |= set(re.findall(r"CONSTRAINT = '(\w+)'", text))
        raised |= set(re.findall(r"refuse_act\('(\w+)'", text))
        raised |= set(re.findall(r"THEN '(act_\w+)'", text))
    assert named_constraints(archive) | raised == set(CONSTRAINTS)


def leaves(kind: type[Refusal] = Refusal) -> list[type[Refusal]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in leaves(child))]


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_refusal_has_a_code_of_its_own_and_two_sentences_of_the_same_facts() -> None:
    kinds = leaves()
    assert len({kind.code for kind in kinds}) == len(kinds) > 30
    for kind in kinds:
        assert re.fullmatch(r"[a-z][a-z_]+", kind.code)
        assert kind.__doc__
        assert kind.zh.endswith("。")
        assert kind.en.endswith(".")
        assert re.search(r"[\u4e00-\u9fff]", kind.zh)
        assert not re.search(r"[\u4e00-\u9fff]", kind.en)
        # A name in Chinese and the same in English are one fact in two languages.
        zh, en = (
            {name.removesuffix("_zh").removesuffix("_en") for name in placeholders(s)} for s in (kind.zh, kind.en)
        )
        assert zh == en, kind
        facts = dict.fromkeys(placeholders(kind.zh) | placeholders(kind.en), "x")
        assert "{" not in str(kind(**facts))


def test_a_constraint_gives_its_refusal_all_the_facts_it_tells() -> None:
    for constraint, kind in CONSTRAINTS.items():
        assert placeholders(kind.zh) | placeholders(kind.en) <= {"volume", "command", "place"}, constraint


BREAKS = {
    "agency_code_taken": "INSERT INTO agency (code, name, level) VALUES ('370112', 'x', 'county')",
    "place_code_taken": "INSERT INTO place (code, kind, name) VALUES ('W1', 'room', 'x')",
    "place_kind_known": "INSERT INTO place (code, kind, name) VALUES ('X', 'attic', 'x')",
    "reader_code_taken": "INSERT INTO reader (code, dialect, topic, timezone) VALUES ('R', 'native', 'u', 'UTC')",
    "reader_topic_taken": "INSERT INTO reader (code, dialect, topic, timezone) VALUES ('S', 'native', 't', 'UTC')",
    "antenna_number_taken": "INSERT INTO antenna (reader_id, number, role) SELECT id, 1, 'desk' FROM reader",
    "antenna_role_known": "INSERT INTO antenna (reader_id, number, role) SELECT id, 2, 'roof' FROM reader",
    "dossier_number_taken": "INSERT INTO dossier (number, subject_id, holding_agency_id) SELECT number, subject_id, "
    "holding_agency_id FROM dossier",
    "volume_ordinal_taken": "INSERT INTO volume (dossier_id, ordinal) SELECT dossier_id, ordinal FROM volume",
    "volume_ordinal_positive": "INSERT INTO volume (dossier_id, ordinal) SELECT dossier_id, 0 FROM volume",
    "account_login_taken": "INSERT INTO account (login, name, role) VALUES ('keeper', 'x', 'keeper')",
    "tag_epc_taken": "INSERT INTO tag (epc) SELECT epc FROM tag",
    "tag_tid_taken": "INSERT INTO tag (epc, tid) SELECT '\\x00', tid FROM tag",
    "tag_on_one_thing": "INSERT INTO tag (epc, volume_id, place_id) SELECT '\\x01', volume.id, place.id FROM volume, place",
    "belief_probability_is_one": "INSERT INTO belief SELECT volume.id, place.id, 1.5, NULL, NULL, 1, now(), 1 FROM volume, place",
    "act_version_taken": "INSERT INTO act SELECT warehouse_id, 99, volume_id, version, kind, from_place_id, to_place_id, actor_id, "
    "command_id, NULL, NULL, happened_at, recorded_at, hash, hash FROM act",
    "act_kind_known": "INSERT INTO act SELECT warehouse_id, 99, volume_id, 9, 'lost', from_place_id, to_place_id, actor_id, "
    "command_id, NULL, NULL, happened_at, recorded_at, hash, hash FROM act WHERE version = 2",
    "act_moves_or_not": "INSERT INTO act SELECT warehouse_id, 99, volume_id, 9, kind, NULL, to_place_id, actor_id, "
    "command_id, NULL, NULL, happened_at, recorded_at, hash, hash FROM act WHERE version = 2",
    "act_leads_elsewhere": "INSERT INTO act SELECT warehouse_id, 99, volume_id, 9, kind, to_place_id, to_place_id, actor_id, "
    "command_id, NULL, NULL, happened_at, recorded_at, hash, hash FROM act WHERE version = 2",
    "act_first_comes_from_nowhere": "INSERT INTO act SELECT warehouse_id, 99, volume_id, 1, kind, from_place_id, to_place_id, "
    "actor_id, command_id, NULL, NULL, happened_at, recorded_at, hash, hash FROM act WHERE version = 2",
    "act_not_in_the_future": "INSERT INTO act SELECT warehouse_id, 99, volume_id, 9, kind, from_place_id, to_place_id, actor_id, "
    "command_id, NULL, NULL, recorded_at + interval '1 hour', recorded_at, hash, hash FROM act WHERE version = 2",
    "act_backdated_with_reason": "INSERT INTO act SELECT warehouse_id, 99, volume_id, 9, kind, from_place_id, to_place_id, actor_id, "
    "command_id, NULL, NULL, recorded_at - interval '1 hour', recorded_at, hash, hash FROM act WHERE version = 2",
    "act_correction_with_reason": "INSERT INTO act SELECT warehouse_id, 99, volume_id, 9, 'corrected', from_place_id, to_place_id, "
    "actor_id, command_id, NULL, '', happened_at, recorded_at, hash, hash FROM act WHERE version = 2",
    "ledger_is_forever": "UPDATE act SET reason = 'x'",
    "registry_is_forever": "DELETE FROM dossier",
}


def test_whatever_is_broken_tells_by_which_rule(archive: Archive) -> None:
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01", epc="35" * 12)
    archive.root.execute("UPDATE tag SET tid = '\\xE280'")
    archive.root.execute("INSERT INTO reader (code, dialect, topic, timezone) VALUES ('R', 'native', 't', 'UTC')")
    archive.root.execute("INSERT INTO antenna (reader_id, number, role) SELECT id, 1, 'desk' FROM reader")
    archive.root.execute("INSERT INTO model (made_at, parameters) VALUES (now(), '{}')")
    told: dict[str, str | None] = {}
    for constraint, statement in BREAKS.items():
        with pytest.raises(psycopg.Error) as broken:
            archive.root.execute(statement)  # type: ignore[arg-type]
        told[constraint] = broken.value.diag.constraint_name
        assert type(refusal_for(broken.value)) is CONSTRAINTS[constraint]
    assert told == {constraint: constraint for constraint in BREAKS}


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        ("ARRAY[{volume}], ARRAY[0], ARRAY[{place}]", refusals.AlreadyHeld),
        ("ARRAY[{fresh}], ARRAY[1], ARRAY[{place}]", refusals.NotHeldYet),
        ("ARRAY[{volume}], ARRAY[1], ARRAY[{other}]", refusals.VersionMoved),
        ("ARRAY[{volume}], ARRAY[2], ARRAY[{place}]", refusals.AlreadyThere),
        ("ARRAY[{volume}, {volume}], ARRAY[2, 2], ARRAY[{other}, {other}]", refusals.SameVolumeTwice),
        ("ARRAY[999999], ARRAY[0], ARRAY[{place}]", refusals.Conflict),
        ("ARRAY[{fresh}], ARRAY[0], ARRAY[{outside}]", refusals.Conflict),
    ],
)
def test_the_ledgers_one_door_refuses_by_name(archive: Archive, arguments: str, refusal: type[Refusal]) -> None:
    archive.shelf("A-01")
    archive.shelf("A-02")
    archive.dossier("D-1", on="A-01")
    archive.dossier("D-2")
    archive.place("N-1", "window")
    ids = {
        name: archive.root.execute(query).fetchone()[0]  # type: ignore[index]
        for name, query in {
            "volume": "SELECT volume.id FROM volume JOIN dossier ON dossier.id = dossier_id WHERE number = 'D-1'",
            "fresh": "SELECT volume.id FROM volume JOIN dossier ON dossier.id = dossier_id WHERE number = 'D-2'",
            "place": "SELECT id FROM place WHERE code = 'A-01'",
            "other": "SELECT id FROM place WHERE code = 'A-02'",
            "outside": "SELECT id FROM place WHERE code = 'N-1'",
        }.items()
    }
    call = "SELECT ledger_append(gen_random_uuid(), '\\x00', %s, 1, " + arguments.format(**ids) + ", NULL, NULL, now())"
    with psycopg.connect(archive.app_url) as app, pytest.raises(psycopg.Error) as broken:
        app.execute(call, (ActKind.SHELVED.value,))  # type: ignore[arg-type]
    assert type(refusal_for(broken.value)) is refusal


def test_a_deadlock_is_a_conflict_and_a_server_that_goes_down_is_away(archive: Archive) -> None:
    with psycopg.connect(archive.app_url) as app:
        archive.root.execute("SELECT pg_terminate_backend(%s)", (app.info.backend_pid,))
        with pytest.raises(psycopg.Error) as gone:
            app.execute("SELECT 1")
        assert type(refusal_for(gone.value)) is refusals.Unavailable
    assert type(refusal_for(psycopg.errors.DeadlockDetected())) is refusals.Conflict
    assert refusal_for(psycopg.errors.UndefinedTable()) is None, "a defect of ours must be seen as one"
