"""Badges and the desk station, on the real PC/SC daemon with a virtual reader."""
