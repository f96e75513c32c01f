"""What the doctor says of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, and a sentence about it."""

    what: str
    well: bool
    told: str
