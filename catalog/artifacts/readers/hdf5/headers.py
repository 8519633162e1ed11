"""Object headers: the list of messages that describes one group, dataset or type."""

from typing import NamedTuple

from catalog.artifacts.readers.hdf5.file import FIX, File
from catalog.artifacts.readers.types import Broken, TooMuch

MESSAGE_LIMIT = 65_536
CHUNK_LIMIT = 1024
CONTINUATION = 0x10
# Message types that a file may hold; external files (7), drivers (0x14) and shared tables (0x0F) are judged where they are met.
KNOWN = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 8, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18})


class Message(NamedTuple):
    """One message: what it is about and where its bytes lie."""

    kind: int
    flags: int
    start: int
    size: int


class _Parts(NamedTuple):
    """What gathers while the chunks of one object are read; `head` is the width of a message's head."""

    found: list[Message]
    chunks: list[tuple[int, int]]
    seen: set[int]
    head: int


def messages(file: File, address: int) -> list[Message]:
    """Read all messages of the object at this address, continuations included."""
    window = file.at(address)
    first = window.take(4)
    window.go(address)
    if first == b"OHDR":
        return _new(file, address)
    return _old(file, address)


def _old(file: File, address: int) -> list[Message]:
    window = file.window
    file.version(1)
    window.skip(1)
    count = window.unsigned(2)
    window.skip(4)
    size = window.unsigned(4)
    window.skip(4)
    found: list[Message] = []
    chunks, seen = [(address + 16, size)], {address + 16}
    while chunks:
        start, length = chunks.pop(0)
        window = file.at(start)
        file.inside(start, length, "An object header")
        while window.offset - start + 8 <= length and len(found) < count:
            kind, size, flags = window.unsigned(2), window.unsigned(2), window.unsigned(1)
            window.skip(3)
            if size % 8:
                raise Broken("A message of the HDF5 file is not aligned.", where=f"byte {window.offset}", fix=FIX)
            _room(window.offset + size - start, length, window.offset)
            found.append(_message(kind, flags, window.offset, size))
            _more(file, found[-1], chunks, seen)
            window.go(found[-1].start + size)
        if window.offset != start + length:
            raise Broken("The messages of an object do not fill its room.", where=f"byte {start}", fix=FIX)
    if len(found) != count:
        raise Broken("An object of the HDF5 file has another number of messages than it says.", where=f"byte {address}", fix=FIX)
    return found


def _new(file: File, address: int) -> list[Message]:
    window = file.window
    file.expect(b"OHDR")
    file.version(2)
    flags = window.unsigned(1)
    if flags & 0xC0:
        raise Broken("An object of the HDF5 file has unknown flags.", where=f"byte {address}", fix=FIX)
    window.skip((16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0))
    size = window.unsigned(1 << (flags & 3))
    parts = _Parts([], [], {address}, 4 + (2 if flags & 4 else 0))
    _chunk(file, (address, window.offset, size), parts)
    while parts.chunks:
        start, length = parts.chunks.pop(0)
        file.at(start)
        file.expect(b"OCHK")
        if length < 8:
            raise Broken("A continuation in the HDF5 file is too short.", where=f"byte {start}", fix=FIX)
        _chunk(file, (start, start + 4, length - 8), parts)
    return parts.found


def _chunk(file: File, place: tuple[int, int, int], parts: _Parts) -> None:
    """Read one chunk of messages; what is left at its end must be a gap too small for a message."""
    begin, start, length = place
    window, head, found = file.window, parts.head, parts.found
    file.inside(start, length + 4, "An object header")
    window.go(start + length)
    file.checksum(begin)
    window.go(start)
    while window.offset - start + head <= length:
        kind, size, message_flags = window.unsigned(1), window.unsigned(2), window.unsigned(1)
        window.skip(head - 4)
        _room(window.offset + size - start, length, window.offset)
        found.append(_message(kind, message_flags, window.offset, size))
        _more(file, found[-1], parts.chunks, parts.seen)
        window.go(found[-1].start + size)
        if len(found) > MESSAGE_LIMIT:
            raise TooMuch("An object of the HDF5 file has too many messages.", where=f"byte {begin}")


def _room(end: int, length: int, at: int) -> None:
    if end > length:
        raise Broken("A message runs over the end of its object.", where=f"byte {at}", fix=FIX)


def _message(kind: int, flags: int, start: int, size: int) -> Message:
    if kind not in KNOWN:
        raise Broken(f"An object of the HDF5 file has a message of the unknown type {kind}.", where=f"byte {start}", fix=FIX)
    return Message(kind, flags, start, size)


def _more(file: File, message: Message, chunks: list[tuple[int, int]], seen: set[int]) -> None:
    if message.kind != CONTINUATION:
        return
    file.window.go(message.start)
    start, length = file.address("the rest of an object"), file.length()
    if start in seen or len(seen) > CHUNK_LIMIT:
        raise Broken("An object of the HDF5 file continues in a circle.", where=f"byte {message.start}", fix=FIX)
    seen.add(start)
    file.inside(start, length, "An object header")
    chunks.append((start, length))
