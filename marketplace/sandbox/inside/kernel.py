"""Calls of the C library, with errors as exceptions."""

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)


def must(result: int, what: str) -> int:
    """Return the result of a C call; a failed one is an OSError that says what was tried."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
