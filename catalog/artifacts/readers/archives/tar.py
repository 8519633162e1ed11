"""Tar archives, read from their own bytes: regular files and folders alone, no links, no devices, nothing behind the end."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from catalog.artifacts.paths import check_path
from catalog.artifacts.readers.types import Broken, TooMuch
from catalog.artifacts.readers.window import Window

BLOCK = 512
ENTRY_LIMIT = 5000
HEADER_LIMIT = 64 * 1024
FILE, OLD_FILE, FOLDER, PAX, PAX_GLOBAL, LONG_NAME = b"0", b"\0", b"5", b"x", b"g", b"L"
# What an extended header may say: times, owners, comments and a long name; never a link, a size or a sparse map.
PAX_KEYS = frozenset({"path", "mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "comment"})
RECORD = re.compile(rb"(\d{1,6}) ([^=\n]{1,200})=")
FIX = "Make the archive again of plain files and folders, with names that no two of them share."


class Entry(NamedTuple):
    """One header block, its numbers checked."""

    name: str
    kind: bytes
    size: int
    at: int


def members(window: Window) -> Iterator[tuple[str, Window]]:
    """Yield name and bytes of every file; raises at the first entry that is something else."""
    seen: dict[str, str] = {}
    long_name, count = "", 0
    while (entry := _entry(window)) is not None:
        count += 1
        if count > ENTRY_LIMIT:
            raise TooMuch(f"The archive has more than {ENTRY_LIMIT:,} entries.", where=f"byte {entry.at}")
        if entry.kind in (PAX, PAX_GLOBAL, LONG_NAME):
            long_name = _extended(window, entry) or long_name
            continue
        name = _checked(long_name or entry.name, entry)
        long_name = ""
        _unique(seen, name, entry)
        start = window.offset
        if entry.kind != FOLDER:
            yield name, window.part(entry.size)
        window.go(start)
        _to_next(window, entry)
    _end(window)


def _entry(window: Window) -> Entry | None:
    """Read one header; None at the end mark."""
    at = window.offset
    raw = window.take(BLOCK)
    if not raw.strip(b"\0"):
        return None
    if raw[257:262] != b"ustar":
        raise _broken("A header of the archive is not of the format ustar.", at)
    if _number(raw[148:156], at) != sum(raw[:148]) + 8 * 32 + sum(raw[156:]):
        raise _broken("A header of the archive does not match its checksum.", at)
    kind, size = raw[156:157], _number(raw[124:136], at)
    if kind not in (FILE, OLD_FILE, FOLDER, PAX, PAX_GLOBAL, LONG_NAME) or raw[157:257].strip(b"\0"):
        raise _broken("The archive holds something other than plain files and folders, such as a link or a device.", at)
    if _number(raw[100:108], at) & 0o7000 or (kind == FOLDER and size):
        raise _broken("The archive holds a file with special rights, or a folder with bytes of its own.", at)
    name = _text(raw[:100], at)
    if raw[257:263] == b"ustar\0" and raw[345:346] != b"\0":
        name = f"{_text(raw[345:500], at)}/{name}"
    return Entry(name, kind, size, at)


def _number(raw: bytes, at: int) -> int:
    if raw[:1] == b"\x80":
        return int.from_bytes(raw[1:], "big")
    digits = raw.rstrip(b"\0 ").lstrip(b" ")
    if not digits:
        return 0
    if not re.fullmatch(rb"[0-7]+", digits):
        raise _broken("A number in the archive is not a number.", at)
    return int(digits, 8)


def _text(raw: bytes, at: int) -> str:
    text, _, rest = raw.partition(b"\0")
    if rest.strip(b"\0"):
        raise _broken("A name in the archive goes on behind its end.", at)
    return _decoded(text, at)


def _decoded(raw: bytes, at: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _broken("A name in the archive is not valid UTF-8.", at) from error


def _checked(name: str, entry: Entry) -> str:
    wanted = name.removesuffix("/") if entry.kind == FOLDER else name
    if wanted in (".", "./") and entry.kind == FOLDER:
        return "."
    try:
        return check_path(wanted.removeprefix("./"))
    except ValueError as error:
        raise _broken(f"A member of the archive has a forbidden name: {error}", entry.at) from error


def _unique(seen: dict[str, str], name: str, entry: Entry) -> None:
    """No two names that some systems cannot tell apart, and no file where another needs a folder."""
    key = name.casefold()
    if key in seen:
        raise _broken(f"“{name}” stands twice in the archive, or differs only in upper and lower case.", entry.at)
    seen[key] = "folder" if entry.kind == FOLDER else "file"
    parent = key.rpartition("/")[0]
    while parent:
        if seen.get(parent) == "file":
            raise _broken(f"“{name}” lies in something that is a file.", entry.at)
        parent = parent.rpartition("/")[0]


def _extended(window: Window, entry: Entry) -> str:
    """Read a header about the next entry and return the name it gives."""
    if entry.size > HEADER_LIMIT:
        raise TooMuch("An extended header of the archive is too long.", where=f"byte {entry.at}")
    start = window.offset
    raw = window.take(entry.size)
    window.go(start)
    _to_next(window, entry)
    if entry.kind == LONG_NAME:
        return _text(raw, entry.at)
    name = ""
    while raw:
        match = RECORD.match(raw)
        length = int(match.group(1)) if match else 0
        if match is None or not match.end() < length <= len(raw) or raw[length - 1 : length] != b"\n":
            raise _broken("An extended header of the archive is broken.", entry.at)
        key = _decoded(match.group(2), entry.at)
        if key not in PAX_KEYS or (key == "path" and entry.kind == PAX_GLOBAL):
            raise _broken(f"An extended header of the archive changes “{key}” of a file.", entry.at)
        if key == "path":
            name = _decoded(raw[match.end() : length - 1], entry.at)
        raw = raw[length:]
    return name


def _to_next(window: Window, entry: Entry) -> None:
    window.skip(entry.size)
    padding = window.take(-entry.size % BLOCK)
    if padding.strip(b"\0"):
        raise _broken("Bytes that belong to nobody lie behind a file in the archive.", entry.at)


def _end(window: Window) -> None:
    """Only zeros may follow the end mark, up to the block size that tar programs fill."""
    if window.left > 1024 * BLOCK or window.left % BLOCK:
        raise _broken("Something follows the end of the archive.", window.offset)
    if window.take(window.left).strip(b"\0"):
        raise _broken("Something follows the end of the archive.", window.offset)


def _broken(message: str, at: int) -> Broken:
    return Broken(message, where=f"byte {at}", fix=FIX)
