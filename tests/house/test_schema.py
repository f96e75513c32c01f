"""The database that migrations make is the one the code speaks of: tables, constraints, and the refusal of each."""

import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.custody_rules import RULES
from inventory.domain.law import RULES as LAW
from inventory.domain.people import Role
from inventory.operations.signing_in import viewer_of_session
from inventory.store import tables
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import Transaction, raw, refusal_for
from tests.arrivals import breaks as arrivals
from tests.audits import breaks as audits
from tests.bringing import breaks as bringing
from tests.commanding import breaks as commanding
from tests.conftest import Archive
from tests.consigning import breaks as consigning
from tests.desk import breaks as desk
from tests.discrepancies import breaks as discrepancies
from tests.gates import breaks as gates
from tests.house.drawn import leaves
from tests.isolation import breaks as isolation
from tests.jobs import breaks as jobs
from tests.labels import breaks as labels
from tests.picking import breaks as picking
from tests.records import breaks as records
from tests.requests import breaks as requests
from tests.roles import test_guarded as roles
from tests.searches import breaks as searches
from tests.shelf_counts import breaks as shelf_counts
from tests.standing import breaks as standing
from tests.tampering import breaks as tampering

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
    """Checks, uniqueness, exclusions and unique indexes, by the names we gave them."""
    query = (
        "SELECT conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid "
        "WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'x') AND NOT relispartition "
        "UNION SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
        "WHERE relnamespace = 'public'::regnamespace AND indisunique AND NOT indisprimary AND NOT relispartition"
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


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_refusal_has_a_code_of_its_own_and_two_sentences_of_the_same_facts() -> None:
    kinds = leaves()
    assert len({kind.code for kind in kinds}) == len(kinds) > 30
    for kind in kinds:
        assert re.fullmatch(r"[a-z][a-z_]+", kind.code)
        assert kind.__doc__
        assert kind.rule is None or kind.rule in LAW
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


def test_every_constraint_is_broken_by_raw_sql_somewhere() -> None:
    """Each folder breaks its own and looks which refusal comes; here stand those of the house and of the ledger's door."""
    in_the_ledgers_tests = {"command_content_differs", "act_to_its_institution"}
    by_the_application = {commanding.BY_THE_APPLICATION, desk.BY_THE_APPLICATION}
    broken = set(BREAKS) | {constraint for _, constraint in AT_THE_DOOR} | in_the_ledgers_tests | by_the_application
    for folder in (
        arrivals,
        audits,
        bringing,
        commanding,
        consigning,
        desk,
        discrepancies,
        isolation,
        gates,
        jobs,
        labels,
        picking,
        records,
        requests,
        roles,
        searches,
        shelf_counts,
        standing,
        tampering,
    ):
        broken |= set(folder.BREAKS)
    assert set(CONSTRAINTS) - broken == set()


def test_a_constraint_gives_its_refusal_all_the_facts_it_tells() -> None:
    for constraint, kind in CONSTRAINTS.items():
        assert placeholders(kind.zh) | placeholders(kind.en) <= {"volume", "command", "place"}, constraint


ACT = (
    "INSERT INTO act SELECT warehouse_id, 99, volume_id, {version}, {kind}, {origin}, {target}, actor_id, command_id, NULL, "
    "{reason}, {happened}, recorded_at, hash, hash, {witness}, NULL FROM act WHERE version = {of}"
)


def an_act(**different: str) -> str:
    """A statement that copies an act of the ledger, different in one respect."""
    same = {"version": "9", "kind": "kind", "origin": "from_place_id", "target": "to_place_id", "reason": "NULL",
            "happened": "happened_at", "witness": "NULL", "of": "3"}  # fmt: skip
    return ACT.format(**(same | different))


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
    "tag_one_per_volume": "INSERT INTO tag (epc, volume_id) SELECT '\\x02', volume_id FROM tag",
    "tag_on_one_thing": "INSERT INTO tag (epc, volume_id, place_id) SELECT '\\x01', volume.id, place.id FROM volume, place",
    "belief_probability_is_one": "INSERT INTO belief SELECT volume.id, place.id, 1.5, NULL, NULL, 1, now(), 1 FROM volume, place",
    "judgement_outcome_known": (
        "INSERT INTO judgement SELECT volume.id, now(), now(), 1, 'burnt', NULL, NULL, NULL, false, 0, 0 FROM volume"
    ),
    "judgement_probability_is_one": (
        "INSERT INTO judgement SELECT volume.id, now(), now(), 1, 'missing', NULL, NULL, NULL, false, 1.5, 0 FROM volume"
    ),
    "read_profile_columns_are_alike": (
        "INSERT INTO read_profile SELECT volume.id, place.id, 1, 1, 1, 0, ARRAY[place.id], '{1}', '{1}', '{}', '{1}', '{1}', '{1}', 1 "
        "FROM volume, place"
    ),
    "zone_profile_columns_are_alike": (
        "INSERT INTO zone_profile SELECT volume.id, place.id, 1, 1, 1, 0, ARRAY[place.id], '{1}', '{1}', '{}', '{1}', '{1}', '{1}', 1 "
        "FROM volume, place"
    ),
    "act_version_taken": an_act(version="version"),
    "act_kind_known": an_act(kind="'burnt'"),
    "act_moves_or_not": an_act(origin="NULL"),
    "act_leads_elsewhere": an_act(origin="to_place_id"),
    "act_first_comes_from_nowhere": an_act(version="1", of="3 AND false OR kind = 'shelved'"),
    "act_not_in_the_future": an_act(happened="recorded_at + interval '1 hour'"),
    "act_backdated_with_reason": an_act(happened="recorded_at - interval '1 hour'"),
    "act_correction_with_reason": an_act(kind="'corrected'", reason="''"),
    "act_witness_is_another": an_act(witness="actor_id"),
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
            archive.root.execute(statement)
        told[constraint] = broken.value.diag.constraint_name
        assert type(refusal_for(broken.value)) is CONSTRAINTS[constraint]
    assert told == {constraint: constraint for constraint in BREAKS}


DOOR = (
    "SELECT ledger_append(gen_random_uuid(), '\\x00', %(kind)s, %(actor)s, %(witness)s, %(volumes)s::int[], %(versions)s::int[], \
%(places)s::int[], %(details)s::text[], %(authority)s, %(reason)s, %(happened)s)"
)


AT_THE_DOOR: list[tuple[dict[str, object], str]] = [
        ({"volumes": ["D-1"], "kind": "received", "versions": [0], "details": ['{"channel": "ems"}']}, "act_first_once"),
        ({"volumes": ["D-2"], "versions": [1]}, "act_needs_holding"),
        ({"versions": [2]}, "act_version_taken"),
        ({"places": ["A-01"]}, "act_leads_elsewhere"),
        ({"places": [None]}, "act_moves_or_not"),
        ({"volumes": ["D-1", "D-1"], "versions": [3, 3], "places": ["A-02", "A-02"], "details": [None] * 2}, "act_names_volume_once"),
        ({"volumes": [999_999], "versions": [0]}, "act_enters_a_warehouse"),
        ({"kind": "burnt"}, "act_kind_known"),
        ({"actor": "clerk"}, "act_by_role"),
        ({"kind": "damaged", "places": [None]}, "act_gives_reason"),
        ({"kind": "picked", "places": ["W1-D0"]}, "act_cites_authority"),
        ({"kind": "sealed", "places": [None]}, "act_takes_two"),
        ({"kind": "gap_committed", "places": [None]}, "act_carries_evidence"),
        ({"kind": "shelved"}, "act_starts_there"),
        ({"places": ["W1-D0"]}, "act_leads_there"),
        ({"kind": "opened", "places": [None], "witness": "second", "authority": "令 1", "volumes": ["D-3"], "versions": [4]}, "act_of_seal"),
        ({"kind": "repaired", "places": [None], "reason": "glue", "volumes": ["D-3"], "versions": [4]}, "act_of_marks"),
        ({"kind": "accepted", "places": [None], "witness": "second", "details": ['{"pieces": 1}'], "volumes": ["D-3"], "versions": [4]}, "act_of_legal_state"),
        ({"kind": "corrected", "reason": "as told", "volumes": ["D-4"], "versions": [1]}, "act_shelves_accepted"),
        ({"happened": datetime.now(UTC) - timedelta(days=1), "reason": "late"}, "act_in_order"),
    ({"kind": "transfer_started", "actor": "head", "places": [None], "authority": "函 1", "details": ['{"request": "R-000001", "recipient": "x"}']}, "act_has_its_request"),
]  # fmt: skip


@pytest.mark.parametrize(("different", "constraint"), AT_THE_DOOR)
def test_the_ledgers_one_door_refuses_by_name(archive: Archive, different: dict[str, object], constraint: str) -> None:
    for shelf in ("A-01", "A-02"):
        archive.shelf(shelf)
    archive.person("head", Role.AGENCY_HEAD, agency="370112")
    archive.dossier("D-1", on="A-01")
    archive.dossier("D-2")
    archive.dossier("D-3")
    archive.bring_in("D-3", "W1-D0")
    archive.act(ActKind.SEAL_BROKEN, "D-3", None, reason="torn")
    archive.act(ActKind.OPENED, "D-3", None, authority="令 1", witness=archive.second)
    archive.dossier("D-4")
    archive.act(ActKind.RECEIVED, "D-4", "W1-D0", details={"channel": "ems"})
    volumes: dict[str, int] = dict(
        archive.root.execute("SELECT number, volume.id FROM volume JOIN dossier ON dossier.id = dossier_id").fetchall()
    )
    places: dict[str, int] = dict(archive.root.execute("SELECT code, id FROM place").fetchall())
    people: dict[str, int] = dict(archive.root.execute("SELECT login, id FROM account").fetchall())
    asked: dict[str, Any] = {
        "kind": "reshelved", "actor": "keeper", "witness": None, "volumes": ["D-1"], "versions": [3], "places": ["A-02"],
        "details": [None], "authority": None, "reason": None, "happened": datetime.now(UTC), **different,
    }  # fmt: skip
    asked["volumes"] = [volumes.get(name, name) for name in asked["volumes"]]
    asked["places"] = [places.get(code) for code in asked["places"]]
    asked["actor"], asked["witness"] = people[asked["actor"]], people.get(asked["witness"])
    before = archive.root.execute("SELECT count(*) FROM act").fetchone()
    with psycopg.connect(archive.app_url) as app, pytest.raises(psycopg.Error) as broken:
        app.execute(DOOR, asked)
    assert broken.value.diag.constraint_name == constraint
    assert type(refusal_for(broken.value)) is CONSTRAINTS[constraint]
    assert archive.root.execute("SELECT count(*) FROM act").fetchone() == before


def test_every_act_stands_on_rules_that_are_there() -> None:
    assert {law for rule in RULES.values() for law in rule.law} <= set(LAW)


DELEGATES = frozenset({Role.CITY_MANAGER})  # who records what is delegable, held to it by `act_under_delegation`


def test_the_table_of_acts_stands_in_the_database_word_for_word(archive: Archive) -> None:
    columns = ("kind", "roles", "starts", "leads", "begins", "legal", "legal_after", "seal", "seal_after", "needs", "bars",
               "adds", "removes", "two", "authority", "evidence", "asked_as", "delegable")  # fmt: skip
    stored = {
        row[0]: tuple(sorted(cell) if isinstance(cell, list) else cell for cell in row)
        for row in archive.root.execute("SELECT " + ", ".join(columns) + " FROM act_rule")
    }
    declared = {
        kind.value: tuple(
            sorted(map(str, cell)) if isinstance(cell, frozenset | tuple) else cell
            for cell in (kind.value, rule.by | (DELEGATES if rule.delegable else frozenset()), rule.starts, rule.leads, rule.begins, rule.legal, rule.legal_after, rule.seal,
                         rule.seal_after, rule.needs, rule.bars, rule.adds, rule.removes, rule.two, rule.authority,
                         rule.evidence, rule.asked_as, rule.delegable)
        )
        for kind, rule in RULES.items()
    }  # fmt: skip
    assert stored == declared


def test_a_deadlock_is_a_conflict_and_a_server_that_goes_down_is_away(archive: Archive) -> None:
    with psycopg.connect(archive.app_url) as app:
        archive.root.execute("SELECT pg_terminate_backend(%s)", (app.info.backend_pid,))
        with pytest.raises(psycopg.Error) as gone:
            app.execute("SELECT 1")
        assert type(refusal_for(gone.value)) is refusals.Unavailable
    assert type(refusal_for(psycopg.errors.DeadlockDetected())) is refusals.Conflict
    assert refusal_for(psycopg.errors.UndefinedTable()) is None, "a defect of ours must be seen as one"


def test_a_server_that_was_started_again_costs_nobody_a_transaction(archive: Archive) -> None:
    def end_all() -> None:
        query = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s AND usename = 'guiwei_app'"
        archive.root.execute(query, (archive.name,))

    def shown(transaction: Transaction) -> str:
        row = raw(transaction).execute("SELECT current_setting('guiwei.session', true)").fetchone()
        assert row is not None
        return str(row[0] or "")

    with archive.app.transaction(archive.keeper) as before:
        assert shown(before) == archive.keeper.secret
    end_all()
    with archive.app.transaction(archive.keeper) as after:
        assert shown(after) == archive.keeper.secret, "begun again on a new connection, and says again whose it is"
    end_all()
    assert viewer_of_session(archive.app, archive.keeper.secret) == archive.keeper, "nor one that is a single message"

    def cut_off() -> None:
        with archive.app.transaction() as nobodys:
            assert shown(nobodys) == "", "whoever had the connection before isn't shown any more"
            end_all()
            shown(nobodys)

    with pytest.raises(refusals.Unavailable):
        cut_off()
    with archive.app.transaction() as later:
        assert shown(later) == ""
