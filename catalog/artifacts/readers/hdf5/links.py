"""The members of a group, in each of the three ways in which HDF5 keeps them."""

from collections.abc import Iterator

from catalog.artifacts.readers.hdf5 import heaps
from catalog.artifacts.readers.hdf5.file import FIX, FIX_OUTSIDE, File
from catalog.artifacts.readers.hdf5.headers import Message
from catalog.artifacts.readers.types import Broken, TooMuch, Unsafe, shorten

HARD, SOFT, EXTERNAL = 0, 1, 64
SOFT_ENTRY = 2
DEPTH_LIMIT = 32
LINK_RECORDS = 5


def old_group(file: File, message: Message) -> Iterator[tuple[str, int]]:
    """Yield name and address of the members of a group of the first kind."""
    file.window.go(message.start)
    tree, heap = file.address("the tree of a group"), file.address("the names of a group")
    heaps.local_name(file, heap, 0)
    for node in leaves(file, tree, 0, heap=heap):
        yield from _symbols(file, node, heap)


def leaves(file: File, address: int, kind: int, key_size: int = 0, *, heap: int | None = None, depth: int = 0) -> Iterator[int]:
    """Yield what the leaves of a tree of the first version point to; groups are of kind 0, chunks of kind 1."""
    if depth > DEPTH_LIMIT:
        raise TooMuch("A tree of the HDF5 file is nested too deeply.", where=f"byte {address}")
    level, keys, children = _node(file, address, kind, key_size or file.length_width, depth)
    for key, child in zip(keys, [*children, 0], strict=True):
        if heap is not None:
            heaps.local_name(file, heap, int.from_bytes(key, "little"))
        elif not level and child:
            file.inside(child, int.from_bytes(key[:4], "little"), "A part of a dataset")
    for child in children:
        if level:
            _deeper(file, child, level)
            yield from leaves(file, child, kind, key_size, heap=heap, depth=depth + 1)
        else:
            file.step()
            yield child


def _node(file: File, address: int, kind: int, width: int, depth: int) -> tuple[int, list[bytes], list[int]]:
    """Read one node of a tree: its level, its keys, and what lies between them."""
    window = file.at(address)
    file.expect(b"TREE")
    if window.unsigned(1) != kind:
        raise Broken("A tree of the HDF5 file is of the wrong kind.", where=f"byte {address}", fix=FIX)
    level, used = window.unsigned(1), window.unsigned(2)
    for beside in (file.offset(), file.offset()):
        if beside is not None and (not depth or beside >= file.end):
            raise Broken("A tree of the HDF5 file leads out of the file.", where=f"byte {address}", fix=FIX)
    most = 2 * (file.chunk_k if kind else file.group_k)
    file.inside(address, 8 + 2 * file.offset_width + (most + 1) * width + most * file.offset_width, "A tree")
    if used > most:
        raise Broken("A tree of the HDF5 file holds more than it has room for.", where=f"byte {address}", fix=FIX)
    keys, children = [], []
    for _ in range(used):
        keys.append(window.take(width))
        children.append(file.address("a node of a tree"))
    return level, [*keys, window.take(width)], children


def _deeper(file: File, child: int, level: int) -> None:
    """Each level of a tree lies one below the last, so that no tree runs in a circle."""
    window = file.at(child)
    window.skip(5)
    if window.unsigned(1) != level - 1:
        raise Broken("A tree of the HDF5 file does not lead downwards.", where=f"byte {child}", fix=FIX)


def _symbols(file: File, node: int, heap: int) -> list[tuple[str, int]]:
    window = file.at(node)
    file.expect(b"SNOD")
    file.version(1)
    window.skip(1)
    entries, used = [], window.unsigned(2)
    file.inside(node, 8 + 2 * file.leaf_k * (2 * file.offset_width + 24), "A part of a group")
    if used > 2 * file.leaf_k:
        raise Broken("A part of a group holds too much.", where=f"byte {node}", fix=FIX)
    for _ in range(used):
        offset, place, kind = file.offset(), file.offset(), window.unsigned(4)
        window.skip(4)
        entries.append((offset, place, kind, window.take(16)))
    found = []
    for at, address, cached, scratch in entries:
        name = heaps.local_name(file, heap, at or 0)
        if cached == SOFT_ENTRY:
            _soft(name, heaps.local_name(file, heap, int.from_bytes(scratch[:4], "little")))
        elif cached > SOFT_ENTRY or address is None:
            raise Broken(f"The member “{shorten(name, 80)}” of a group is of an unknown kind.", where=f"byte {node}", fix=FIX)
        else:
            found.append((name, address))
    return found


def _soft(name: str, target: str) -> None:
    if "://" in target or ".." in target.split("/"):
        raise Unsafe(f"The link “{shorten(name, 80)}” leads to “{shorten(target, 80)}”, outside of its file.", where=name, fix=FIX_OUTSIDE,
                     check="hdf5.outside")  # fmt: skip


def link(file: File, start: int, size: int) -> tuple[str, int] | None:
    """Read one link; None for a soft one. Links to other files are refused."""
    window = file.window
    window.go(start)
    file.version(1)
    flags = window.unsigned(1)
    kind = window.unsigned(1) if flags & 8 else HARD
    window.skip((8 if flags & 4 else 0) + (1 if flags & 16 else 0))
    length = window.unsigned(1 << (flags & 3))
    if length > heaps.NAME_LIMIT or window.offset + length > start + size:
        raise Broken("A link of the HDF5 file has no proper name.", where=f"byte {start}", fix=FIX)
    name = heaps.text(window.take(length), start)
    if kind == HARD:
        return name, file.address("a member of a group")
    if kind == SOFT:
        target = window.take(window.unsigned(2))
        _soft(name, heaps.text(target, start))
        return None
    what = "another file" if kind == EXTERNAL else "something that only a program knows"
    raise Unsafe(f"The link “{shorten(name, 80)}” leads to {what}.", where=f"byte {start}", fix=FIX_OUTSIDE, check="hdf5.outside")


def dense(file: File, message: Message) -> Iterator[tuple[str, int]]:
    """Yield name and address of the members of a group that keeps many in a heap of their own."""
    window = file.window
    window.go(message.start)
    file.version(0)
    flags = window.unsigned(1)
    window.skip(8 if flags & 1 else 0)
    address, index = file.offset(), file.offset()
    if address is None:
        return
    if index is None:
        raise Broken("A group of the HDF5 file has members but no index.", where=f"byte {message.start}", fix=FIX)
    heap = heaps.heap(file, address)
    for record in list(heaps.records(file, index, LINK_RECORDS)):
        place, length = heaps.value(file, heap, record[4 : 4 + heap.id_length])
        found = link(file, place, length)
        if found is not None:
            yield found
