"""A broker, ingest behind it, and pages before it."""

from tests.ingest.conftest import broker, folder, listening, readers

__all__ = ["broker", "folder", "listening", "readers"]
