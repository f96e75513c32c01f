"""What the documents hold that is drawn from the code. `python -m tests.house.drawn` writes it; a test compares."""

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from inventory.domain.acts import ActKind
from inventory.domain.custody_rules import OURS, RULES, STORED, ActRule, Authority
from inventory.domain.masking import mask_id
from inventory.domain.people import Reach, Role
from inventory.domain.permissions import Permission
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import Refusal
from inventory.domain.standing import Legal, Seal
from web.app import PAGES, PROGRAMS
from web.doors import Entrance

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- drawn from the code -->", "<!-- end -->"

GROUPS: dict[str, frozenset[PlaceKind]] = {
    "shelves 库位": STORED,
    "work 工作台、推车、到件区": frozenset({PlaceKind.DESK, PlaceKind.CART, PlaceKind.ARRIVALS}),
}


def leaves(kind: type[Refusal] = Refusal) -> list[type[Refusal]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in leaves(child))]


def refusals() -> str:
    lines = ["| code | is a | 中文 | English |", "|---|---|---|---|"]
    for kind in leaves():
        parent = kind.__mro__[1]
        above = f"`{parent.code}`" if issubclass(parent, Refusal) else ""
        lines.append(f"| `{kind.code}` | {above} | {kind.zh} | {kind.en} |")
    return "\n".join(lines)


def custody() -> str:
    return "\n\n".join(
        (
            "## Who legally answers for it", _states(Legal, "legal"),
            "## The envelope", _states(Seal, "seal"),
            "## Where it is", _places(),
            "## Every act", _acts(),
            "## What each act refuses", _refusals_of_acts(),
        )
    )  # fmt: skip


def _states(axis: type[Legal] | type[Seal], name: str) -> str:
    edges = []
    for rule in RULES.values():
        after, before = getattr(rule, f"{name}_after"), getattr(rule, name)
        if after is not None:
            starts = ["[*]"] if rule.begins else sorted(state for state in before if state != after)
            edges += [f"    {start} --> {after}: {rule.zh}" for start in starts]
    names = [f"    {state}: {state.zh} {state.en}" for state in axis]
    return "```mermaid\nstateDiagram-v2\n" + "\n".join(names + edges) + "\n```"


def _group(kind: PlaceKind) -> str:
    return next((name for name, kinds in GROUPS.items() if kind in kinds), f"{kind} {kind.zh}")


def _places() -> str:
    edges: dict[tuple[str, str], list[str]] = defaultdict(list)
    for rule in RULES.values():
        for start in sorted({_group(kind) for kind in rule.starts}) if not rule.begins else ["outside 馆外"]:
            for lead in sorted({_group(kind) for kind in rule.leads or ()}):
                # What may be corrected or go missing anywhere would hide the rest.
                if len(rule.starts) * len(rule.leads or ()) < 60 and not (rule.begins and len(rule.leads or ()) > 4):
                    edges[start, lead].append(rule.zh)
    ids = {name: f"p{number}" for number, name in enumerate(sorted({name for edge in edges for name in edge}))}
    lines = [f'    {key}["{name}"]' for name, key in ids.items()]
    lines += [f'    {ids[start]} -->|"{"、".join(acts)}"| {ids[lead]}' for (start, lead), acts in sorted(edges.items())]
    return "```mermaid\nflowchart LR\n" + "\n".join(lines) + "\n```"


def _names(items: Iterable[StrEnum]) -> str:
    return " ".join(sorted(items))


def _acts() -> str:
    lines = [
        "| act | by | from | to | legal | seal, marks | needs | through | law |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for kind, rule in RULES.items():
        needs = [
            *(["two people"] if rule.two else []),
            *([rule.authority.value] if rule.authority is not Authority.NONE else []),
            *rule.evidence,
            *([f"a request for a {rule.asked_as}"] if rule.asked_as else []),
        ]
        lines.append(
            f"| **{rule.zh}** `{kind}` | {_by(rule)} | {'first act' if rule.begins else _names(rule.starts)} | "
            f"{'stays' if rule.leads is None else _names(rule.leads)} | {_legal(rule)} | {_envelope(rule)} | "
            f"{', '.join(needs)} | {rule.through or ''} | {' '.join(f'`{law}`' for law in rule.law)} |"
        )
    return "\n".join(lines)


def _by(rule: ActRule) -> str:
    return _names(rule.by) + (f", {Role.CITY_MANAGER} under a delegation" if rule.delegable else "")


def _legal(rule: ActRule) -> str:
    after = f" → {rule.legal_after}" if rule.legal_after else ""
    return f"{'' if rule.begins else 'ours' if rule.legal == OURS else _names(rule.legal)}{after}".strip()


def _envelope(rule: ActRule) -> str:
    parts = [] if rule.seal == frozenset(Seal) else [_names(rule.seal)]
    parts += [f"→ {rule.seal_after}"] if rule.seal_after else []
    parts += [f"needs {_names(rule.needs)}"] if rule.needs else []
    parts += [f"not {_names(rule.bars)}"] if rule.bars else []
    parts += [f"+{_names(rule.adds)}"] if rule.adds else []
    parts += [f"−{_names(rule.removes)}"] if rule.removes else []
    return ", ".join(parts)


def _refusals_of_acts() -> str:
    rows = (f"| `{kind}` | {' '.join(f'`{code}`' for code in refusals_of(RULES[kind]))} |" for kind in ActKind)
    return "\n".join(("| act | refusals |", "|---|---|", *rows))


def refusals_of(rule: ActRule) -> list[str]:
    """Codes of what this act can be refused with, beside what every act is (unknown dossier, reused command, ...)."""
    moves = rule.leads is not None
    possible = {
        "act_needs_work": rule.through is not None,
        "act_not_for_role": True,
        "second_person_missing": rule.two,
        "second_person_is_first": rule.two,
        "authority_missing": rule.authority is Authority.DOCUMENT,
        "reason_missing": rule.authority is Authority.REASON,
        "evidence_missing": bool(rule.evidence),
        "already_held": rule.begins,
        "not_held_yet": not rule.begins,
        "wrong_origin": not rule.begins,
        "place_missing": moves,
        "wrong_kind_of_place": moves,
        "already_there": moves and not rule.begins,
        "legal_state_forbids": not rule.begins and rule.legal != frozenset(Legal),
        "not_accepted": moves and bool((rule.leads or frozenset()) & STORED) and not rule.begins,
        "seal_forbids": rule.seal != frozenset(Seal),
        "mark_forbids": bool(rule.bars or rule.needs),
        "version_moved": True,
        "act_out_of_order": not rule.begins,
    }
    return [code for code, can_be in possible.items() if can_be]


def roles() -> str:
    return f"## What each role sees\n\n{_sights()}\n\n## Who may do what\n\n{_permissions()}\n\n## Every address\n\n{_doors()}"


def _sights() -> str:
    reach = {Reach.NONE: "none", Reach.OWN_AGENCY: "own agency's", Reach.ALL: "all"}
    lines = ["| role | dossiers | a person | an ID number | acts it records |", "|---|---|---|---|---|"]
    for role in Role:
        rights = role.rights
        acts = sum(role in rule.by for rule in RULES.values())
        person = (
            ("surname", "name, birth year, employer")[rights.sees_persons] if rights.dossiers is not Reach.NONE else ""
        )
        number = f"`{mask_id('11010519491231002X', rights.id_mask)}`" if rights.dossiers is not Reach.NONE else ""
        lines.append(
            f"| {role.zh} {role.en} `{role}` | {reach[rights.dossiers]} | {person} | {number} | {acts or ''} |"
        )
    return "\n".join(lines)


def _permissions() -> str:
    lines = ["| permission | who |", "|---|---|"]
    for permission in Permission:
        who = (
            "everybody"
            if permission.roles == frozenset(Role)
            else ", ".join(role.en for role in Role if role in permission.roles)
        )
        lines.append(f"| {permission.zh} {permission.en} `{permission}` | {who} |")
    return "\n".join(lines)


def _doors() -> str:
    lines = ["| address | asks for |", "|---|---|"]
    for part in (*PROGRAMS, *PAGES):
        for (method, path), door in part.router.doors().items():
            asks = f"`{door.permission}`" if door.permission else ENTRANCES[door.entrance]
            lines.append(f"| `{method} {path}` | {asks} |")
    return "\n".join(lines)


ENTRANCES = {
    Entrance.OPEN: "nothing",
    Entrance.SIGNING_IN: "a session that may owe its second factor",
    Entrance.SIGNED_IN: "to be signed in",
}
DRAWN = {"refusals.md": refusals, "custody.md": custody, "roles.md": roles}


def stands(name: str) -> str:
    """What a document holds between its two marks."""
    text = (DOCS / name).read_text("utf-8")
    return text.split(BEGIN, 1)[1].split(END, 1)[0].strip()


def main() -> None:
    for name, draw in DRAWN.items():
        path = DOCS / name
        before, rest = path.read_text("utf-8").split(BEGIN, 1)
        path.write_text(f"{before}{BEGIN}\n\n{draw()}\n\n{END}{rest.split(END, 1)[1]}", "utf-8")


if __name__ == "__main__":
    main()
