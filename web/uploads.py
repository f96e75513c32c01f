"""A form that may carry one file; its size was judged before it came here (`web.limits`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from web.forms import Form

FIELDS_MAX = 50
NAME_CHARACTERS_MAX = 120


@dataclass(frozen=True, slots=True)
class Upload:
    """The form, and its file's name and bytes; no bytes where none was chosen."""

    form: Form
    name: str
    content: bytes

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """The file under its own name, as long as the block lasts."""
        with TemporaryDirectory(prefix="guiwei-file-") as folder:
            path = Path(folder) / self.name
            path.write_bytes(self.content)
            yield path


async def _sent(request: Request) -> Upload:
    async with request.form(max_files=1, max_fields=FIELDS_MAX) as sent:
        fields = [(name, value) for name, value in sent.multi_items() if isinstance(value, str)]
        file = next((value for _, value in sent.multi_items() if isinstance(value, UploadFile)), None)
        content = b"" if file is None else await file.read()
        name = Path((file.filename if file is not None else None) or "").name.replace("\0", "")
    return Upload(Form(fields), name[-NAME_CHARACTERS_MAX:] if name.strip(".") else "file", content)


SentUpload = Annotated[Upload, Depends(_sent)]
