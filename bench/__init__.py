"""How fast, how small: ratios against a limit or a peer, measured in one run. Never part of the tests."""
