"""How much of an ID number each pair of eyes gets."""

from enum import StrEnum

_SHORTEST_SHOWN_CHARACTERS = 15  # Of anything shorter, ten characters would be most of it.


class MaskStyle(StrEnum):
    """Whose eyes."""

    STAFF = "staff"  # 370102********1015
    SUPERVISOR = "supervisor"  # 3701**************


_SHOWN = {MaskStyle.STAFF: (6, 4), MaskStyle.SUPERVISOR: (4, 0)}  # characters shown at the head and at the tail


def mask_id(id_number: str, style: MaskStyle = MaskStyle.STAFF) -> str:
    """`id_number` with stars in place of what `style` hides; a historic number too short for an ID is hidden whole."""
    head, tail = _SHOWN[style] if len(id_number) >= _SHORTEST_SHOWN_CHARACTERS else (0, 0)
    hidden = len(id_number) - head - tail
    return id_number[:head] + "*" * hidden + id_number[head + hidden :]
