"""What is written for those who run Guiwei is what the program does."""

import inspect
import re
from pathlib import Path

import typer

from guiwei.cli import app
from inventory.domain.refusals import Refusal
from tests.house.test_schema import leaves

DOCS = Path(__file__).parents[2] / "docs"


def commands(group: typer.Typer = app, prefix: str = "guiwei") -> dict[str, list[str]]:
    """Every command with its options, from the program."""
    command = typer.main.get_command(group)
    found: dict[str, list[str]] = {}

    def walk(node: object, name: str) -> None:
        children = getattr(node, "commands", None)
        if children is None:
            found[name] = sorted(
                option for parameter in node.params for option in parameter.opts if option.startswith("--")  # type: ignore[attr-defined]
            )  # fmt: skip
        else:
            for child, inner in children.items():
                walk(inner, f"{name} {child}")

    walk(command, prefix)
    return {name: [option for option in options if option != "--help"] for name, options in found.items()}


def test_every_command_and_every_option_is_described_and_no_other() -> None:
    text = (DOCS / "commands.md").read_text("utf-8")
    sections = dict(re.findall(r"^### `(guiwei[a-z ]*?)(?: [A-Z]+)?`\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL))
    described = {
        name: sorted(set(re.findall(r"^- `(--[a-z\-]+)", body, re.MULTILINE))) for name, body in sections.items()
    }
    assert described == commands()


def table_of_refusals() -> str:
    lines = ["| code | is a | 中文 | English |", "|---|---|---|---|"]
    for kind in leaves():
        above = "" if kind is Refusal else f"`{kind.__mro__[1].code}`"
        lines.append(f"| `{kind.code}` | {above} | {kind.zh} | {kind.en} |")
    return "\n".join(lines)


def test_every_refusal_stands_in_the_docs_word_for_word() -> None:
    text = (DOCS / "refusals.md").read_text("utf-8")
    table = "\n".join(line for line in text.splitlines() if line.startswith("|"))
    assert table == table_of_refusals(), f"docs/refusals.md should hold:\n{table_of_refusals()}"


def test_every_command_says_what_it_is_for() -> None:
    assert all(inspect.getdoc(command.callback) for command in app.registered_commands)
