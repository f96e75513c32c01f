"""The warehouse the tests are about: a real PostgreSQL with an empty, migrated database for each test."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy
from hypothesis import settings

from inventory.domain.acts import ActKind
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Role, Viewer
from inventory.operations import custody
from inventory.operations.custody import Asked, Seen
from inventory.store import migrating
from inventory.store.database import Database, connect
from inventory.store.keys import KeyRing, new_key_ring
from inventory.store.people import secret_hash
from tests import servers

# Not in a folder's conftest: imported into a second folder, the browser would be started twice in one session.
pytest_plugins = ("tests.site",)

TEMPLATE = "guiwei_template"
SIGNATURES = (
    40  # that everybody has given beside everybody's session; the tests of signatures begin by taking them away
)
# Machines are shared: how long one example takes says nothing of it.
settings.register_profile("guiwei", deadline=None)
settings.load_profile("guiwei")
_numbers = itertools.count(1)
_engines = itertools.count(1)


@pytest.fixture(scope="session")
def server_directory() -> Iterator[Path]:
    with servers.server_directory() as directory:
        yield directory


@pytest.fixture(scope="session", params=["PostgreSQL 18, embedded", "PostgreSQL of Debian"])
def postgres(request: pytest.FixtureRequest, server_directory: Path) -> Iterator[servers.PostgresForTests]:
    """Both engines a site may run on; a folder's own conftest may choose one."""
    start = servers.embedded_18 if "embedded" in request.param else servers.debian_15
    # A worker that takes over another's tests may come back to an engine it had before.
    directory = server_directory / f"engine-{next(_engines)}"
    directory.mkdir(mode=0o711)
    with start(directory) as server:
        server.provision(TEMPLATE)
        engine = sqlalchemy.create_engine(server.url("owner", TEMPLATE).replace("postgresql:", "postgresql+psycopg:"))
        migrating.upgrade(engine)
        engine.dispose()
        yield server


class Archive:
    """A warehouse in the trade's words. Everything stands in W1, one room; the actors are roles."""

    def __init__(self, server: servers.PostgresForTests, name: str, keys: KeyRing, *, furnished: bool = False) -> None:
        """furnished: the database is a copy of a warehouse's, with all that stands in it; there is nobody in it to act then."""
        self.server = server
        self.name = name
        self.keys = keys
        self.app: Database = connect(server.url("app", name), keys)
        self.jobs: Database = connect(server.url("jobs", name), keys)
        self.owner: Database = connect(server.url("owner", name), keys)
        self.app_url = server.url("app", name)
        self.owner_url = server.url("owner", name)
        self.root = psycopg.connect(server.superuser_url, dbname=name, autocommit=True)
        if furnished:
            return
        # Whom the site lets in only with a second factor is a matter of its own tests.
        self.root.execute("DELETE FROM second_factor_role")
        self.place("W1", "warehouse")
        self.place("W1-R1", "room", parent="W1")
        self.root.execute("INSERT INTO agency (code, name, level) VALUES ('370112', '历城区档案中心', 'county')")
        self.keeper = self.person("keeper", Role.KEEPER)
        self.second = self.person("second", Role.KEEPER)
        self.clerk = self.person("clerk", Role.WINDOW_CLERK, agency="370112")

    def sql_of(self, viewer: Viewer | None, **options: object) -> psycopg.Connection[Any]:
        """A connection with the application's password that presents somebody's session: what a break-in there gets."""
        connection = psycopg.connect(self.app_url, **options)  # type: ignore[arg-type]
        secret = "" if viewer is None else viewer.secret
        connection.execute("SELECT set_config('guiwei.session', %s, false)", (secret,))
        connection.commit()
        return connection

    def close(self) -> None:
        self.app.engine.dispose()
        self.jobs.engine.dispose()
        self.owner.engine.dispose()
        self.root.close()

    def place(self, code: str, kind: str, *, parent: str | None = None, x: float = 0.0) -> str:
        """A place of its own right, its tree columns filled in as an import would."""
        self.root.execute(
            "INSERT INTO place (code, kind, name, parent_id, x, y, z) "
            "VALUES (%s, %s, %s, (SELECT id FROM place WHERE code = %s), %s, 0, 0)",
            (code, kind, code, parent, x),
        )
        self.root.execute(
            "UPDATE place SET path = coalesce(above.path, '/') || place.id || '/', "
            "warehouse_id = CASE place.kind WHEN 'warehouse' THEN place.id ELSE above.warehouse_id END, "
            "room_id = CASE place.kind WHEN 'room' THEN place.id ELSE above.room_id END "
            "FROM place AS self LEFT JOIN place AS above ON above.id = self.parent_id "
            "WHERE self.id = place.id AND place.code = %s",
            (code,),
        )
        return code

    def shelf(self, code: str, x: float = 0.0) -> str:
        return self.place(code, "shelf", parent="W1-R1", x=x)

    def desk(self, code: str = "W1-D1") -> str:
        return self.place(code, "desk", parent="W1-R1")

    def person(self, login: str, role: Role, agency: str | None = None) -> Viewer:
        row = self.root.execute(
            "INSERT INTO account (login, name, role, agency_id) "
            "VALUES (%s, %s, %s, (SELECT id FROM agency WHERE code = %s)) RETURNING id, agency_id",
            (login, login, role.value, agency),
        ).fetchone()
        assert row is not None
        return Viewer(row[0], login, login, role, row[1], agency, self.session(row[0]))

    def session(self, account_id: int) -> str:
        """An open session of somebody, without the page that opens it; what it shows."""
        secret = uuid4().hex
        self.root.execute(
            "INSERT INTO web_session (secret_hash, account_id, created_at, expires_at)"
            " VALUES (%s, %s, now(), now() + interval '8 hours')",
            (secret_hash(secret), account_id),
        )
        self._stand_beside(account_id)
        return secret

    def signs(self, witness: Viewer, *, beside: Viewer) -> None:
        """The second person's PIN fitted, just now, beside somebody's session."""
        self.root.execute(
            "INSERT INTO countersignature (account_id, session_hash, expires_at) VALUES (%s, %s, now() + interval '5 minutes')",
            (witness.account_id, secret_hash(beside.secret)),
        )

    def _stand_beside(self, account_id: int) -> None:
        """Whoever signs as second person in tests of other things has typed the PIN at the counter, often enough for a test."""
        self.root.execute(
            "INSERT INTO countersignature (account_id, session_hash, expires_at) "
            "SELECT account.id, secret_hash, now() + interval '8 hours' FROM account, web_session, generate_series(1, %s) "
            "WHERE account.id <> web_session.account_id AND %s IN (account.id, web_session.account_id)",
            (SIGNATURES, account_id),
        )

    def dossier(self, number: str, *, on: str | None = None, epc: str | None = None, volumes: int = 1) -> str:
        """A registered dossier; `on` a shelf it is received and shelved there by the keeper."""
        row = self.root.execute("INSERT INTO subject (name) VALUES ('张三') RETURNING id").fetchone()
        assert row is not None
        self.root.execute(
            "INSERT INTO dossier (number, subject_id, holding_agency_id) "
            "VALUES (%s, %s, (SELECT id FROM agency WHERE code = '370112'))",
            (number, row[0]),
        )
        for ordinal in range(1, volumes + 1):
            self.root.execute(
                "INSERT INTO volume (dossier_id, ordinal) VALUES ((SELECT id FROM dossier WHERE number = %s), %s)",
                (number, ordinal),
            )
        if epc is not None:
            self.root.execute(
                "INSERT INTO tag (epc, volume_id) SELECT decode(%s, 'hex'), volume.id FROM volume "
                "JOIN dossier ON dossier.id = dossier_id WHERE number = %s AND ordinal = 1",
                (epc, number),
            )
        if on is not None:
            if not self.root.execute("SELECT FROM place WHERE code = 'W1-D0'").rowcount:
                self.desk("W1-D0")
            self.bring_in(number, "W1-D0")
            self.act(ActKind.SHELVED, number, on)
        return number

    def bring_in(self, volume: str, desk: str) -> None:
        """A volume comes by confidential courier to a desk, and two keepers accept it."""
        self.act(ActKind.RECEIVED, volume, desk, details={"channel": "confidential"})
        self.act(ActKind.ACCEPTED, volume, None, details={"pieces": 12}, witness=self.second)

    def act(self, kind: ActKind, volume: str, to_place: str | None, **more: object) -> int:
        """The keeper records an act just now; `more` are further fields of `Asked`."""
        if isinstance(witness := more.get("witness"), Viewer):
            self.signs(witness, beside=self.keeper)
        return custody.record(self.app, self.keeper, self.asked(kind, volume, to_place, **more))

    def asked(self, kind: ActKind, volume: str, to_place: str | None, **more: object) -> Asked:
        fields = {
            "command_id": uuid4(),
            "kind": kind,
            "volumes": [Seen(VolumeName.parse(volume))],
            "to_place": to_place,
            "happened_at": datetime.now(UTC),
        }
        return Asked(**(fields | more))  # type: ignore[arg-type]

    def where(self, volume: str) -> str | None:
        """The ledger's place of a volume, by code."""
        name = VolumeName.parse(volume)
        row = self.root.execute(
            "SELECT place.code FROM holding JOIN place ON place.id = place_id JOIN volume ON volume.id = volume_id "
            "JOIN dossier ON dossier.id = dossier_id WHERE number = %s AND ordinal = %s",
            (name.number, name.volume),
        ).fetchone()
        return row[0] if row else None


@pytest.fixture
def archive(postgres: servers.PostgresForTests) -> Iterator[Archive]:
    """An empty warehouse: W1 with room W1-R1, agency 370112, a keeper and a window clerk."""
    name = f"archive_{next(_numbers)}"
    with psycopg.connect(postgres.superuser_url, autocommit=True) as superuser:
        superuser.execute(f"CREATE DATABASE {name} OWNER guiwei_owner TEMPLATE {TEMPLATE}")
        superuser.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO guiwei_app, guiwei_jobs")
    archive = Archive(postgres, name, new_key_ring())
    try:
        yield archive
    finally:
        archive.close()
        with psycopg.connect(postgres.superuser_url, autocommit=True) as superuser:
            superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")
