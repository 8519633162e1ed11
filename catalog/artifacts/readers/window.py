"""A bounded view of a file: exact reads that never go past its end, and skips that cost nothing."""

import io
from typing import BinaryIO

from catalog.artifacts.readers.types import Broken, TooMuch

READ_LIMIT = 128 * 1024 * 1024


class Window:
    """Bytes `start` to `end` of an open file, read in order."""

    def __init__(self, stream: BinaryIO, start: int, end: int) -> None:
        self.stream, self.start, self.end, self.position = stream, start, end, start
        stream.seek(start)

    @classmethod
    def over(cls, data: bytes) -> "Window":
        """Make a window over bytes in memory."""
        return cls(io.BytesIO(data), 0, len(data))

    @property
    def left(self) -> int:
        """Return how many bytes remain."""
        return self.end - self.position

    @property
    def offset(self) -> int:
        """Return the position counted from the start of the window."""
        return self.position - self.start

    def take(self, count: int) -> bytes:
        """Read exactly `count` bytes, or the file is broken."""
        if count > self.left:
            raise Broken(f"The file ends {count - self.left:,} bytes too early.", where=f"byte {self.offset}")
        if count > READ_LIMIT:
            raise TooMuch(f"One value is {count:,} bytes long; at most {READ_LIMIT:,} are read.", where=f"byte {self.offset}")
        data = self.stream.read(count)
        if len(data) != count:
            raise Broken("The file became shorter while it was read.", where=f"byte {self.offset}")
        self.position += count
        return data

    def skip(self, count: int) -> None:
        """Step over `count` bytes without reading them."""
        if count > self.left:
            raise Broken(f"The file ends {count - self.left:,} bytes too early.", where=f"byte {self.offset}")
        self.stream.seek(count, io.SEEK_CUR)
        self.position += count

    def go(self, offset: int) -> None:
        """Continue at an offset counted from the start of the window."""
        if not 0 <= offset <= self.end - self.start:
            raise Broken("Something points outside the file.", where=f"byte {offset}")
        self.position = self.start + offset
        self.stream.seek(self.position)

    def line(self, limit: int = 4096) -> bytes:
        """Return the bytes up to the next newline, which is swallowed."""
        data = self.stream.readline(min(limit, self.left))
        if not data.endswith(b"\n"):
            raise Broken("A line never ends.", where=f"byte {self.offset}")
        self.position += len(data)
        return data[:-1]

    def unsigned(self, width: int) -> int:
        """Read a little-endian unsigned number of `width` bytes."""
        return int.from_bytes(self.take(width), "little")

    def part(self, length: int) -> "Window":
        """Make a window over the next `length` bytes; this window steps over them when told to skip."""
        if length > self.left:
            raise Broken(f"The file ends {length - self.left:,} bytes too early.", where=f"byte {self.offset}")
        return Window(self.stream, self.position, self.position + length)
