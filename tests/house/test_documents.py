"""What is written for those who run Guiwei is what the program does."""

import inspect
import re
from pathlib import Path

import pytest
import typer

from guiwei.cli import app
from inventory.domain.law import CHAPTERS, Rule
from tests.house.drawn import DRAWN, stands

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
    sections = dict(
        re.findall(r"^### `(guiwei[a-z -]*?)(?: [A-Z]+)*`\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    )
    described = {
        name: sorted(set(re.findall(r"^- `(--[a-z0-9\-]+)", body, re.MULTILINE))) for name, body in sections.items()
    }
    assert described == commands()


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_drawn_from_the_code_stands_in_the_docs_word_for_word(name: str) -> None:
    drawn = DRAWN[name]()
    assert stands(name) == drawn, f"run python -m tests.house.drawn; docs/{name} should hold:\n{drawn}"


def book_of_rules() -> str:
    head = "| rule | mark | 内容 | English | number | source | in force |\n|---|---|---|---|---|---|---|"
    return "\n\n".join(
        f"## {en} {zh}\n\n{head}\n" + "\n".join(map(row_of_rule, rules)) for (zh, en), rules in CHAPTERS.items()
    )


def row_of_rule(rule: Rule) -> str:
    number = "" if rule.number is None else f"{rule.number} {rule.unit}{'' if rule.configurable else ' (fixed)'}"
    days = (
        "" if rule.valid_from is rule.valid_to is None else f"{rule.valid_from or ''} – {rule.valid_to or ''}".strip()
    )
    source = f"{rule.source_zh}<br>{rule.source_en}"
    return f"| `{rule.id}` | {rule.mark} | {rule.zh} | {rule.en} | {number} | {source} | {days} |"


def test_every_rule_stands_in_the_docs_with_its_source_word_for_word() -> None:
    book = book_of_rules()
    assert stands("rules.md") == book, f"docs/rules.md should hold:\n{book}"


def test_every_command_says_what_it_is_for() -> None:
    assert all(inspect.getdoc(command.callback) for command in app.registered_commands)
