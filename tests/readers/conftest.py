"""A broker, ingest behind it, and pages before it."""

from tests.ingest.conftest import broker, listening, readers

__all__ = ["broker", "listening", "readers"]
