"""Datasets: numbers that lie inside the file, in a layout and through filters that every reader of HDF5 has."""

from collections.abc import Iterable

from catalog.artifacts.readers.hdf5.file import FIX, FIX_OUTSIDE, File
from catalog.artifacts.readers.hdf5.headers import Message
from catalog.artifacts.readers.hdf5.links import leaves
from catalog.artifacts.readers.types import Broken, TooMuch, Unsafe

COMPACT, CONTIGUOUS, CHUNKED, VIRTUAL = 0, 1, 2, 3
RANK_LIMIT = 32
# Filters that come with every HDF5 library, and the one that h5py brings.
FILTERS = frozenset({1, 2, 3, 4, 5, 6, 32000})
FREE_SIZE = 256 * 1024 * 1024
RATIO_LIMIT = 1000
VARIABLE = 9
INTEGER, FLOAT = 0, 1


class Type:
    """The type of values: its class and the bytes of one value."""

    def __init__(self, kind: int, size: int, detail: int) -> None:
        self.kind, self.size, self.detail = kind, size, detail


def datatype(file: File, start: int, size: int) -> Type:
    """Read the head of a type."""
    window = file.window
    window.go(start)
    if size < 8:
        raise Broken("A type in the HDF5 file is too short.", where=f"byte {start}", fix=FIX)
    head = window.unsigned(1)
    detail = window.unsigned(3)
    width = window.unsigned(4)
    if head & 15 > 11 or not 1 <= head >> 4 <= 5 or not width:
        raise Broken("A type in the HDF5 file is unknown.", where=f"byte {start}", fix=FIX)
    if head & 15 in (INTEGER, FLOAT):
        _bits(file, start, head & 15, width, detail)
    return Type(head & 15, width, detail)


def _bits(file: File, start: int, kind: int, width: int, detail: int) -> None:
    """The bits of a number lie inside of its bytes, and its sign among them."""
    window = file.window
    offset, precision = window.unsigned(2), window.unsigned(2)
    fits = precision > 0 and offset + precision <= width * 8
    if kind == FLOAT and fits:
        places = [(window.unsigned(1), window.unsigned(1)) for _ in range(2)]
        fits = all(size and place + size <= precision + offset for place, size in places) and detail >> 8 & 0xFF < width * 8
        fits = fits and not _overlap(*places)
    if not fits:
        raise Broken("A type in the HDF5 file has bits outside of its bytes.", where=f"byte {start}", fix=FIX)


def _overlap(first: tuple[int, int], second: tuple[int, int]) -> bool:
    return first[0] < second[0] + second[1] and second[0] < first[0] + first[1]


def dataspace(file: File, start: int) -> int:
    """Return the number of values of a space."""
    window = file.window
    window.go(start)
    version = file.version(1, 2)
    rank, flags = window.unsigned(1), window.unsigned(1)
    kind = window.unsigned(1)
    window.skip(4 if version == 1 else 0)
    if rank > RANK_LIMIT or flags & ~3:
        raise Broken("A dataset has too many dimensions.", where=f"byte {start}", fix=FIX)
    count = 0 if version == 2 and kind == 2 else 1
    for _ in range(rank):
        count *= file.length()
        if count >= 2**60:
            raise Broken("A dataset is impossibly large.", where=f"byte {start}", fix=FIX)
    return count


def check(file: File, messages: Iterable[Message], type_: Type, count: int) -> list[str]:
    """Check layout and filters; return what a person has to look at."""
    doubts: list[str] = []
    size = count * type_.size
    if size > max(FREE_SIZE, RATIO_LIMIT * file.end):
        raise TooMuch(f"A dataset claims {size:,} bytes in a file of {file.end:,}.", where="dataset", fix=FIX)
    for message in messages:
        if message.kind == 7:
            raise Unsafe("A dataset keeps its numbers in another file.", where=f"byte {message.start}", fix=FIX_OUTSIDE, check="hdf5.outside")
        if message.kind == 5:
            file.window.go(message.start)
            file.version(1, 2, 3)
        if message.kind == 8:
            _layout(file, message, size)
        elif message.kind == 0x0B:
            doubts += _filters(file, message)
    return doubts


def _layout(file: File, message: Message, size: int) -> None:
    window = file.window
    window.go(message.start)
    version = file.version(3, 4, 5)
    kind = window.unsigned(1)
    if kind == VIRTUAL:
        raise Unsafe("A dataset is put together from other files.", where=f"byte {message.start}", fix=FIX_OUTSIDE, check="hdf5.outside")
    if kind == COMPACT:
        length = window.unsigned(2)
        if length != size or 4 + length > message.size:
            raise _wrong_size(message, length, size)
    elif kind == CONTIGUOUS:
        _contiguous(file, message, size)
    elif kind == CHUNKED and version == 3:
        _chunks(file, message)
    elif kind != CHUNKED:
        raise Broken("A dataset has an unknown layout.", where=f"byte {message.start}", fix=FIX)


def _contiguous(file: File, message: Message, size: int) -> None:
    address, length = file.offset(), file.length()
    if address is None:
        return
    file.inside(address, max(length, size), "A dataset")
    if length != size:
        raise _wrong_size(message, length, size)


def _wrong_size(message: Message, length: int, size: int) -> Broken:
    return Broken(f"A dataset has {length:,} bytes, but its shape and type need {size:,}.", where=f"byte {message.start}", fix=FIX)


def _chunks(file: File, message: Message) -> None:
    """Every chunk of a dataset lies inside the file."""
    window = file.window
    rank, address = window.unsigned(1), file.offset()
    if not 2 <= rank <= RANK_LIMIT + 1:
        raise Broken("A dataset has too many dimensions.", where=f"byte {message.start}", fix=FIX)
    if address is None:
        return
    for _ in leaves(file, address, 1, 8 + 8 * rank):
        pass


def _filters(file: File, message: Message) -> list[str]:
    window = file.window
    window.go(message.start)
    version, count = file.version(1, 2), window.unsigned(1)
    window.skip(6 if version == 1 else 0)
    doubts = []
    for _ in range(count):
        number = window.unsigned(2)
        name = window.unsigned(2) if version == 1 or number >= 256 else 0
        window.skip(2)
        values = window.unsigned(2)
        padding = -name % 8 if version == 1 else 0
        window.skip(name + padding + 4 * values + (4 if version == 1 and values % 2 else 0))
        if window.offset > message.start + message.size:
            raise Broken("The filters of a dataset run over their end.", where=f"byte {message.start}", fix=FIX)
        if number not in FILTERS:
            doubts.append(f"A dataset is packed with filter {number}, for which HDF5 loads a plug-in.")
    return doubts
