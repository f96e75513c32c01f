"""Alembic's entry: the connection is handed over by `inventory.store.migrating`."""

from alembic import context

from inventory.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
