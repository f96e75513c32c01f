"""Every address as every role, about things of one's own county and of another's: let in or refused as the table says.

The addresses are those the application serves, so a new one is tried by itself; one without a door doesn't start.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import APIRoute

from inventory.domain.custody_rules import RULES
from inventory.domain.people import Reach, Role
from inventory.domain.permissions import PERMISSIONS, Permission
from inventory.domain.refusals import AgencyRequired, NotAllowed
from inventory.operations.signing_in import add_account
from tests.conftest import Archive
from tests.isolation.test_isolation import isolated
from tests.roles.two_counties import SECRETS_OF_THEIRS, County, TwoCounties
from tests.site import ONE_ENGINE
from web.app import PAGES, PROGRAMS, WebSettings, create_app
from web.doors import Door, Doors, Entrance, door_of, open_to_all, permitted
from web.limits import Limits, Pace
from web.navigation import ENTRIES
from web.pages.request_steps import STEPS
from web.pages.station import GROUPS

# Beside the routers' addresses: what every visitor needs, and nothing of a dossier's.
BESIDE = {"/openapi.json", "/static", "/static/vendor"}
AGENCY_ROLES = [role for role in Role if role.rights.dossiers is Reach.OWN_AGENCY]
# What a door lets in everybody for, and then depends on whom it is about: here on somebody else.
FINER = {("POST", "/api/v1/ties"): Permission.DECLARE_TIES.roles}
# Asked behind a door that is wider.
ASKED_WITHIN = {Permission.DECLARE_TIES}
# Tried by tests of their own: here they would end what the others need.
SESSIONS = {"/sign-in", "/sign-out", "/sign-in/password", "/me/password"}
# Own things that can't be looked at as they stand in the test's warehouse, each with the reason.
NOT_YET = {
    "/requests/{number}/notice.pdf": "no transfer was approved",
    "/requests/{number}/address.pdf": "no transfer was approved",
    "/consignments/{number}/discrepancy-sheet.pdf": "it hasn't arrived",
    "/api/v1/consignments/{number}/discrepancy-sheet.pdf": "it hasn't arrived",
    "/consignments/{number}/arrive": "it isn't under way",
    "/consignments/{number}/seal": "nothing is packed",
    "/me": "it shows a browser's sessions, and this is a program",
}


@pytest.fixture
def web_settings() -> WebSettings:
    """A person at a keyboard isn't as fast as this."""
    fast = Pace(1_000_000, 1_000_000)
    return WebSettings(limits=Limits(of_address=fast, of_account=fast))


@pytest.fixture
def counties(archive: Archive, site: str) -> TwoCounties:
    return TwoCounties(archive, site)


@pytest.fixture
def web(counties: TwoCounties) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=counties.address, headers={"Accept-Language": "en"}, timeout=60) as client:
        yield client


def addresses() -> dict[tuple[str, str], Door]:
    found: dict[tuple[str, str], Door] = {}
    for part in (*PROGRAMS, *PAGES):
        assert isinstance(part.router, Doors)
        found |= part.router.doors()
    return found


@ONE_ENGINE
def test_no_address_is_without_a_door(archive: Archive) -> None:
    routes = create_app(archive.app, WebSettings()).routes
    included = [route.original_router for route in routes if hasattr(route, "original_router")]
    assert included == [part.router for part in (*PROGRAMS, *PAGES)]
    assert {path for route in routes if (path := getattr(route, "path", None)) is not None} == BESIDE
    assert all(
        isinstance(route, APIRoute) and door_of(route.endpoint) for router in included for route in router.routes
    )
    assert len(addresses()) > 200


def test_an_endpoint_that_names_no_door_does_not_start() -> None:
    def leak() -> str:
        return "everything"

    with pytest.raises(TypeError, match="who may come in"):
        Doors().get("/leak")(leak)
    Doors().get("/open")(open_to_all(leak))
    door = permitted(Permission.PICK)(leak)
    assert door_of(door) == Door(Entrance.PERMITTED, Permission.PICK)


def test_every_permission_is_somebodys_and_every_door_and_page_of_the_navigation_is_of_the_table() -> None:
    assert set(PERMISSIONS) == set(Permission)
    doors = addresses()
    asked = {door.permission for door in doors.values()} | {step.permission for step in STEPS.values()}
    assert asked | ASKED_WITHIN >= set(Permission)
    assert all(permission.roles for permission in Permission)
    for entry in ENTRIES:
        assert doors["GET", entry.address].permission is entry.permission, entry
        assert entry.permission.roles - entry.not_for, entry


@ONE_ENGINE
def test_whoever_sees_an_agencys_dossiers_belongs_to_one(archive: Archive) -> None:
    """The third column of the matrix: an account of such a role without an agency can't be."""
    for role in AGENCY_ROLES:
        with pytest.raises(AgencyRequired):
            add_account(archive.owner, "nobodys", "无所属", role, None, None)


class Asked:
    """One address asked about one county's things, with a body that has the right form."""

    def __init__(self, method: str, path: str, county: County, schemas: Mapping[str, Any], **chosen: str) -> None:
        self.method, self.template = method, path
        named = county.named(path) | chosen
        self.path = re.sub(r"{(\w+)(?::path)?}", lambda found: named[found[1]], path)
        self.county = county
        self.json: Any = None
        self.form: dict[str, str] | None = None
        if method != "GET":
            operation = schemas["paths"].get(re.sub(":path", "", path), {}).get(method.lower())
            if operation is None:
                self.form = county.form()
            elif "requestBody" in operation:
                body = operation["requestBody"]["content"]["application/json"]["schema"]
                self.json = example(body, "", county, schemas)
        self.query = _query(path, county)

    def send(self, web: httpx.Client, token: str | None) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        with web.stream(
            self.method, self.path, params=self.query, json=self.json, data=self.form, headers=headers
        ) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                answer.close()  # it would never end
                return httpx.Response(answer.status_code)
            answer.read()
            return answer


def _query(path: str, county: County) -> dict[str, str]:
    told = {
        "/api/v1/counts": {"day": "2026-01-01"},
        "/api/v1/refusals": {"since": "2026-01-01T00:00:00Z", "until": "2026-12-31T00:00:00Z"},
        "/api/v1/requests": {"list": "mine"},
        "/counts/contents": {"place": "A-01"},
        "/dossiers/{number}/as-of": {"at": "2026-11-26T00:00"},
        "/requests/new": {"dossier": county.dossiers[0]},
    }
    if path.endswith("/scan") and path.startswith("/api"):
        return {"command_id": str(uuid4())}
    return told.get(path, {})


def example(schema: Mapping[str, Any], name: str, county: County, document: Mapping[str, Any]) -> Any:
    """The least a program can send that has the schema's form, about a county's own things."""
    if "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return example(found, name, county, document)
    choices = next((schema[choice] for choice in ("anyOf", "oneOf", "allOf") if choice in schema), None)
    if choices is not None:
        return example(choices[0], name, county, document)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        required = schema.get("required", [])
        return {
            key: example(inner, key, county, document)
            for key, inner in schema.get("properties", {}).items()
            if key in required
        }
    if kind == "array":
        count = schema.get("minItems", 1)
        return [example(schema["items"], name, county, document) for _ in range(count)]
    return _scalar(kind, schema, name, county)


def _scalar(kind: object, schema: Mapping[str, Any], name: str, county: County) -> object:
    if kind == "integer":
        return max(1, schema.get("minimum", 1))
    if kind in {"number", "boolean"}:
        return kind == "boolean" or 1.0
    forms = {"uuid": str(uuid4()), "date": "2026-01-01", "date-time": "2026-01-01T00:00:00Z"}
    if schema.get("format") in forms:
        return forms[schema["format"]]
    return county.form().get(name, "x")


@dataclass(frozen=True)
class Cell:
    """One address with who may come in there, asked about our county's things and about the other's."""

    entrance: Entrance
    roles: frozenset[Role]
    ours: Asked
    theirs: Asked


def _matrix(counties: TwoCounties, web: httpx.Client) -> list[Cell]:
    """Every address; those that are many things by a word of theirs, once for each. What changes things comes last."""
    schemas = json.loads(web.get("/openapi.json").text)
    cells = []
    for (method, path), door in addresses().items():
        everybody = door.permission.roles if door.permission else frozenset(Role)
        choices: list[tuple[dict[str, str], frozenset[Role]]] = [({}, FINER.get((method, path), everybody))]
        if path == "/station/{act}":
            acts = [act for group in GROUPS.values() for act in group]
            choices = [({"act": act.value}, frozenset(RULES[act].by)) for act in acts]
        elif path == "/requests/{number}/{step}":
            choices = [({"step": step.name}, step.permission.roles) for step in STEPS.values()]
        for chosen, roles in choices:
            assert roles <= everybody, f"{path}: {chosen} is for more than its door lets in"
            ours, theirs = (
                Asked(method, path, county, schemas, **chosen) for county in (counties.ours, counties.theirs)
            )
            cells.append(Cell(door.entrance, roles, ours, theirs))
    return sorted(cells, key=lambda cell: cell.ours.method != "GET")


def _is_refused_by_role(answer: httpx.Response) -> bool:
    """Whether this is the refusal of a role, and not of a PIN or of a state."""
    if answer.status_code != 403:
        return False
    if answer.headers.get("content-type", "").startswith("application/json"):
        return bool(answer.json()["code"] == NotAllowed.code)
    return NotAllowed.en in answer.text.replace("&#39;", "'")


@ONE_ENGINE
def test_every_role_comes_in_where_the_table_says_and_nowhere_else(counties: TwoCounties, web: httpx.Client) -> None:
    wrong, tried = [], 0
    for cell in _matrix(counties, web):
        ours = cell.ours
        if ours.path in SESSIONS:
            continue
        for role in Role:
            tried += 1
            answer = ours.send(web, counties.people[role])
            if role in cell.roles:
                if _is_refused_by_role(answer) or answer.status_code in {401, 500}:
                    wrong.append(
                        f"{ours.method} {ours.template}: {role} should come in: {answer.status_code} {answer.text[:200]}"
                    )
            elif not _is_refused_by_role(answer):
                wrong.append(f"{ours.method} {ours.template}: {role} came in: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert tried > 3_000


@ONE_ENGINE
def test_a_stranger_comes_in_nowhere_but_at_the_open_doors(counties: TwoCounties, web: httpx.Client) -> None:
    wrong = []
    for cell in _matrix(counties, web):
        ours = cell.ours
        answer = ours.send(web, None)
        turned_away = answer.status_code == 401 or (
            answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        )
        if turned_away != (cell.entrance is not Entrance.OPEN) and ours.path not in SESSIONS:
            wrong.append(f"{ours.method} {ours.template}: {cell.entrance}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@ONE_ENGINE
def test_what_is_ones_own_countys_is_seen(counties: TwoCounties, web: httpx.Client) -> None:
    """So that the test after this one proves something: with the very same requests about one's own, one gets there."""
    wrong = []
    for cell in _matrix(counties, web):
        ours = cell.ours
        if ours.method != "GET" or ours.template in NOT_YET or cell.entrance is Entrance.SIGNING_IN:
            continue
        for role in AGENCY_ROLES:
            if role in cell.roles:
                answer = ours.send(web, counties.people[role])
                if answer.status_code != 200:
                    wrong.append(f"{ours.path}: {role}: {answer.status_code} {answer.text[:150]}")
    assert not wrong, "\n".join(wrong)


@ONE_ENGINE
def test_nothing_of_another_county_is_seen_or_changed(counties: TwoCounties, web: httpx.Client) -> None:
    """Sent everything about the other county's things, with the form that works for one's own."""
    archive, wrong = counties.archive, []
    before = {table: _rows(archive, table) for table in sorted(isolated(archive))}
    for cell in _matrix(counties, web):
        theirs = cell.theirs
        if cell.entrance is Entrance.SIGNING_IN or theirs.path in SESSIONS:
            continue
        for role in cell.roles.intersection(AGENCY_ROLES):
            answer = theirs.send(web, counties.people[role])
            what = f"{theirs.method} {theirs.template}: {role}: {answer.status_code}"
            if any(secret in answer.text for secret in SECRETS_OF_THEIRS):
                wrong.append(f"{what} tells {[secret for secret in SECRETS_OF_THEIRS if secret in answer.text]}")
            if answer.status_code == 500:
                wrong.append(what)
            named = re.search(r"{(number|volume|search|certificate|merger|letter_id)", theirs.template)
            if theirs.method == "GET" and named and answer.status_code == 200 and not _is_the_citys(theirs.template):
                wrong.append(f"{what} shows it")
    for table, rows in before.items():
        if gone := rows - _rows(archive, table):
            wrong.append(f"{table} changed: {sorted(gone)[:3]}")
    assert not wrong, "\n".join(wrong)


def _is_the_citys(template: str) -> bool:
    """Batches that belong to no county."""
    return any(part in template for part in ("loose-materials", "digitisation", "reshelving", "/station"))


def _rows(archive: Archive, table: str) -> set[str]:
    return {row for (row,) in archive.root.execute(f"SELECT {table}::text FROM {table}")}
