"""The trade's rules as frozen values and pure functions. No I/O, no clock, no framework."""
