"""Import files of a small warehouse, and what they leave in the database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import openpyxl
import pytest

from inventory.domain.refusals import RegisterInvalid
from inventory.operations.importing import ImportOptions, ImportReport, import_register
from tests.conftest import Archive

HEADERS = {
    "agencies": "code,name,level,parent,valid_from,valid_to,successor",
    "places": "code,kind,name,parent,block,face,aisle,x,y,z,width,height,depth,capacity,epc",
    "readers": "reader,dialect,topic,antenna,place,role,status_topic,timezone,mapping,control_url,slot",
    "dossiers": "number,name,id_number,holding_agency,epc,tid,place,volume,aliases,employer,deposit_type,born_on,deposited_on",
}

EPCS = [f"3500E86F8000A9E0{number:08X}" for number in range(100)]


def csv_file(folder: Path, kind: str, *rows: str, encoding: str = "utf-8", header: str | None = None) -> Path:
    """A register as a site exports it; short rows lack their last cells."""
    path = folder / f"{kind}.csv"
    path.write_bytes("\n".join([header or HEADERS[kind], *rows]).encode(encoding))
    return path


def xlsx_file(folder: Path, kind: str, *rows: Sequence[object]) -> Path:
    book = openpyxl.Workbook()
    for row in (HEADERS[kind].split(","), *rows):
        book.worksheets[0].append(list(row))
    path = folder / f"{kind}.xlsx"
    book.save(path)
    return path


def take_in(archive: Archive, kind: str, path: Path, **options: object) -> ImportReport:
    return import_register(
        archive.owner,
        kind,
        path,
        uuid4(),
        datetime.now(UTC),
        ImportOptions(**options),  # type: ignore[arg-type]
    )


def refused(archive: Archive, kind: str, path: Path, **options: object) -> list[tuple[int, str, str]]:
    """Try a file that is wrong, see that nothing at all came of it, and give its errors: (row, column, problem)."""
    before = contents(archive)
    with pytest.raises(RegisterInvalid) as refusal:
        take_in(archive, kind, path, **options)
    assert contents(archive) == before
    report = refusal.value.facts["report"]
    assert isinstance(report, ImportReport)
    assert report.error_count == refusal.value.facts["count"] == len(report.errors)
    assert all(error.problem_zh for error in report.errors)
    return [(error.row, error.column, error.problem_en) for error in report.errors]


def tables(archive: Archive) -> list[str]:
    """Every table of the site, partitions through their parents."""
    query = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
        "AND NOT relispartition ORDER BY 1"
    )
    return [name for (name,) in archive.root.execute(query)]


def contents(archive: Archive) -> dict[str, tuple[object, ...]]:
    """Rows and a checksum of every table."""
    found = {}
    for table in tables(archive):
        row = archive.root.execute(
            f"SELECT count(*), md5(coalesce(string_agg({table}::text, chr(10) ORDER BY {table}::text), '')) FROM {table}"
        ).fetchone()
        assert row is not None
        found[table] = row
    return found


def rows(archive: Archive, query: str, *values: object) -> list[tuple[object, ...]]:
    return archive.root.execute(query, values).fetchall()


AGENCIES = ("3701,济南市档案中心,市级,", "370113,长清区档案中心,县级,3701")
PLACES = (
    "W2,库房,西库,",
    "W2-R1,room,一层,W2",
    "W2-R1-B1,block,甲区,W2-R1,甲",
    f"W2-A-01,bay,一节,W2-R1-B1,甲,L,3,1.5,0.4,0,0.9,2.1,0.4,200,{EPCS[90]}",
    f"W2-A-01-1,shelf,一层,W2-A-01,甲,L,3,1.5,0.4,0.2,0.9,0.35,0.4,40,{EPCS[91]}",
    "W2-A-01-2,shelf,二层,W2-A-01,甲,L,3,1.5,0.4,0.55,0.9,0.35,0.4,40,",
    "W2-D1,工作台,收件台,W2",
    "N-1,window,长清窗口,",
)
READERS = (
    "H-1,native,guiwei/W2/H-1/reads,0,W2-R1,handheld,guiwei/W2/H-1/status,,,,",
    "T-1,impinj,tunnel/1,1,W2-D1,desk,,Asia/Shanghai,,http://10.0.0.7/api,3",
    "T-1,impinj,tunnel/1,2,W2-D1,desk,,Asia/Shanghai,,http://10.0.0.7/api,3",
)
DOSSIERS = (
    f"D-17,单雄信,11010519491231002X,370113,{EPCS[1]},E2801160,W2-A-01-1,1,旧-3;旧-4,济南第二机床厂,单位存档,,1998-07-01",
    f"D-17,单雄信,11010519491231002X,370113,{EPCS[2]},,W2-A-01-2,2",
    f"D-18,阿迪力·买买提,,370113,{EPCS[3]},,W2-A-01-1,,,,个人存档,1970-02-01,",
    "D-19,𠮷野家,370102800101001,3701,,,,",
)


def small_site(archive: Archive, folder: Path) -> None:
    """Everything the dossiers need, imported."""
    for kind, lines in (("agencies", AGENCIES), ("places", PLACES), ("readers", READERS)):
        assert take_in(archive, kind, csv_file(folder, kind, *lines)).imported == len(lines)
