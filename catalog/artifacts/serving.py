"""Answering with bytes: whole or one range, by sendfile from a folder store, by a redirect from an object store."""

import re
from dataclasses import dataclass
from typing import BinaryIO, TypeVar
from urllib.parse import quote

from django.db import connection
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.http.request import HttpHeaders

from catalog.artifacts import store
from catalog.artifacts.gate import Pass

RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})\Z")
R = TypeVar("R", bound=HttpResponseBase)
OCTETS = "application/octet-stream"


@dataclass(frozen=True)
class Span:
    """The bytes to send, from the first to the last."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1


def release_database() -> None:
    """Give a shared connection back before bytes flow, which may take hours; a thread's own one stays with it."""
    if "pool" in connection.settings_dict["OPTIONS"] and not connection.in_atomic_block:
        connection.close()


def span_of(headers: HttpHeaders, size: int, sha256: str) -> Span | None:
    """Return the single range that was asked for; None for the whole file; a Span of no length when none of it is there."""
    found = RANGE.match(headers.get("Range", "").replace(" ", ""))
    if found is None or not any(found.groups()) or headers.get("If-Range", etag(sha256)) != etag(sha256):
        return None
    start, end = found.groups()
    if not start:
        return Span(max(size - int(end), 0), size - 1) if int(end) else Span(0, -1)
    first, last = int(start), min(int(end), size - 1) if end else size - 1
    if end and int(end) < first:
        return None
    return Span(first, last) if first < size else Span(0, -1)


def etag(sha256: str) -> str:
    """Return the entity tag of bytes: their digest."""
    return f'"{sha256}"'


def is_known(headers: HttpHeaders, sha256: str) -> bool:
    """Whether the caller has these very bytes already."""
    known = [tag.strip().removeprefix("W/") for tag in headers.get("If-None-Match", "").split(",")]
    return etag(sha256) in known or "*" in known


def disposition(path: str) -> str:
    """Return the header that makes every browser save the file, never show it."""
    return f"attachment; filename*=UTF-8''{quote(path.rsplit('/', 1)[-1], safe='')}"


def head(leave: Pass, headers: HttpHeaders) -> HttpResponse:
    """Answer a HEAD: everything but the bytes."""
    response = HttpResponse(content_type=OCTETS)
    response.headers["Content-Length"] = str(leave.blob.size)
    return _described(response, leave)


def not_changed(leave: Pass) -> HttpResponse:
    """Answer that the caller has these bytes already."""
    response = HttpResponse(status=304)
    del response.headers["Content-Type"]
    return _described(response, leave)


def out_of_range(leave: Pass) -> HttpResponse:
    """Answer a range that the file does not have."""
    response = HttpResponse(status=416, content_type=OCTETS)
    response.headers["Content-Range"] = f"bytes */{leave.blob.size}"
    return _described(response, leave)


def redirect(url: str) -> HttpResponse:
    """Send the caller elsewhere for the bytes; nobody may keep the answer."""
    return HttpResponse(status=307, headers={"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


def body(leave: Pass, span: Span | None) -> HttpResponseBase:
    """Answer with the bytes, all of them or a range; gunicorn hands the file to the kernel."""
    wanted = span or Span(0, leave.blob.size - 1)
    file = store.open_blob(leave.blob.sha256, leave.blob.size)
    response = FileResponse(Window(file, wanted), content_type=OCTETS, status=206 if span else 200)
    response.block_size = 256 * 1024
    response.headers["Content-Length"] = str(wanted.length)
    if span:
        response.headers["Content-Range"] = f"bytes {wanted.first}-{wanted.last}/{leave.blob.size}"
    described: HttpResponseBase = _described(response, leave)
    return described


def _described(response: R, leave: Pass) -> R:
    described = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": disposition(leave.file.path),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "ETag": etag(leave.blob.sha256),
        "X-Checksum-SHA256": leave.blob.sha256,
        "X-Content-Type-Options": "nosniff",
    }
    for name, value in described.items():
        response.headers[name] = value
    return response


class Window:
    """A file from one byte to another: for the kernel its descriptor at the right place, for everybody else a file that ends there."""

    def __init__(self, file: BinaryIO, span: Span) -> None:
        self.file, self.end = file, span.last + 1
        self.name = ""
        file.seek(span.first)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, none after the end."""
        left = max(self.end - self.file.tell(), 0)
        return self.file.read(left if size < 0 else min(size, left))

    def fileno(self) -> int:
        """Return the descriptor, which stands at the first byte."""
        return self.file.fileno()

    def tell(self) -> int:
        """Return where it stands."""
        return self.file.tell()

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place in the file."""
        return self.file.seek(place, whence)

    def close(self) -> None:
        """Close the file."""
        self.file.close()
