"""A file that is small until it is opened."""

import io
import zipfile


def bomb() -> bytes:
    """An .xlsx of some 250 KiB whose one sheet unpacks to a thousand times its size."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(260):
            sheet.write(b" " * 1_048_576)
    return packed.getvalue()
