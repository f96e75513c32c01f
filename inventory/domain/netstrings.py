"""Netstrings: how fields become bytes that can't be confused with their neighbours, wherever something is hashed or signed."""


def netstring(value: str | None) -> bytes:
    """A field as length in bytes, colon, bytes, comma; None is `-,`."""
    if value is None:
        return b"-,"
    encoded = value.encode()
    return b"%d:%b," % (len(encoded), encoded)


def netstrings(*values: str | None) -> bytes:
    """Several fields, one after the other."""
    return b"".join(map(netstring, values))
