"""How each import file lands in the database: what is staged, what is checked as a set, and which statements apply it.

A file's rows go by COPY into the temporary table `staged` (one column for each below, and `row`, the row's number as a
spreadsheet shows it). Each check is a query for the numbers of the rows it finds wrong. Only when all is well do the
steps run, in order, in the same transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from inventory.domain.places import PlaceKind
from inventory.domain.registers import AgencyRow, DossierRow, PlaceRow, ReaderRow
from inventory.domain.search import tokens_of
from inventory.store.keys import KeyRing

ID_TAIL_CHARACTERS = 6
STEPS_MAX = 20  # from a place or an agency up to the topmost; nothing is nested so deep


@dataclass(frozen=True, slots=True)
class Check:
    """`query` finds the rows whose `column` has this problem."""

    column: str
    problem_zh: str
    problem_en: str
    query: str


@dataclass(frozen=True, slots=True)
class Landing:
    """One register's way in. `cells(row, keys)` gives the staged values in the order of `columns`."""

    columns: dict[str, str]
    cells: Callable[[Any, KeyRing], tuple[Any, ...]]
    checks: tuple[Check, ...]
    steps: tuple[tuple[str, str], ...]


def _twice(column: str, *key: str) -> Check:
    keys = ", ".join(key or (column,))
    return Check(
        column,
        "在文件中重复",
        "it stands twice in the file",
        f"SELECT row FROM (SELECT row, count(*) OVER (PARTITION BY {keys}) AS times FROM staged WHERE {column} IS NOT NULL) "
        "AS counted WHERE times > 1",
    )


def _unknown(column: str, what_zh: str, what_en: str, known: str) -> Check:
    return Check(
        column,
        f"没有这个{what_zh}",
        f"there is no such {what_en}",
        f"SELECT row FROM staged WHERE {column} IS NOT NULL AND NOT EXISTS (SELECT FROM ({known}) AS known (code) "
        f"WHERE known.code = staged.{column})",
    )


def _cycle(column: str, problem_zh: str, problem_en: str, standing: str) -> Check:
    """`standing` gives the (code, above) pairs that stand already; where the file has the code, the file is right."""
    return Check(
        column,
        problem_zh,
        problem_en,
        f"""
        WITH RECURSIVE pair (code, above) AS (
            SELECT code, parent FROM staged UNION
            SELECT code, above FROM ({standing}) AS standing (code, above) WHERE code NOT IN (SELECT code FROM staged)),
        walk (row, start, above, steps) AS (
            SELECT row, code, parent, 1 FROM staged WHERE parent IS NOT NULL
            UNION SELECT walk.row, walk.start, pair.above, steps + 1
            FROM walk JOIN pair ON pair.code = walk.above
            WHERE pair.above IS NOT NULL AND steps < {STEPS_MAX} AND walk.above <> walk.start)
        SELECT DISTINCT row FROM walk WHERE above = start OR steps >= {STEPS_MAX}
        """,
    )


def _epc_taken(mine: str) -> Check:
    return Check(
        "epc",
        "EPC 已用于别的标签，不得重复使用",
        "that EPC is already in use; it is never used twice",
        "SELECT row FROM staged JOIN tag USING (epc) LEFT JOIN place ON place.id = tag.place_id "
        f"WHERE tag.volume_id IS NOT NULL OR (tag.place_id IS NOT NULL AND {mine})",
    )


# ── Agencies ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _agency_cells(row: AgencyRow, _keys: KeyRing) -> tuple[Any, ...]:
    return row.code, row.name, row.level.value, row.parent, row.valid_from, row.valid_to, row.successor


_AGENCIES = "SELECT code FROM agency UNION ALL SELECT code FROM staged"

AGENCIES = Landing(
    columns={
        "code": "text",
        "name": "text",
        "level": "text",
        "parent": "text",
        "valid_from": "date",
        "valid_to": "date",
        "successor": "text",
    },
    cells=_agency_cells,
    checks=(
        _twice("code"),
        _unknown("parent", "上级机构", "agency above it", _AGENCIES),
        _unknown("successor", "承接机构", "successor agency", _AGENCIES),
        _cycle(
            "parent",
            "上级关系成环",
            "it is, by way of others, above itself",
            "SELECT agency.code, above.code FROM agency JOIN agency AS above ON above.id = agency.parent_id",
        ),
    ),
    steps=(
        (
            "agencies",
            """
            INSERT INTO agency (code, name, level, valid_from, valid_to)
            SELECT code, name, level, valid_from, valid_to FROM staged
            ON CONFLICT (code) DO UPDATE SET name = excluded.name, level = excluded.level,
                valid_from = excluded.valid_from, valid_to = excluded.valid_to
            """,
        ),
        (
            "hierarchy",
            """
            UPDATE agency SET parent_id = above.id, successor_id = next.id
            FROM staged LEFT JOIN agency AS above ON above.code = staged.parent
            LEFT JOIN agency AS next ON next.code = staged.successor
            WHERE agency.code = staged.code
            """,
        ),
    ),
)


# ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────────────

# (kind, kind of parent) pairs that don't stand, straight from the domain's table.
_MISPLACED_KINDS = ", ".join(
    f"('{kind}', '{parent}')" for kind in PlaceKind for parent in PlaceKind if not kind.may_stand_in(parent)
)
_PLACE_DETAILS = ("block", "face", "aisle", "x", "y", "z", "width", "height", "depth", "capacity")
_KINDS = "SELECT code, kind FROM staged UNION SELECT code, kind FROM place"


def _place_cells(row: PlaceRow, _keys: KeyRing) -> tuple[Any, ...]:
    details = tuple(getattr(row, name) for name in _PLACE_DETAILS)
    return row.code, row.kind.value, row.name, row.parent, *details, row.epc


PLACES = Landing(
    columns={
        "code": "text",
        "kind": "text",
        "name": "text",
        "parent": "text",
        "block": "text",
        "face": "text",
        "aisle": "text",
        "x": "float8",
        "y": "float8",
        "z": "float8",
        "width": "float8",
        "height": "float8",
        "depth": "float8",
        "capacity": "int4",
        "epc": "bytea",
    },
    cells=_place_cells,
    checks=(
        _twice("code"),
        _twice("epc"),
        _unknown("parent", "上级所在", "place above it", "SELECT code FROM place UNION ALL SELECT code FROM staged"),
        Check(
            "kind",
            "所在种类不可更改",
            "a place never changes its kind",
            "SELECT row FROM staged JOIN place USING (code) WHERE place.kind <> staged.kind",
        ),
        Check(
            "parent",
            "该种所在不能在这种上级之内",
            "a place of this kind can't stand in one of that kind",
            f"SELECT row FROM staged JOIN ({_KINDS}) AS above (code, kind) ON above.code = staged.parent "
            f"WHERE (staged.kind, above.kind) IN ({_MISPLACED_KINDS})",
        ),
        # Kinds alone forbid a cycle among the places that stand already.
        _cycle("parent", "上级关系成环", "it stands, by way of others, in itself", "SELECT NULL, NULL WHERE false"),
        _epc_taken("place.code <> staged.code"),
    ),
    steps=(
        (
            "places",
            f"""
            INSERT INTO place (code, kind, name, {", ".join(_PLACE_DETAILS)})
            SELECT code, kind, name, {", ".join(_PLACE_DETAILS)} FROM staged ORDER BY row
            ON CONFLICT (code) DO UPDATE SET name = excluded.name,
                {", ".join(f"{name} = excluded.{name}" for name in _PLACE_DETAILS)}
            """,
        ),
        (
            "tree",
            """
            UPDATE place SET parent_id = above.id FROM staged LEFT JOIN place AS above ON above.code = staged.parent
            WHERE place.code = staged.code AND place.parent_id IS DISTINCT FROM above.id
            """,
        ),
        (
            "paths",
            """
            WITH RECURSIVE tree AS (
                SELECT id, '/' || id || '/' AS path, CASE kind WHEN 'warehouse' THEN id END AS warehouse_id,
                       CASE kind WHEN 'room' THEN id END AS room_id FROM place WHERE parent_id IS NULL
                UNION ALL
                SELECT place.id, tree.path || place.id || '/', tree.warehouse_id,
                       CASE place.kind WHEN 'room' THEN place.id ELSE tree.room_id END
                FROM place JOIN tree ON tree.id = place.parent_id)
            UPDATE place SET path = tree.path, warehouse_id = tree.warehouse_id, room_id = tree.room_id
            FROM tree WHERE tree.id = place.id AND (place.path, place.warehouse_id, place.room_id)
                IS DISTINCT FROM (tree.path, tree.warehouse_id, tree.room_id)
            """,
        ),
        (
            "label tags",
            """
            INSERT INTO tag (epc, place_id) SELECT epc, place.id FROM staged JOIN place USING (code) WHERE epc IS NOT NULL
            ON CONFLICT (epc) DO UPDATE SET place_id = excluded.place_id
            """,
        ),
        ("registry version", "UPDATE registry_version SET version = version + 1"),
    ),
)


# ── Readers ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_READER_DETAILS = ("dialect", "topic", "status_topic", "timezone", "mapping", "control_url", "slot")


def _reader_cells(row: ReaderRow, _keys: KeyRing) -> tuple[Any, ...]:
    return (
        row.reader,
        row.antenna,
        row.place,
        row.role.value,
        row.dialect.value,
        row.topic,
        row.status_topic,
        row.timezone or TIMEZONE_UNTOLD,
        None if row.mapping is None else Jsonb(row.mapping),
        row.control_url,
        row.slot or 0,
    )


READERS = Landing(
    columns={
        "reader": "text",
        "antenna": "int2",
        "place": "text",
        "role": "text",
        "dialect": "text",
        "topic": "text",
        "status_topic": "text",
        "timezone": "text",
        "mapping": "jsonb",
        "control_url": "text",
        "slot": "int2",
    },
    cells=_reader_cells,
    checks=(
        _twice("antenna", "reader", "antenna"),
        _unknown("place", "所在", "place", "SELECT code FROM place"),
        Check(
            "topic",
            "同一读写器各行的设置不一致",
            "the rows of one reader don't agree",
            f"""
            SELECT row FROM staged WHERE reader IN (
                SELECT reader FROM (SELECT DISTINCT reader, {", ".join(_READER_DETAILS)} FROM staged) AS kinds
                GROUP BY reader HAVING count(*) > 1)
            """,
        ),
        Check(
            "topic",
            "主题已属于另一读写器",
            "the topic belongs to another reader",
            """
            WITH claimed (reader, topic) AS (
                SELECT reader, topic FROM staged UNION SELECT reader, status_topic FROM staged UNION
                SELECT code, topic FROM reader WHERE code NOT IN (SELECT reader FROM staged) UNION
                SELECT code, status_topic FROM reader WHERE code NOT IN (SELECT reader FROM staged))
            SELECT row FROM staged JOIN claimed ON claimed.topic IN (staged.topic, staged.status_topic)
            WHERE claimed.reader <> staged.reader
            """,
        ),
    ),
    steps=(
        # Readers may swap their topics: each topic is free before anyone takes it.
        ("topics", "UPDATE reader SET topic = 'moving ' || code WHERE code IN (SELECT reader FROM staged)"),
        (
            "readers",
            f"""
            INSERT INTO reader (code, {", ".join(_READER_DETAILS)})
            SELECT DISTINCT ON (reader) reader, {", ".join(_READER_DETAILS)} FROM staged ORDER BY reader, row
            ON CONFLICT (code) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _READER_DETAILS)}
            """,
        ),
        (
            "antennas",
            """
            INSERT INTO antenna (reader_id, number, place_id, role)
            SELECT reader.id, antenna, place.id, role FROM staged JOIN reader ON reader.code = staged.reader
            JOIN place ON place.code = staged.place ORDER BY row
            ON CONFLICT (reader_id, number) DO UPDATE SET place_id = excluded.place_id, role = excluded.role
            """,
        ),
        ("registry version", "UPDATE registry_version SET version = version + 1"),
    ),
)

TIMEZONE_UNTOLD = "Asia/Shanghai"


# ── Dossiers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_HOLDING_KINDS = ", ".join(f"'{kind}'" for kind in PlaceKind if kind.holds_volumes)

AGENCY_KNOWN = _unknown("holding_agency", "机构", "agency", "SELECT code FROM agency")

# Where unknown agencies are welcome: their codes are all we know of them.


def _dossier_cells(row: DossierRow, keys: KeyRing) -> tuple[Any, ...]:
    birth_year = row.born_on.year if row.born_on else None
    cipher = number_hash = last_six_hash = None
    if row.id_number is not None:
        normalised = row.id_number.normalised
        cipher, number_hash = keys.encrypt(normalised), keys.number_hash(normalised)
        last_six_hash = keys.last_six_hash(normalised[-ID_TAIL_CHARACTERS:])
        if birth_year is None and (citizen := row.id_number.citizen_id) is not None:
            birth_year = citizen.birth_year
    return (
        row.number,
        row.volume,
        row.name,
        birth_year,
        row.employer,
        cipher,
        number_hash,
        last_six_hash,
        row.holding_agency,
        None if row.deposit_type is None else row.deposit_type.value,
        row.deposited_on,
        row.epc,
        row.tid,
        row.place,
        list(row.aliases),
        tokens_of(row.number, row.aliases, row.name),
    )


CREATE_AGENCIES = """
    INSERT INTO agency (code, name, level) SELECT DISTINCT holding_agency, holding_agency, 'county' FROM staged
    ON CONFLICT (code) DO NOTHING
"""

DOSSIERS = Landing(
    columns={
        "number": "text",
        "volume": "int2",
        "name": "text",
        "birth_year": "int2",
        "employer": "text",
        "id_number_cipher": "bytea",
        "id_number_hash": "bytea",
        "id_last_six_hash": "bytea",
        "holding_agency": "text",
        "deposit_type": "text",
        "deposited_on": "date",
        "epc": "bytea",
        "tid": "bytea",
        "place": "text",
        "aliases": "text[]",
        "tokens": "text[]",
    },
    cells=_dossier_cells,
    checks=(
        _twice("number", "number", "volume"),
        _twice("epc"),
        _twice("tid"),
        AGENCY_KNOWN,
        _unknown("place", "所在", "place", "SELECT code FROM place"),
        Check(
            "place",
            "此处不能存放档案",
            "a dossier can't be kept there",
            "SELECT row FROM staged JOIN place ON place.code = staged.place "
            f"WHERE place.kind NOT IN ({_HOLDING_KINDS}) OR place.warehouse_id IS NULL",
        ),
        Check(
            "number",
            "该册已登记",
            "that volume is already registered",
            "SELECT row FROM staged JOIN dossier USING (number) JOIN volume ON volume.dossier_id = dossier.id "
            "AND volume.ordinal = staged.volume",
        ),
        Check(
            "number",
            "同一档案各册的姓名、证件号或机构不一致",
            "the volumes of one dossier don't agree on the name, the ID number or the agency",
            """
            SELECT row FROM staged WHERE number IN (
                SELECT number FROM (
                    SELECT number, name, encode(id_number_hash, 'hex') AS hash, holding_agency FROM staged UNION ALL
                    SELECT number, subject.name, encode(subject.id_number_hash, 'hex'), agency.code FROM dossier
                    JOIN subject ON subject.id = subject_id JOIN agency ON agency.id = holding_agency_id
                    WHERE number IN (SELECT number FROM staged)) AS said
                GROUP BY number HAVING min(name) <> max(name) OR min(hash) <> max(hash)
                    OR min(holding_agency) <> max(holding_agency))
            """,
        ),
        _epc_taken("true"),
        Check(
            "tid",
            "TID 已用于别的标签，不得重复使用",
            "that TID is already in use; it is never used twice",
            "SELECT row FROM staged JOIN tag USING (tid)",
        ),
    ),
    steps=(
        # The first volume's row speaks for the dossier; a dossier already registered only gets the further volumes.
        (
            "dossiers to add",
            """
            CREATE TEMPORARY TABLE added ON COMMIT DROP AS
            SELECT DISTINCT ON (number) staged.*, nextval('subject_id_seq')::int AS subject_id,
                   nextval('dossier_id_seq')::int AS dossier_id, agency.id AS agency_id
            FROM staged JOIN agency ON agency.code = staged.holding_agency
            WHERE NOT EXISTS (SELECT FROM dossier WHERE dossier.number = staged.number) ORDER BY number, volume
            """,
        ),
        (
            "persons",
            """
            INSERT INTO subject (id, name, birth_year, employer, id_number_cipher, id_number_hash, id_last_six_hash)
            SELECT subject_id, name, birth_year, employer, id_number_cipher, id_number_hash, id_last_six_hash FROM added
            """,
        ),
        (
            "dossiers",
            """
            INSERT INTO dossier (id, number, subject_id, holding_agency_id, deposit_type, deposited_on)
            SELECT dossier_id, number, subject_id, agency_id, deposit_type, deposited_on FROM added
            """,
        ),
        ("aliases", "INSERT INTO dossier_alias SELECT DISTINCT dossier_id, unnest(aliases) FROM added"),
        (
            "search tokens",
            # Sorted, so that the index grows page after page.
            """
            INSERT INTO search_token (token, agency_id, dossier_id)
            SELECT unnest(tokens) COLLATE "C" AS token, agency_id, dossier_id FROM added ORDER BY 1, 2, 3
            """,
        ),
        (
            "volumes",
            """
            INSERT INTO volume (dossier_id, ordinal)
            SELECT dossier.id, staged.volume FROM staged JOIN dossier USING (number) ORDER BY row
            """,
        ),
        (
            "tags",
            """
            INSERT INTO tag (epc, tid, volume_id)
            SELECT epc, tid, volume.id FROM staged JOIN dossier USING (number)
            JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = staged.volume WHERE epc IS NOT NULL
            ORDER BY epc  -- as ingest adds tags it doesn't know: neither waits for the other in a circle
            ON CONFLICT (epc) DO UPDATE SET volume_id = excluded.volume_id, tid = excluded.tid
            """,
        ),
    ),
)

# Where the imported volumes stand, in the order of the file: what the shelving act of an import says.
SHELVED = """
    SELECT volume.id, place.id FROM staged JOIN dossier USING (number)
    JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = staged.volume
    JOIN place ON place.code = staged.place ORDER BY row
"""


# A volume's tag may have been read before anybody registered it: what was read since the register is true counts.
MARK_BELIEF_DUE = """
    INSERT INTO belief_due (antenna_id, from_slice)
    SELECT antenna_id, min(slice_start) FROM staged JOIN tag USING (epc) JOIN evidence ON evidence.tag_id = tag.id
    WHERE slice_start >= %s GROUP BY antenna_id
"""


LANDINGS: dict[str, Landing] = {"agencies": AGENCIES, "places": PLACES, "readers": READERS, "dossiers": DOSSIERS}
