"""`python -m guiwei`."""

from guiwei.cli import run

run()
