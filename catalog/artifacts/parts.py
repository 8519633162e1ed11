"""What has arrived of an upload: one preallocated temporary file, or one object per part where the bytes lie in an object store."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from catalog.artifacts import store
from catalog.artifacts.digests import CHUNK, Sha256
from catalog.artifacts.models import Upload
from catalog.artifacts.store import Readable, arriving, disk_in_words, receive
from marketplace.errors import Conflict, Unavailable


def place_of(upload: Upload) -> Path:
    """Return where the temporary file of an upload lies; named by its id alone."""
    return store.incoming() / f"upload-{upload.pk.hex}"


def length_of(upload: Upload, number: int) -> int:
    """Return how many bytes a part has."""
    return min(upload.part_size, upload.size - number * upload.part_size)


def prepare(upload: Upload) -> None:
    """Make room for an upload: the file has its full length from the start, and nobody else may read it."""
    if store.folder() is None:
        return
    with disk_in_words():
        descriptor = os.open(place_of(upload), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.truncate(descriptor, upload.size)
        finally:
            os.close(descriptor)


def write(upload: Upload, number: int, stream: Readable, *, still_open: Callable[[], bool]) -> None:
    """Write one part where it belongs; durable when this returns."""
    length = length_of(upload, number)
    if store.folder() is None:
        with arriving() as file:
            receive(stream, file, length=length)
            file.seek(0)
            store.bucket().Object(_object_name(upload, number)).upload_fileobj(file)
        return
    with disk_in_words(), _opened(upload) as file:
        # Held while bytes move: whoever verifies waits for nobody and refuses instead, so that no late byte lands in a blob.
        fcntl.flock(file, fcntl.LOCK_SH)
        if not still_open():
            raise Conflict("This upload is no longer open.", hint="Look at its state.")
        file.seek(number * upload.part_size)
        receive(stream, file, length=length)
        file.flush()
        os.fdatasync(file.fileno())


@contextmanager
def alone_with(upload: Upload) -> Iterator[BinaryIO | None]:
    """Hold the temporary file while no part is on its way into it; nothing to hold in an object store."""
    if store.folder() is None:
        yield None
        return
    with _opened(upload) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise Unavailable("A part of this upload is still on its way.", hint="Ask again in a moment.") from busy
        yield file


def digest_of(upload: Upload, file: BinaryIO | None, *, beat: Callable[[], None]) -> str:
    """Return the sha256 of everything that arrived, in order."""
    digest = Sha256()
    for chunk in _chunks(upload, file):
        digest.add(chunk)
        beat()
    return digest.hex()


def secure(upload: Upload, file: BinaryIO | None, sha256: str) -> None:
    """Make the verified bytes durable, before the transaction that makes them visible."""
    if file is not None:
        store.secure(file, sha256)
        return
    name = store.object_name(sha256)
    store.bucket().Object(name).upload_fileobj(_Verified(_chunks(upload, None), sha256))


def part_names(upload: Upload) -> list[dict[str, str]]:
    """Return the objects that hold the parts of an upload in an object store."""
    return [{"Key": found.key} for found in store.bucket().objects.filter(Prefix=_object_name(upload, None))]


def _object_name(upload: Upload, number: int | None) -> str:
    folder = f"{store.object_name('', kind=store.INCOMING)}{upload.pk.hex}/"
    return folder if number is None else f"{folder}{number:08d}"


@contextmanager
def _opened(upload: Upload) -> Iterator[BinaryIO]:
    try:
        file = place_of(upload).open("r+b")
    except FileNotFoundError as gone:
        raise Conflict("What had arrived of this upload is gone.", hint="Cancel it and start again.") from gone
    with file:
        yield file


def _chunks(upload: Upload, file: BinaryIO | None) -> Iterator[bytes]:
    if file is not None:
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk
        return
    for number in range(upload.parts):
        body: Any = store.bucket().Object(_object_name(upload, number)).get()["Body"]
        yield from body.iter_chunks(CHUNK)


class _Verified:
    """A stream that fails at its end when its bytes are not what was verified, so that the object never comes to be."""

    def __init__(self, chunks: Iterator[bytes], sha256: str) -> None:
        self.chunks, self.sha256, self.digest, self.rest = chunks, sha256, Sha256(), b""

    def read(self, size: int = CHUNK) -> bytes:
        """Return the next bytes."""
        while len(self.rest) < size:
            chunk = next(self.chunks, b"")
            if not chunk:
                break
            self.digest.add(chunk)
            self.rest += chunk
        taken, self.rest = self.rest[:size], self.rest[size:]
        if not taken and self.digest.hex() != self.sha256:
            raise Conflict("A part changed while the upload was verified.", hint="Ask again.")
        return taken
