"""Attributes: small values beside groups and datasets; some hold the description of a model, some a hidden pickle."""

from collections.abc import Iterator
from typing import NamedTuple

from catalog.artifacts.readers.hdf5 import datasets, heaps
from catalog.artifacts.readers.hdf5.file import FIX, File
from catalog.artifacts.readers.hdf5.headers import Message
from catalog.artifacts.readers.types import Broken, TooMuch

STRING, OPAQUE, VARIABLE = 3, 5, 9
RECORDS = 8
READ_LIMIT = 64 * 1024 * 1024


class Attribute(NamedTuple):
    """A name, and the bytes of its value when they are text or opaque; None for numbers."""

    name: str
    raw: bytes | None


def read(file: File, start: int, size: int) -> Attribute:
    """Read one attribute."""
    window = file.window
    window.go(start)
    version = file.version(1, 2, 3)
    flags = window.unsigned(1)
    name_size, type_size, space_size = window.unsigned(2), window.unsigned(2), window.unsigned(2)
    window.skip(1 if version == 3 else 0)
    if version > 1 and flags & 3:
        raise TooMuch("An attribute shares its type with another, which is not followed.", where=f"byte {start}")
    unit = 8 if version == 1 else 1
    name_at = window.offset
    type_at = name_at + name_size + -name_size % unit
    space_at = type_at + type_size + -type_size % unit
    data_at = space_at + space_size + -space_size % unit
    if data_at > start + size or not name_size:
        raise Broken("An attribute runs over its end.", where=f"byte {start}", fix=FIX)
    name = heaps.text(window.take(name_size).rstrip(b"\0"), name_at)
    kind = datasets.datatype(file, type_at, type_size)
    count = datasets.dataspace(file, space_at)
    if data_at + count * kind.size > start + size:
        raise Broken("An attribute has fewer bytes than its shape and type need.", where=f"byte {start}", fix=FIX)
    window.go(data_at)
    return Attribute(name, _raw(file, kind, count))


def _raw(file: File, kind: datasets.Type, count: int) -> bytes | None:
    window = file.window
    if kind.kind in (STRING, OPAQUE):
        return window.take(count * kind.size)
    if kind.kind != VARIABLE:
        return None
    places = [(window.unsigned(4), file.offset(), window.unsigned(4)) for _ in range(count if kind.size == 8 + file.offset_width else 0)]
    values, total = [], 0
    for length, collection, index in places:
        if collection in (None, 0) or not length:
            continue
        values.append(heaps.global_value(file, collection or 0, index))
        total += len(values[-1])
        if total > READ_LIMIT:
            raise TooMuch("The attributes of the HDF5 file are too long to be checked.", where=f"byte {window.offset}")
    return b"\n".join(values)


def dense(file: File, message: Message) -> Iterator[Attribute]:
    """Yield the attributes of an object that keeps many in a heap of their own."""
    window = file.window
    window.go(message.start)
    file.version(0)
    flags = window.unsigned(1)
    window.skip(2 if flags & 1 else 0)
    address, index = file.offset(), file.offset()
    if address is None:
        return
    if index is None:
        raise Broken("An object of the HDF5 file has attributes but no index.", where=f"byte {message.start}", fix=FIX)
    heap = heaps.heap(file, address)
    for record in list(heaps.records(file, index, RECORDS)):
        place, length = heaps.value(file, heap, record[: heap.id_length])
        yield read(file, place, length)
