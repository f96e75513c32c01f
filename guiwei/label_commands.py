"""`guiwei label`: how the site numbers its labels, and a batch of them as a file for a printer."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from guiwei.console import Json, print_result, say
from guiwei.settings import read_settings
from guiwei.site import open_site
from inventory.domain.label_numbering import numbering_of
from inventory.domain.refusals import BadInput
from inventory.operations import label_printing, labelling, numbering_labels
from inventory.operations.label_printing import DOTS_BY_DPI
from inventory.operations.labelling import Wanted
from inventory.store.labels import NumberingRow

app = typer.Typer(no_args_is_help=True, help="Labels with chips.")


@app.command()
def numbering(
    gs1_prefix: Annotated[str | None, typer.Option(help="The site's own GS1 company prefix, 6 to 12 digits.")] = None,
    document_type: Annotated[
        str | None, typer.Option(help="Its document type for dossiers: 12 digits together with the prefix.")
    ] = None,
    gid_manager: Annotated[
        int | None, typer.Option(help="Without a GS1 prefix: the site's own manager number.")
    ] = None,
    object_class: Annotated[int | None, typer.Option(help="Its object class for dossiers.")] = None,
    first_serial: Annotated[
        int | None, typer.Option(help="Where serials begin, if another program used those before.", min=1)
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Say how labels are numbered from now on, or show how they are; labels made before stay as they are."""
    now, wanted = datetime.now(UTC), (gs1_prefix, document_type, gid_manager, object_class)
    is_told = any(one is not None for one in (*wanted, first_serial))
    new = numbering_of(*wanted) if is_told else None
    with open_site(read_settings(), say, "owner") as site:
        if new is not None:
            found: NumberingRow | None = numbering_labels.set_numbering(site.owner, new, first_serial, now)
        else:
            found = numbering_labels.numbering(site.owner, None)
    if found is None:
        print_result({"scheme": None}, "尚未设定。Not set.", as_json=as_json)
        return
    known = found.numbering
    told = {"scheme": known.scheme.value, "identity": known.told, "serial_max": known.serial_max}
    told["set_at"] = found.set_at.isoformat()
    print_result(
        told, f"{known.scheme.value.upper()} {known.told}（{found.set_at:%Y-%m-%d} 起 since）", as_json=as_json
    )


@app.command()
def batch(
    place: Annotated[str, typer.Argument(help="A shelf, bay or other place, or an arrival: A-000012, A-000012/3.")],
    file: Annotated[Path, typer.Argument(help="The .zpl file to write; one that is there stays.")],
    dpi: Annotated[int, typer.Option(help="The printer's resolution, 203 or 300.")] = 203,
    *,
    as_json: Json = False,
) -> None:
    """Make a batch of labels for whatever has no tag there, and write it as ZPL for a printer that encodes."""
    if dpi not in DOTS_BY_DPI:
        raise BadInput(problem_zh="分辨率应为 203 或 300 dpi", problem_en="the resolution is 203 or 300 dpi")
    now = datetime.now(UTC)
    # Opened before anything is made: no EPCs are spent on a file that can't be.
    try:
        out = file.open("xb")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadInput(
            problem_zh=f"无法写入 {file.name}：{why}", problem_en=f"{file.name} can't be written: {why}"
        ) from error
    with out:
        try:
            with open_site(read_settings(), say, "owner") as site:
                number = labelling.make_batch(site.owner, None, Wanted(uuid4(), place), now)
                zpl = label_printing.zpl_file(site.owner, None, number, DOTS_BY_DPI[dpi], now)
        except BaseException:
            file.unlink()
            raise
        out.write(zpl)
    count = zpl.count(b"^RFW,H")
    told = {"batch": number, "labels": count, "file": str(file)}
    print_result(told, f"{number}：{count} 张标签，{file} {count} labels", as_json=as_json)
