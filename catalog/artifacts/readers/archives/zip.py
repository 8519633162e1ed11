"""Zip containers, read from their own bytes: what one program would unpack must be what every other program unpacks."""

import struct
import zlib
from typing import NamedTuple

from catalog.artifacts.paths import check_path
from catalog.artifacts.readers.types import Broken, TooMuch
from catalog.artifacts.readers.window import Window

ENTRY_LIMIT = 5000
DIRECTORY_LIMIT = 16 * 1024 * 1024
UNPACK_LIMIT = 128 * 1024 * 1024
RATIO_LIMIT = 200
CHUNK = 1024 * 1024
# Data descriptor, UTF-8 names and the two bits that hint how deflate was run.
UTF8 = 0x0800
FLAGS_ALLOWED = 0x0008 | UTF8 | 0x0006
STORED, DEFLATED = 0, 8
CENTRAL = struct.Struct("<4sBBHHHHHIIIHHHHHII")
LOCAL = struct.Struct("<4sHHHHHIIIHH")
END = struct.Struct("<4sHHHHIIH")
END64 = struct.Struct("<4sQHHIIQQQQ")
LOCATOR64 = struct.Struct("<4sIQI")
# Extra fields that give a member another name, or say that it is encrypted.
RENAMING = frozenset({0x7075, 0x6375, 0x9901, 0x0017})
DESCRIPTORS = {12, 16, 20, 24}
FULL32, FULL16 = 0xFFFFFFFF, 0xFFFF
FIX = "Save the file again with its own library, and do not edit or repack it with other tools."


class Member(NamedTuple):
    """One file of the container, with the place of its bytes."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    data: int
    later: bool = False
    folder: bool = False


class _Directory(NamedTuple):
    entries: int
    size: int
    offset: int
    end: int


def members(window: Window) -> list[Member]:
    """List the members after checking that the container is unambiguous from its first byte to its last."""
    directory = _directory(window)
    window.go(directory.offset)
    central = [_central(window) for _ in range(directory.entries)]
    if window.offset != directory.offset + directory.size:
        raise Broken("The zip directory has another length than it claims.", where=f"byte {window.offset}", fix=FIX)
    _unique(central)
    found = [_local(window, entry) for entry in central]
    _apart(found, directory.offset)
    return [member for member, _ in found]


def opened(window: Window, member: Member, limit: int = UNPACK_LIMIT) -> Window:
    """Return a window over one member: a part of the file when it is stored, else over its unpacked bytes."""
    if member.method == DEFLATED:
        return Window.over(contents(window, member, limit))
    _checked(window, member)
    window.go(member.data)
    return window.part(member.packed)


def _checked(window: Window, member: Member) -> None:
    """Compare the checksum of stored bytes without holding them."""
    window.go(member.data)
    crc, left = 0, member.packed
    while left:
        data = window.take(min(left, CHUNK))
        crc = zlib.crc32(data, crc)
        left -= len(data)
    if crc != member.crc:
        raise Broken(f"“{member.name}” does not match its checksum.", where=member.name, fix=FIX)


def contents(window: Window, member: Member, limit: int = UNPACK_LIMIT) -> bytes:
    """Return the unpacked bytes of one member, checked against its declared size and checksum."""
    if member.size > limit:
        raise TooMuch(f"“{member.name}” unpacks to {member.size:,} bytes; at most {limit:,} are checked.", where=member.name)
    window.go(member.data)
    data = window.take(member.packed)
    if member.method == DEFLATED:
        engine = zlib.decompressobj(-15)
        try:
            data = engine.decompress(data, member.size + 1)
        except zlib.error as error:
            raise Broken(f"“{member.name}” cannot be unpacked.", where=member.name, fix=FIX) from error
        if not engine.eof or engine.unused_data:
            raise Broken(f"“{member.name}” unpacks to another size than declared.", where=member.name, fix=FIX)
    if len(data) != member.size or zlib.crc32(data) != member.crc:
        raise Broken(f"“{member.name}” does not match its checksum.", where=member.name, fix=FIX)
    return data


def _directory(window: Window) -> _Directory:
    total = window.end - window.start
    if total < END.size:
        raise Broken("The zip file is too short.", where="byte 0", fix=FIX)
    window.go(total - END.size)
    magic, disk, disk_start, here, count, size, offset, comment = END.unpack(window.take(END.size))
    if magic != b"PK\x05\x06" or comment:
        raise Broken("The zip file does not end with its directory: it is cut off, or something was added behind it.",
                     where=f"byte {total - END.size}", fix=FIX)  # fmt: skip
    end = total - END.size
    if _has_locator(window, end):
        count, size, offset, end = _end64(window, end)
        if {disk, disk_start} - {0, FULL16} or here not in (count, FULL16):
            raise Broken("The zip file is split over several parts.", where=f"byte {end}", fix=FIX)
    elif disk or disk_start or here != count:
        raise Broken("The zip file is split over several parts.", where=f"byte {end}", fix=FIX)
    if count > ENTRY_LIMIT:
        raise TooMuch(f"The zip file lists {count:,} members; at most {ENTRY_LIMIT:,} are checked.", where=f"byte {end}")
    if size > DIRECTORY_LIMIT or offset + size != end:
        raise Broken("The zip directory does not lie right before the end of the file.", where=f"byte {end}", fix=FIX)
    return _Directory(count, size, offset, end)


def _has_locator(window: Window, end: int) -> bool:
    if end < LOCATOR64.size:
        return False
    window.go(end - LOCATOR64.size)
    return window.take(4) == b"PK\x06\x07"


def _end64(window: Window, end: int) -> tuple[int, int, int, int]:
    at = end - LOCATOR64.size
    window.go(at)
    _, disk, offset64, disks = LOCATOR64.unpack(window.take(LOCATOR64.size))
    if disk or disks > 1 or offset64 + END64.size != at:
        raise Broken("The large-file end record of the zip is not where it must be.", where=f"byte {at}", fix=FIX)
    window.go(offset64)
    magic, length, _, _, disk, disk_start, here, count, size, offset = END64.unpack(window.take(END64.size))
    if magic != b"PK\x06\x06" or length != END64.size - 12 or disk or disk_start or here != count:
        raise Broken("The large-file end record of the zip is broken.", where=f"byte {offset64}", fix=FIX)
    window.go(end)
    _, _, _, _, short_count, short_size, short_offset, _ = END.unpack(window.take(END.size))
    for short, full, long in ((short_count, FULL16, count), (short_size, FULL32, size), (short_offset, FULL32, offset)):
        if short not in (full, long):
            raise Broken("The two end records of the zip contradict each other.", where=f"byte {end}", fix=FIX)
    return count, size, offset, offset64


def _central(window: Window) -> tuple[Member, int]:
    at = window.offset
    (magic, _, _, _, flags, method, _, _, crc, packed, size, name_length, extra_length, comment_length, disk, _, attributes, offset) = CENTRAL.unpack(
        window.take(CENTRAL.size)
    )
    if magic != b"PK\x01\x02" or disk or comment_length:
        raise Broken("A directory entry of the zip is broken or carries a comment.", where=f"byte {at}", fix=FIX)
    raw = window.take(name_length)
    name = _name(raw, at)
    if not raw.isascii() and not flags & UTF8:
        raise Broken(f"“{name}” has letters that some programs would read as others.", where=f"byte {at}", fix=FIX)
    size, packed, offset = _large(window.take(extra_length), size, packed, offset, at)
    _ordinary(name, flags, method, at, attributes >> 16)
    if size > UNPACK_LIMIT and packed * RATIO_LIMIT < size:
        raise TooMuch(f"“{name}” unpacks to more than {RATIO_LIMIT} times its size.", where=f"byte {at}")
    if method == STORED and packed != size:
        raise Broken(f"“{name}” is stored with two different sizes.", where=f"byte {at}", fix=FIX)
    if (folder := raw.endswith(b"/")) and (size or packed > 2):
        raise Broken(f"The folder “{name}” has bytes of its own.", where=f"byte {at}", fix=FIX)
    return Member(name, method, crc, packed, size, 0, folder=folder), offset


def _name(raw: bytes, at: int) -> str:
    try:
        name = raw.decode("utf-8")
        return check_path(name.removesuffix("/"))
    except ValueError as error:
        raise Broken(f"A member of the zip has a forbidden name: {error}", where=f"byte {at}", fix=FIX) from error


def _ordinary(name: str, flags: int, method: int, at: int, mode: int) -> None:
    if flags & ~FLAGS_ALLOWED or method not in (STORED, DEFLATED):
        raise Broken(f"“{name}” is encrypted or packed in an unusual way.", where=f"byte {at}", fix=FIX)
    if mode & 0o170000 not in (0, 0o100000, 0o040000) or mode & 0o7000:
        raise Broken(f"“{name}” is not an ordinary file.", where=f"byte {at}", fix=FIX)


def _large(extra: bytes, size: int, packed: int, offset: int, at: int) -> tuple[int, int, int]:
    """Replace the values that say "see the large-file field" by those of that field."""
    rest = extra
    while len(rest) >= 4:
        kind, length = struct.unpack_from("<HH", rest)
        if length > len(rest) - 4 or kind in RENAMING:
            raise Broken("An extra field of the zip is longer than its room, or gives a member a second name.", where=f"byte {at}", fix=FIX)
        if kind == 1:
            values = [int.from_bytes(rest[4 + i : 12 + i], "little") for i in range(0, length - 7, 8)]
            wanted = [value for value in (size, packed, offset) if value == FULL32]
            if len(values) < len(wanted):
                raise Broken("The large-file field of the zip is too short.", where=f"byte {at}", fix=FIX)
            size, packed, offset = (values.pop(0) if value == FULL32 else value for value in (size, packed, offset))
        rest = rest[4 + length :]
    return size, packed, offset


def _local(window: Window, entry: tuple[Member, int]) -> tuple[Member, int]:
    """Compare the header in front of the bytes with the directory, and find where the bytes begin."""
    member, offset = entry
    window.go(offset)
    magic, _, flags, method, _, _, crc, packed, size, name_length, extra_length = LOCAL.unpack(window.take(LOCAL.size))
    if magic != b"PK\x03\x04":
        raise Broken(f"“{member.name}” does not start where the directory says.", where=f"byte {offset}", fix=FIX)
    name = _name(window.take(name_length), offset)
    later = bool(flags & 8)
    same = name == member.name and method == member.method and not flags & ~FLAGS_ALLOWED
    told = (later and crc == 0) or crc == member.crc
    sizes = (later or size in (member.size, FULL32)) and (later or packed in (member.packed, FULL32))
    if not (same and told and sizes):
        raise Broken(f"“{member.name}” is described in two ways that contradict each other.", where=f"byte {offset}", fix=FIX)
    _large(window.take(extra_length), size, packed, 0, offset)
    data = window.offset
    window.skip(member.packed)
    return Member(member.name, member.method, member.crc, member.packed, member.size, data, later=later, folder=member.folder), offset


def _unique(entries: list[tuple[Member, int]]) -> None:
    seen = set[str]()
    for member, _ in entries:
        if member.name.casefold() in seen:
            raise Broken(f"“{member.name}” stands twice in the zip, or differs only in upper and lower case.", where=member.name, fix=FIX)
        seen.add(member.name.casefold())
    plain = {member.name.casefold() for member, _ in entries if not member.folder}
    for member, _ in entries:
        if any(parent in plain for parent in _parents(member.name.casefold())):
            raise Broken(f"“{member.name}” lies in something that is a file.", where=member.name, fix=FIX)


def _parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _apart(found: list[tuple[Member, int]], directory: int) -> None:
    """Let members neither overlap nor start anywhere but at byte 0; at most a descriptor lies between them."""
    at, gaps = 0, {0}
    for member, offset in sorted(found, key=lambda entry: entry[1]):
        if offset - at not in gaps:
            raise Broken(f"Bytes that belong to nobody lie before “{member.name}”, or it overlaps another.", where=f"byte {at}", fix=FIX)
        at, gaps = member.data + member.packed, DESCRIPTORS if member.later else {0}
    if directory - at not in gaps:
        raise Broken("Bytes that belong to nobody lie before the zip directory.", where=f"byte {at}", fix=FIX)
