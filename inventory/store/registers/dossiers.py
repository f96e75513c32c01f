"""How dossiers land: persons, dossiers, search tokens, volumes, tags; the shelving act follows in the ledger."""

from typing import Any

from inventory.domain.places import PlaceKind
from inventory.domain.registers import DossierRow
from inventory.domain.search import tokens_of
from inventory.store.keys import KeyRing
from inventory.store.registers.landing import Check, Landing, epc_taken, twice, unknown

ID_TAIL_CHARACTERS = 6
_HOLDING_KINDS = ", ".join(f"'{kind}'" for kind in PlaceKind if kind.holds_volumes)

AGENCY_KNOWN = unknown("holding_agency", "机构", "agency", "SELECT code FROM agency")

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
        twice("number", "number", "volume"),
        twice("epc"),
        twice("tid"),
        AGENCY_KNOWN,
        unknown("place", "所在", "place", "SELECT code FROM place"),
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
        epc_taken("true"),
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
            INSERT INTO volume (dossier_id, ordinal, agency_id)
            SELECT dossier.id, staged.volume, holding_agency_id FROM staged JOIN dossier USING (number) ORDER BY row
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
