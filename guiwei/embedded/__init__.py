"""A real PostgreSQL and a real MQTT broker from wheels, for a site that has no servers of its own."""

from guiwei.embedded.broker import EmbeddedBroker, embedded_broker
from guiwei.embedded.postgres import EmbeddedPostgres, embedded_postgres

__all__ = ["EmbeddedBroker", "EmbeddedPostgres", "embedded_broker", "embedded_postgres"]
