"""Readers as people look after them: health, quarantine, unknown tags, registrations."""
