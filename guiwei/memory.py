"""Large arrays go back to the system as soon as nobody needs them."""

import ctypes

M_MMAP_THRESHOLD = -3  # mallopt(3)
LARGE_BYTES = 1 << 20


def give_back_large_arrays() -> None:
    """Have glibc ask the system for each large block by itself, and return it when it is freed.

    Left alone it raises that size to 32 MiB as blocks are freed, and keeps what is smaller for later: just the columns of a
    city's night, which then took a seventh more memory, and most of it until the process ended. Other C libraries have no
    such setting, and nothing is done.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
