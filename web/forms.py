"""Forms whose fields depend on what they are for: read as they came, asked for by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from inventory.domain.refusals import BadInput

FIELD_CHARACTERS_MAX = 2_000
LONG_FIELDS = {"mapping", "sample"}  # a reader's messages are long
LONG_CHARACTERS_MAX = 50_000
FIELDS_MAX = 5_000


@dataclass(frozen=True, slots=True, repr=False)  # No repr: it may hold a PIN.
class Form:
    """Names and values of a form, in the order they were sent."""

    fields: Sequence[tuple[str, str]]

    def text(self, name: str) -> str:
        """The first value of that name without surrounding blanks, empty where there is none."""
        return next((value.strip() for field, value in self.fields if field == name), "")

    def told(self, name: str) -> str | None:
        """The same, None where nothing was told."""
        return self.text(name) or None

    def texts(self, name: str) -> list[str]:
        """All values of that name."""
        return [value for field, value in self.fields if field == name]

    def command_id(self) -> UUID:
        """The command a form stands for; raises `BadInput`."""
        try:
            return UUID(self.text("command_id"))
        except ValueError:
            raise BadInput(problem_zh="表单缺少命令编号", problem_en="the form has no command id") from None


async def _sent(request: Request) -> Form:
    """Read a form; raises `BadInput` for a file or a field longer than any of ours."""
    sent = await request.form(max_files=0, max_fields=FIELDS_MAX)
    fields = [(name, value) for name, value in sent.multi_items() if isinstance(value, str)]
    for name, value in fields:
        characters_max = LONG_CHARACTERS_MAX if name in LONG_FIELDS else FIELD_CHARACTERS_MAX
        if len(value) > characters_max and name != "code":
            raise BadInput(
                problem_zh=f"每栏最多{characters_max}个字符",
                problem_en=f"a field has at most {characters_max} characters",
            )
    return Form(fields)


SentForm = Annotated[Form, Depends(_sent)]
