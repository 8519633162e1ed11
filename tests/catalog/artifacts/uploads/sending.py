"""Sending bytes, whole or broken, and what lies on its way."""

import hashlib
import io

from catalog.artifacts import store
from catalog.artifacts.actions import add_file

MB = 1024 * 1024
# The store is shared by all workers.
UNSEEN = b"bytes that no other test sends"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def send(version, content, path="weights.bin", *, by, length=None, sha256=None):
    return add_file(version, path, io.BytesIO(content), by=by, length=len(content) if length is None else length, sha256=sha256)


def incoming() -> list[str]:
    return sorted(found.name for found in store.incoming().iterdir())


class Broken(io.BytesIO):
    """A connection that breaks in the middle."""

    def read(self, size=-1):
        if self.tell() >= 1000:
            raise ConnectionResetError("gone")
        return super().read(min(size, 1000))
