"""Requests made up from the OpenAPI document, half of them about things that exist: else all would end at "no such dossier"."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, openapi
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation

from inventory.domain.people import Role
from tests.attacks.conftest import Counties
from web.app import PROGRAMS

Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True)
class Operation:
    """One operation of the API, and every request that can be made up for it."""

    label: str
    cases: st.SearchStrategy[Case[Any]]
    permitted: frozenset[Role]  # whom its door lets in; the others get no further, whatever they send


def operations(address: str) -> Iterator[Operation]:
    for found in openapi.from_url(f"{address}/openapi.json").get_all_operations():
        assert isinstance(found, Ok), found
        operation: APIOperation[Any, Any, Any, Any] = found.ok()
        meant = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        told = bool(list(operation.iter_parameters()) or len(operation.body))
        wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        cases = st.one_of(meant, meant, wrong) if told else meant
        yield Operation(operation.label, cases, _permitted(operation.method.upper(), operation.path))


def _permitted(method: str, path: str) -> frozenset[Role]:
    doors = {
        (asked, re.sub(r":\w+}", "}", address)): door  # The document tells no converters.
        for part in PROGRAMS
        for (asked, address), door in part.router.doors().items()
    }
    permission = doors[method, path].permission
    return frozenset(Role) if permission is None else permission.roles


@dataclass
class Known:
    """What exists, by the name of the field that asks for it."""

    counties: Counties

    def pool(self, path: str, name: str) -> list[object]:
        """Values worth putting into a field; empty where nothing is known of it."""
        if name == "number":
            pools: dict[str, list[object]] = {"dossiers": self._dossiers, "requests": [*self.counties.requests]}
            part = path.removeprefix("/api/v1/").partition("/")[0]
            return pools.get(part, [1])
        if name == "login" and path.startswith(("/api/v1/roles", "/api/v1/accounts")):
            return ["second"]  # A program whose account is locked, or gets another role, tries nothing more.
        if name.endswith("_letter"):
            return [*self.counties.letters]
        return next((pool for names, pool in self._pools if name in names.split()), [])

    @property
    def _dossiers(self) -> list[object]:
        return [*self.counties.ours, *self.counties.theirs]

    @cached_property
    def _pools(self) -> list[tuple[str, list[object]]]:
        return [
            ("dossier dossiers sought volume volumes into kept", self._dossiers),
            ("place to_place desk window shelf warehouse zone", ["W1", "W1-R1", "W1-D1", "A-01", "N-1"]),
            ("institution code", ["NOTARY", "SCHOOL"]),
            ("login", ["second", "keeper", *(f"program-{role.value}" for role in Role)]),
            ("agency from_agency to_agency accepting_agency", ["370112", "370113"]),
            ("letter letter_id", [*self.counties.letters]),
        ]


def grounded(draw: Draw, case: Case[Any], known: Known) -> Case[Any]:
    """The case with about half of what it names replaced by what exists."""
    case.path_parameters = _grounded(draw, case.path_parameters, "", case.path, known)
    if isinstance(case.body, dict | list):
        case.body = _grounded(draw, case.body, "", case.path, known)
    return case


def _grounded(draw: Draw, value: Any, name: str, path: str, known: Known) -> Any:
    if isinstance(value, dict):
        return {key: _grounded(draw, inner, str(key), path, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [_grounded(draw, inner, name, path, known) for inner in value]
    pool = known.pool(path, name) if isinstance(value, str | int) else []
    return draw(st.sampled_from(pool)) if pool and draw(st.booleans()) else value
