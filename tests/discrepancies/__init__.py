"""Searches and work on the register."""
