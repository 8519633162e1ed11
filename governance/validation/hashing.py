"""Hashing stored files so that it can be laid aside and gone on with in another process: a hundred gigabytes take several turns.

`hashlib` cannot be asked for its inner state; OpenSSL's own structure, to which `hashlib` itself leads, can. Where that does not work
(another library, other sizes), the digest is made in one turn.
"""

import _hashlib
import ctypes
import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

CHUNK = 4 * 1024 * 1024
STATE_BYTES = 112  # SHA256_CTX: eight words of state, a count of bits, one block of input, two numbers
KNOWN = b"The quick brown fox jumps over the lazy dog"


@lru_cache(maxsize=1)
def _library() -> Any:
    """Return OpenSSL with its old way of hashing, once it was seen to give the right digest; None where there is none."""
    try:
        library: Any = ctypes.CDLL(_hashlib.__file__)
        library.SHA256_Update.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
        library.SHA256_Init.argtypes = [ctypes.c_void_p]
        library.SHA256_Final.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    except (OSError, AttributeError):
        return None
    first = Sha256(library)
    first.add(KNOWN[:13])
    again = Sha256(library, first.state())
    again.add(KNOWN[13:])
    return library if again.hex() == hashlib.sha256(KNOWN).hexdigest() else None


class Sha256:
    """A sha256 whose state can be taken out and put in again."""

    def __init__(self, library: Any, state: str = "") -> None:
        self._library = library
        self._context = ctypes.create_string_buffer(STATE_BYTES * 2)  # room to spare for a library with a larger one
        library.SHA256_Init(self._context)
        if state:
            self._context.raw = bytes.fromhex(state)

    def add(self, chunk: bytes) -> None:
        """Take in the next bytes."""
        self._library.SHA256_Update(self._context, chunk, len(chunk))

    def state(self) -> str:
        """Return how far it is."""
        return self._context.raw.hex()

    def hex(self) -> str:
        """Return the digest of all bytes so far."""
        out = ctypes.create_string_buffer(32)
        self._library.SHA256_Final(out, self._context)
        return out.raw.hex()


def resumable(state: str = "") -> Sha256 | None:
    """Return a sha256 that goes on from a state; None where that is not possible."""
    library = _library()
    return Sha256(library, state) if library is not None else None


def hash_on(path: Path, beat: Callable[[], None], *, start: int = 0, state: str = "", most: int | None = None) -> tuple[int, str, str]:
    """Hash from a place on, at most so many bytes; return where it stopped, and the state to go on with or, at the end, the digest."""
    digest = resumable(state)
    at, end = (start, None if most is None else start + most) if digest is not None else (0, None)
    grows: Any = digest or hashlib.sha256()
    add = digest.add if digest is not None else grows.update
    with path.open("rb") as stream:
        stream.seek(at)
        while end is None or at < end:
            chunk = stream.read(CHUNK)
            if not chunk:
                return at, "", digest.hex() if digest is not None else grows.hexdigest()
            add(chunk)
            at += len(chunk)
            beat()
    return at, digest.state() if digest is not None else "", ""
