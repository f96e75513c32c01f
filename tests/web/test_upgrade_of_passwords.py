"""A site that is upgraded keeps its people's passwords and PINs."""

import sqlalchemy
from alembic import command
from alembic.config import Config
from argon2 import PasswordHasher

from inventory.operations import signing_in
from inventory.store import migrating
from inventory.store.database import connect
from inventory.store.keys import new_key_ring
from tests import servers

OLD = "kept before there were proofs"


def test_passwords_from_before_the_upgrade_open_after_it(postgres: servers.PostgresForTests) -> None:
    name = "upgraded_passwords"
    postgres.provision(name)
    engine = sqlalchemy.create_engine(postgres.url("owner", name).replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        configuration = Config()
        configuration.set_main_option("script_location", str(migrating.MIGRATIONS))
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0002")
        connection.exec_driver_sql(
            "INSERT INTO account (login, name, role, password_hash) VALUES ('zhao', '赵建国', 'keeper', %s)",
            (PasswordHasher().hash(OLD),),
        )
    migrating.upgrade(engine)
    engine.dispose()
    database = connect(postgres.url("app", name), new_key_ring())
    try:
        assert signing_in.sign_in(database, "zhao", OLD, "secret").viewer.name == "赵建国"
    finally:
        database.engine.dispose()
