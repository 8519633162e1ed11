"""The content-addressed store: bytes come in through a temporary file and become a blob under their sha256, once and whole."""

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils import timezone

from catalog.artifacts.digests import CHUNK, Sha256
from catalog.artifacts.storage import key
from marketplace.errors import Invalid, Unavailable

INCOMING = "incoming"
FULL = {errno.ENOSPC, errno.EDQUOT}
READ_ONLY = 0o400


class Readable(Protocol):
    """Anything that bytes can be read from, piece by piece."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; nothing at the end."""
        ...


def folder() -> Path | None:
    """Return the folder of the store; None when the bytes lie in an object store."""
    return Path(default_storage.location) if isinstance(default_storage, FileSystemStorage) else None


def incoming() -> Path:
    """Return the folder for what is not whole yet: beside the blobs, so that the last step is a rename."""
    base = folder()
    place = base / INCOMING if base else Path(tempfile.gettempdir()) / f"marketplace-{INCOMING}-{os.getuid()}"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    if place.stat().st_uid != os.getuid():
        raise Unavailable("The folder for arriving files belongs to somebody else.", hint="Tell whoever runs this marketplace.")
    return place


@contextmanager
def disk_in_words() -> Iterator[None]:
    """Say in a sentence that the disk is full; nothing half-written stays."""
    try:
        yield
    except OSError as fault:
        if fault.errno in FULL:
            raise Unavailable("The disk of the store is full; nothing was kept.", hint="Tell whoever runs this marketplace.") from fault
        raise


@contextmanager
def arriving() -> Iterator[BinaryIO]:
    """Open a temporary file that only we may read; it is gone afterwards unless it became a blob."""
    descriptor, name = tempfile.mkstemp(prefix="put-", dir=incoming())
    os.close(descriptor)
    try:
        with disk_in_words(), Path(name).open("r+b") as file:
            yield file
    finally:
        Path(name).unlink(missing_ok=True)


def receive(stream: Readable, into: BinaryIO, *, length: int, watch: Callable[[int], None] | None = None) -> str:
    """Copy exactly `length` bytes, hashing on the way, and return their sha256; raise Invalid when there are fewer or more."""
    digest, arrived = Sha256(), 0
    while arrived < length:
        chunk = _read(stream, min(CHUNK, length - arrived), arrived, length)
        if not chunk:
            raise _wrong_length(arrived, length)
        into.write(chunk)
        digest.add(chunk)
        arrived += len(chunk)
        if watch is not None:
            watch(arrived)
    if _read(stream, 1, arrived, length):
        raise Invalid("More bytes came than were declared.", fields={"size": [f"Declare the real size; {length} bytes were announced."]})
    into.flush()
    return digest.hex()


def _read(stream: Readable, size: int, arrived: int, length: int) -> bytes:
    try:
        return stream.read(size)
    except OSError as broken:
        if broken.errno in FULL:
            raise
        raise _wrong_length(arrived, length) from broken


def _wrong_length(arrived: int, length: int) -> Invalid:
    """Say that the bytes ended early: a broken connection, or a wrong declared length."""
    return Invalid(
        f"Only {arrived} of {length} declared bytes arrived; nothing was kept.",
        fields={"size": [f"Send {length} bytes, or declare the real size."]},
        hint="Send it again.",
    )


def secure(file: BinaryIO, sha256: str) -> None:
    """Make arrived bytes durable, before the transaction that makes them visible."""
    if folder() is not None:
        file.flush()
        os.fsync(file.fileno())
        return
    file.seek(0)
    bucket().Object(object_name(sha256)).upload_fileobj(_Unclosed(file))


def settle(path: Path, sha256: str, size: int) -> None:
    """Turn arrived bytes into the blob: the last step inside the transaction, atomic, and never over what is there."""
    base = folder()
    if base is None:
        if not holds(sha256, size):
            raise Unavailable("The object store lost the file again.", hint="Send it again.")
        return
    target = base / key(sha256)
    if holds(sha256, size):
        os.utime(target)
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(READ_ONLY)
    path.rename(target)
    for changed in (target.parent, target.parent.parent, target.parent.parent.parent):
        _sync_folder(changed)


def _sync_folder(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def holds(sha256: str, size: int) -> bool:
    """Whether the store has these bytes, whole."""
    name = key(sha256)
    return default_storage.exists(name) and default_storage.size(name) == size


def open_blob(sha256: str, size: int) -> BinaryIO:
    """Open the bytes of a blob in a folder store; Unavailable when it does not have them whole."""
    try:
        file = (_folder() / key(sha256)).open("rb")
    except OSError as missing:
        raise Unavailable("The store does not have these bytes right now.", hint="Try again; then tell whoever runs this marketplace.") from missing
    if os.fstat(file.fileno()).st_size != size:
        file.close()
        raise Unavailable("The store holds another number of bytes than were recorded.", hint="Tell whoever runs this marketplace.")
    return file


def _folder() -> Path:
    base = folder()
    if base is None:
        raise Unavailable("These bytes lie in an object store, not in a folder.")
    return base


@contextmanager
def as_local_file(sha256: str, size: int) -> Iterator[Path]:
    """Give the bytes as a file on this machine: the blob itself in a folder store, else a temporary copy."""
    if folder() is not None:
        open_blob(sha256, size).close()
        yield _folder() / key(sha256)
        return
    if not holds(sha256, size):
        raise Unavailable("The object store does not have these bytes whole right now.", hint="Try again.")
    with arriving() as copy:
        if receive(bucket().Object(object_name(sha256)).get()["Body"], copy, length=size) != sha256:
            raise Unavailable("The object store gave other bytes than were recorded.", hint="Tell whoever runs this marketplace.")
        yield Path(copy.name)


def signed_url(sha256: str, *, disposition: str) -> str:
    """Return an address of the object store that serves these bytes for at most a minute."""
    storage: Any = default_storage
    shown = {"ResponseContentDisposition": disposition, "ResponseContentType": "application/octet-stream"}
    return str(storage.url(key(sha256), parameters=shown, expire=min(60, settings.LINK_SECONDS)))


def kept_blobs() -> Iterator[tuple[str, datetime]]:
    """Yield every sha256 that the store holds, with the time it was last put there."""
    base = folder()
    if base is None:
        for found in bucket().objects.filter(Prefix=object_name("")):
            yield found.key.rsplit("/", 1)[-1], found.last_modified
        return
    for found in (base / "blobs").glob("??/??/*"):
        with suppress(FileNotFoundError):
            yield found.name, datetime.fromtimestamp(found.stat().st_mtime, tz=timezone.get_default_timezone())


def bucket() -> Any:
    """Return the bucket of the object store."""
    storage: Any = default_storage
    return storage.bucket


def object_name(sha256: str, *, kind: str = "blobs") -> str:
    """Return the name of a blob, or of the folder of all of `kind`, in the bucket."""
    storage: Any = default_storage
    return f"{storage.location}/{key(sha256) if sha256 else kind + '/'}".lstrip("/")


class _Unclosed:
    """Lets the uploader read a file without closing it."""

    def __init__(self, file: Readable) -> None:
        self.file = file

    def read(self, size: int = CHUNK) -> bytes:
        """Return the next bytes."""
        return self.file.read(size)
