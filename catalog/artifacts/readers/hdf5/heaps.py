"""Where HDF5 keeps names and values of any length: local, global and fractal heaps, and the trees that index them."""

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.artifacts.readers.hdf5.file import FIX, File
from catalog.artifacts.readers.types import Broken, TooMuch

NAME_LIMIT = 4096
VALUE_LIMIT = 64 * 1024 * 1024
RECORD_LIMIT = 200_000
DEPTH_LIMIT = 16
MANAGED, HUGE, TINY = 0, 1, 2


def local_name(file: File, heap: int, offset: int) -> str:
    """Return a name of a local heap."""
    window = file.at(heap)
    file.expect(b"HEAP")
    file.version(0)
    window.skip(3)
    size, free = file.length(), file.length()
    data = file.address("the names of a group")
    if offset >= size:
        raise Broken("A name lies outside of its heap.", where=f"byte {heap}", fix=FIX)
    file.inside(data, size, "A heap of names")
    if heap not in file.compared:
        file.compared.add(heap)
        _free_list(file, data, size, free)
    file.at(data + offset)
    raw = window.take(min(size - offset, NAME_LIMIT))
    name, end, _ = raw.partition(b"\0")
    if not end:
        raise Broken("A name in the HDF5 file never ends.", where=f"byte {data + offset}", fix=FIX)
    return text(name, data + offset)


def _free_list(file: File, data: int, size: int, free: int) -> None:
    """The unused pieces of a heap are linked; each lies inside of it and behind no other."""
    seen = set[int]()
    while free not in (1, 256**file.length_width - 1):
        if free in seen or free + 2 * file.length_width > size:
            raise Broken("The unused part of a heap lies outside of it.", where=f"byte {data}", fix=FIX)
        seen.add(free)
        file.at(data + free)
        following, length = file.length(), file.length()
        if length < 2 * file.length_width or free + length > size or not following:
            raise Broken("The unused part of a heap has an impossible size.", where=f"byte {data + free}", fix=FIX)
        free = following


def text(raw: bytes, at: int) -> str:
    """Decode a name."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken("A name in the HDF5 file is not valid UTF-8.", where=f"byte {at}", fix=FIX) from error


def global_value(file: File, collection: int, index: int) -> bytes:
    """Return a value of the global heap."""
    window = file.at(collection)
    file.expect(b"GCOL")
    file.version(1)
    window.skip(3)
    size = file.length()
    file.inside(collection, size, "A heap of values")
    while window.offset + 8 + file.length_width <= collection + size:
        file.step()
        number = window.unsigned(2)
        window.skip(6)
        length = file.length()
        if window.offset + length > collection + size + (16 if not number else 0):
            break
        if number == index and index:
            if length > VALUE_LIMIT:
                raise TooMuch(f"A value of {length:,} bytes is too long to be checked.", where=f"byte {window.offset}")
            return window.take(length)
        if not number:
            break
        window.skip(length + -length % 8)
    raise Broken("A value of the HDF5 file is missing.", where=f"byte {collection}", fix=FIX)


@dataclass
class Heap:
    """The header of a fractal heap."""

    address: int
    id_length: int
    width: int
    start_size: int
    max_direct: int
    offset_size: int
    length_size: int
    root: int | None
    rows: int
    is_checked: bool


def _bytes_for(value: int) -> int:
    return max(value.bit_length() - 1, 0) // 8 + 1


def heap(file: File, address: int) -> Heap:
    """Read the header of a fractal heap."""
    window = file.at(address)
    file.expect(b"FRHP")
    file.version(0)
    id_length, filters, flags, max_managed = window.unsigned(2), window.unsigned(2), window.unsigned(1), window.unsigned(4)
    if filters:
        raise TooMuch("A heap of the HDF5 file is packed, which is not followed.", where=f"byte {address}")
    for skip in (file.length_width, file.offset_width, file.length_width, file.offset_width, *[file.length_width] * 8):
        window.skip(skip)
    width, start_size, max_direct, bits, _, root, rows = (
        window.unsigned(2), file.length(), file.length(), window.unsigned(2), window.unsigned(2), file.offset(), window.unsigned(2)
    )  # fmt: skip
    file.checksum(address)
    powers = all(value and value & (value - 1) == 0 for value in (width, start_size, max_direct))
    if not powers or not start_size <= max_direct < 2**32 or not 0 < bits <= 64 or not 0 < id_length <= 64 or rows > 64:
        raise Broken("A heap of the HDF5 file has impossible sizes.", where=f"byte {address}", fix=FIX)
    length_size = min(_bytes_for(max_direct), _bytes_for(max_managed))
    return Heap(address, id_length, width, start_size, max_direct, (bits + 7) // 8, length_size, root, rows, bool(flags & 2))


def value(file: File, found: Heap, identifier: bytes) -> tuple[int, int]:
    """Return place and length of a value by its identifier."""
    kind = identifier[0] >> 4 & 3
    if identifier[0] >> 6 or kind != MANAGED:
        raise TooMuch("A value of the HDF5 file is kept in a way that is not followed.", where=f"byte {found.address}")
    offset = int.from_bytes(identifier[1 : 1 + found.offset_size], "little")
    length = int.from_bytes(identifier[1 + found.offset_size : 1 + found.offset_size + found.length_size], "little")
    if found.root is None:
        raise Broken("A heap of the HDF5 file is empty, but something points into it.", where=f"byte {found.address}", fix=FIX)
    if not found.rows:
        place = _direct(file, found, found.root, offset, found.start_size)
    else:
        place = _indirect(file, found, (found.root, 0, found.rows), offset, 0)
    file.inside(place, length, "A value")
    return place, length


def _row_size(found: Heap, row: int) -> int:
    return found.start_size << max(row - 1, 0)


def _indirect(file: File, found: Heap, block: tuple[int, int, int], offset: int, depth: int) -> int:
    address, base, rows = block
    if depth > DEPTH_LIMIT or rows > 64:
        raise Broken("A heap of the HDF5 file is nested too deeply.", where=f"byte {address}", fix=FIX)
    window = file.at(address)
    file.expect(b"FHIB")
    file.version(0)
    window.skip(file.offset_width + found.offset_size)
    _check_entries(file, found, address, rows)
    at, left = base, offset
    for row in range(rows):
        size = _row_size(found, row)
        column = (left - at) // size
        if 0 <= column < found.width:
            window.skip((row * found.width + column) * file.offset_width)
            child = file.address("a block of a heap")
            inner = at + column * size
            if size <= found.max_direct:
                return _direct(file, found, child, offset - inner, size)
            inner_rows = (size // (found.start_size * found.width)).bit_length()
            return _indirect(file, found, (child, inner, inner_rows), offset, depth + 1)
        at += size * found.width
    raise Broken("A value lies outside of its heap.", where=f"byte {address}", fix=FIX)


def _check_entries(file: File, found: Heap, address: int, rows: int) -> None:
    """Compare the checksum behind the addresses of an indirect block, once."""
    if address not in file.compared:
        file.compared.add(address)
        start = file.window.offset
        file.window.skip(rows * found.width * file.offset_width)
        file.checksum(address)
        file.window.go(start)


def _direct(file: File, found: Heap, address: int, offset: int, size: int) -> int:
    file.at(address)
    file.expect(b"FHDB")
    file.version(0)
    if file.offset() != found.address:
        raise Broken("A block belongs to another heap.", where=f"byte {address}", fix=FIX)
    if offset >= size:
        raise Broken("A value lies outside of its block.", where=f"byte {address}", fix=FIX)
    file.inside(address, size, "A block of a heap")
    if found.is_checked:
        file.block_checksum(address, size, 5 + file.offset_width + found.offset_size)
    return address + offset


def records(file: File, address: int, kind: int) -> Iterator[bytes]:
    """Yield all records of a tree of the second version."""
    window = file.at(address)
    file.expect(b"BTHD")
    file.version(0)
    if window.unsigned(1) != kind:
        raise Broken("A tree of the HDF5 file is of the wrong kind.", where=f"byte {address}", fix=FIX)
    node_size, record_size, depth = window.unsigned(4), window.unsigned(2), window.unsigned(2)
    window.skip(2)
    root, count = file.offset(), window.unsigned(2)
    total = file.length()
    file.checksum(address)
    if root is None:
        return
    if not record_size or node_size < 64 or depth > DEPTH_LIMIT or total > RECORD_LIMIT:
        raise Broken("A tree of the HDF5 file has impossible sizes.", where=f"byte {address}", fix=FIX)
    tree = _Tree(file, kind, node_size, record_size)
    yield from tree.node(root, count, depth)
    if tree.seen != total:
        raise Broken("A tree of the HDF5 file has another number of records than it says.", where=f"byte {address}", fix=FIX)


class _Tree:
    def __init__(self, file: File, kind: int, node_size: int, record_size: int) -> None:
        self.file, self.kind, self.record_size, self.seen = file, kind, record_size, 0
        most = [(node_size - 10) // record_size]
        totals = list(most)
        self.count_width = _bytes_for(most[0])
        self.total_widths = [0]
        for _ in range(DEPTH_LIMIT):
            pointer = file.offset_width + self.count_width + self.total_widths[-1]
            most.append(max((node_size - 10 - pointer) // (record_size + pointer), 0))
            totals.append((most[-1] + 1) * totals[-1] + most[-1])
            self.total_widths.append(_bytes_for(totals[-1]))
        self.most = most

    def node(self, address: int, count: int, depth: int) -> Iterator[bytes]:
        file, window = self.file, self.file.at(address)
        if count > self.most[depth]:
            raise Broken("A node of a tree has too many records.", where=f"byte {address}", fix=FIX)
        file.expect(b"BTIN" if depth else b"BTLF")
        file.version(0)
        if window.unsigned(1) != self.kind:
            raise Broken("A node of a tree is of the wrong kind.", where=f"byte {address}", fix=FIX)
        found = [window.take(self.record_size) for _ in range(count)]
        children = []
        for _ in range(count + 1 if depth else 0):
            child, inner = file.address("a node of a tree"), window.unsigned(self.count_width)
            window.skip(self.total_widths[depth - 1])
            children.append((child, inner))
        file.checksum(address)
        self.seen += count
        if self.seen > RECORD_LIMIT:
            raise TooMuch("A tree of the HDF5 file has too many records.", where=f"byte {address}")
        yield from found
        for child, inner in children:
            yield from self.node(child, inner, depth - 1)
