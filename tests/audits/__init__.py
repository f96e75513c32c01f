"""Audits: stored, run again, signed, closed, reported."""
