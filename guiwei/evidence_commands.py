"""`guiwei import reads`: what a handheld read while no network was near it, from the file it exports when it is docked."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from devices.brought import take_brought
from guiwei.console import Json, print_result, say, tell_errors
from guiwei.settings import read_settings
from guiwei.site import open_site
from inventory.domain.read_files import ReadColumn
from inventory.domain.refusals import BadInput, RegisterInvalid
from inventory.operations.bringing import Brought
from inventory.operations.docking import FileAsked, bring_file
from inventory.operations.importing import ImportReport
from inventory.store import brought


def import_reads(
    file: Annotated[Path, typer.Argument(help="CSV (UTF-8 or GB 18030) or .xlsx.")],
    *,
    reader: Annotated[str, typer.Option(help="Whose file it is: a registered handheld or cart.")],
    timezone: Annotated[str | None, typer.Option(help="The file's clock; the reader's own unless told.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="What a column says, as epc=标签号; as its last file, or guessed, unless told."),
    ] = None,
    accept_valid: bool = False,
    as_json: Json = False,
) -> None:
    """A docked handheld's reads: EPC and time, or a printed code and time (+ RSSI, TID, antenna, count)."""
    asked = FileAsked(reader, _columns(column) if column else None, timezone, accept_valid)
    now = datetime.now(UTC)
    with open_site(read_settings(), say, "jobs") as site:
        try:
            done = bring_file(site.jobs, None, file, asked, now)
        except RegisterInvalid as refusal:
            report = refusal.facts["report"]
            assert isinstance(report, ImportReport)
            if as_json:
                print_result(asdict(report), "", as_json=True)
            else:
                tell_errors(report)
            raise
        with site.jobs.unpooled() as connection:
            take_brought(connection, now)
            row = brought.one(connection, done.row.number)
    tell_errors(done.report)
    told: dict[str, Any] = {**asdict(done.report), "reads": row.reads, "new_reads": row.new_reads, "again": done.again}
    print_result(told, _sentence(done, row.new_reads or 0), as_json=as_json)


def _sentence(done: Brought, new_reads: int) -> str:
    row = done.row
    if done.again:
        return (
            f"该文件内容已于 {row.brought_at:%F %R} UTC 导入（{row.name}），未重复计数。"
            f"Its content was imported before ({row.name}); nothing was counted twice."
        )
    return f"导入 {new_reads} 次读取（共 {row.reads} 次）。Imported {new_reads} reads of {row.reads}."


def _columns(told: list[str]) -> dict[ReadColumn, str]:
    columns: dict[ReadColumn, str] = {}
    for one in told:
        column, _, name = one.partition("=")
        if column not in list(ReadColumn) or not name.strip():
            known = ", ".join(ReadColumn)
            raise BadInput(
                problem_zh=f"列应写作 epc=列名，可用：{known}", problem_en=f"a column is told as epc=NAME, of {known}"
            )
        columns[ReadColumn(column)] = name.strip()
    return columns
