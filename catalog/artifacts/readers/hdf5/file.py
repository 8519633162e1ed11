"""The parts of an HDF5 file that everything else stands on: addresses, checksums, the superblock."""

from dataclasses import dataclass, field

from catalog.artifacts.readers.types import Broken, TooMuch, Unsafe
from catalog.artifacts.readers.window import Window

MAGIC = b"\x89HDF\r\n\x1a\n"
STEP_LIMIT = 1_000_000
CHECKED_LIMIT = 4 * 1024 * 1024
FIX = "Save the model again with its own library, and check that the upload was complete."
FIX_OUTSIDE = "Save all data inside of this one file: no external links, no external storage, no virtual datasets."


@dataclass
class File:
    """An open HDF5 file: where it is read from, how wide its addresses are, and what was seen so far."""

    window: Window
    offset_width: int = 8
    length_width: int = 8
    end: int = 0
    leaf_k: int = 4
    group_k: int = 16
    chunk_k: int = 32
    steps: int = 0
    checked: int = 0
    compared: set[int] = field(default_factory=set)

    def step(self) -> None:
        """Count one piece of work."""
        self.steps += 1
        if self.steps > STEP_LIMIT:
            raise TooMuch("The HDF5 file has more parts than are checked.")

    def at(self, address: int) -> Window:
        """Continue reading at an address."""
        self.step()
        if address >= self.end:
            raise Broken("The HDF5 file points outside of itself.", where=f"byte {address}", fix=FIX)
        self.window.go(address)
        return self.window

    def offset(self) -> int | None:
        """Read an address; None when it is undefined."""
        value = self.window.unsigned(self.offset_width)
        return None if value == 256**self.offset_width - 1 else value

    def length(self) -> int:
        """Read a length."""
        return self.window.unsigned(self.length_width)

    def address(self, what: str) -> int:
        """Read an address that must be defined."""
        value = self.offset()
        if value is None:
            raise Broken(f"The HDF5 file does not say where {what} is.", where=f"byte {self.window.offset}", fix=FIX)
        return value

    def expect(self, magic: bytes) -> None:
        """Demand a signature here."""
        at = self.window.offset
        if self.window.take(len(magic)) != magic:
            raise Broken(f"“{magic.decode('ascii')}” is missing in the HDF5 file.", where=f"byte {at}", fix=FIX)

    def version(self, *known: int) -> int:
        """Read a version that must be one of these."""
        at = self.window.offset
        value = self.window.unsigned(1)
        if value not in known:
            raise Broken(f"A part of the HDF5 file has the unknown version {value}.", where=f"byte {at}", fix=FIX)
        return value

    def checksum(self, start: int) -> None:
        """Compare the checksum that stands here with the bytes from `start` to here."""
        end = self.window.offset
        self.checked += end - start
        if self.checked > CHECKED_LIMIT:
            raise TooMuch("The HDF5 file has more descriptions than are checked.", where=f"byte {start}")
        wanted = self.window.unsigned(4)
        self.window.go(start)
        if lookup3(self.window.take(end - start)) != wanted:
            raise Broken("A part of the HDF5 file does not match its checksum.", where=f"byte {start}", fix=FIX)
        self.window.go(end + 4)

    def block_checksum(self, start: int, size: int, place: int) -> None:
        """Compare the checksum that stands inside of a block, where it counts as zeros; each block once."""
        if start in self.compared:
            return
        self.compared.add(start)
        self.checked += size
        if self.checked > CHECKED_LIMIT:
            raise TooMuch("The HDF5 file has more descriptions than are checked.", where=f"byte {start}")
        self.window.go(start)
        raw = self.window.take(size)
        if lookup3(raw[:place] + b"\0\0\0\0" + raw[place + 4 :]) != int.from_bytes(raw[place : place + 4], "little"):
            raise Broken("A block of the HDF5 file does not match its checksum.", where=f"byte {start}", fix=FIX)

    def inside(self, address: int, size: int, what: str) -> None:
        """Demand that these bytes lie inside the file."""
        if address + size > self.end:
            raise Broken(f"{what} lies outside of the HDF5 file.", where=f"byte {address}", fix=FIX)


def superblock(window: Window) -> tuple[File, list[int]]:
    """Read the superblock; return the file and the addresses of the object headers to begin with."""
    file = File(window, end=window.end - window.start)
    file.expect(MAGIC)
    version = file.version(0, 1, 2, 3)
    return (file, _old(file, version)) if version < 2 else (file, _new(file))


def _widths(file: File, offset_width: int, length_width: int) -> None:
    if offset_width not in (4, 8) or length_width not in (4, 8):
        raise Broken("The addresses of the HDF5 file have an unknown width.", where="byte 13", fix=FIX)
    file.offset_width, file.length_width = offset_width, length_width


def _old(file: File, version: int) -> list[int]:
    window = file.window
    if window.take(3) != b"\0\0\0" or window.take(1) != b"\0":
        raise Broken("The superblock of the HDF5 file has an unknown version.", where="byte 9", fix=FIX)
    _widths(file, window.unsigned(1), window.unsigned(1))
    window.skip(1)
    file.leaf_k, file.group_k = window.unsigned(2), window.unsigned(2)
    window.skip(4)
    if version == 1:
        file.chunk_k = window.unsigned(2)
        window.skip(2)
    base, free, end, driver = file.offset(), file.offset(), file.offset(), file.offset()
    if not all(0 < size < 4096 for size in (file.leaf_k, file.group_k, file.chunk_k)) or free is not None:
        raise Broken("The superblock of the HDF5 file names impossible sizes.", where="byte 16", fix=FIX)
    _ends(file, base, end)
    if driver is not None:
        raise Unsafe("The HDF5 file is spread over several files by a driver.", where="superblock", fix=FIX_OUTSIDE, check="hdf5.outside")
    file.offset()
    root = file.address("its first group")
    if window.unsigned(4) not in (0, 1):
        raise Broken("The first group of the HDF5 file is of an unknown kind.", where=f"byte {window.offset - 4}", fix=FIX)
    return [root]


def _new(file: File) -> list[int]:
    window = file.window
    _widths(file, window.unsigned(1), window.unsigned(1))
    window.skip(1)
    base, extension, end = file.offset(), file.offset(), file.offset()
    root = file.address("its first group")
    file.checksum(0)
    _ends(file, base, end)
    return [root] if extension is None else [root, extension]


def _ends(file: File, base: int | None, end: int | None) -> None:
    if base != 0 or end != file.end:
        raise Broken("The HDF5 file is cut off, or something lies before or behind it.", where="superblock", fix=FIX)


def lookup3(data: bytes) -> int:
    """Return the checksum that HDF5 uses for its descriptions: Jenkins' lookup3."""
    mask = 0xFFFFFFFF
    a = b = c = (0xDEADBEEF + len(data)) & mask
    at, left = 0, len(data)
    while left > 12:
        a = (a + int.from_bytes(data[at : at + 4], "little")) & mask
        b = (b + int.from_bytes(data[at + 4 : at + 8], "little")) & mask
        c = (c + int.from_bytes(data[at + 8 : at + 12], "little")) & mask
        a = ((a - c) & mask) ^ _turned(c, 4)
        c = (c + b) & mask
        b = ((b - a) & mask) ^ _turned(a, 6)
        a = (a + c) & mask
        c = ((c - b) & mask) ^ _turned(b, 8)
        b = (b + a) & mask
        a = ((a - c) & mask) ^ _turned(c, 16)
        c = (c + b) & mask
        b = ((b - a) & mask) ^ _turned(a, 19)
        a = (a + c) & mask
        c = ((c - b) & mask) ^ _turned(b, 4)
        b = (b + a) & mask
        at += 12
        left -= 12
    if not left:
        return c
    rest = data[at:].ljust(12, b"\0")
    a = (a + int.from_bytes(rest[:4], "little")) & mask
    b = (b + int.from_bytes(rest[4:8], "little")) & mask
    c = (c + int.from_bytes(rest[8:], "little")) & mask
    return _final(a, b, c)


def _turned(value: int, by: int) -> int:
    return ((value << by) | (value >> (32 - by))) & 0xFFFFFFFF


def _final(a: int, b: int, c: int) -> int:
    mask = 0xFFFFFFFF
    c = ((c ^ b) - _turned(b, 14)) & mask
    a = ((a ^ c) - _turned(c, 11)) & mask
    b = ((b ^ a) - _turned(a, 25)) & mask
    c = ((c ^ b) - _turned(b, 16)) & mask
    a = ((a ^ c) - _turned(c, 4)) & mask
    b = ((b ^ a) - _turned(a, 14)) & mask
    return ((c ^ b) - _turned(b, 24)) & mask
