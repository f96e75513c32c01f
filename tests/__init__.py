"""Guiwei's tests: sentences about the warehouse, on real servers."""
