"""The index of TensorFlow's variables: a sorted table that says which bytes of which file each variable has."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from catalog.artifacts.readers.protobuf import VARINT, Budget, Message, varint
from catalog.artifacts.readers.types import Broken, Reading, TooMuch, fact
from catalog.artifacts.readers.window import Window

MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
FOOTER = 48
BLOCK_LIMIT = 64 * 1024 * 1024
ENTRY_LIMIT = 200_000
SHARD_LIMIT = 10_000
DTYPES = range(1, 128)
FIX = "Save the checkpoint again, and check that the upload was complete."


def read(window: Window, name: str) -> Reading:
    """Judge an index, and say how many bytes each file of numbers must have."""
    total = window.end - window.start
    window.go(total - FOOTER)
    footer = Window.over(window.take(FOOTER))
    for _ in range(2):
        varint(footer)
        varint(footer)
    footer.go(0)
    varint(footer), varint(footer)
    place = (varint(footer), varint(footer))
    entries: dict[bytes, bytes] = {}
    for _, handle in _block(window, place, total):
        inner = Window.over(handle)
        for key, value in _block(window, (varint(inner), varint(inner)), total):
            if key in entries or len(entries) >= ENTRY_LIMIT:
                raise TooMuch("The index names a variable twice, or too many.", where="index", fix=FIX)
            entries[key] = value
    shards, needed = _header(entries.pop(b"", b"")), dict[int, int]()
    for value in entries.values():
        shard, end = _entry(value)
        if shard >= shards:
            raise Broken("A variable lies in a file that is not counted.", where="index", fix=FIX)
        needed[shard] = max(needed.get(shard, 0), end)
    base = PurePosixPath(name.rpartition(" → ")[2]).name.removesuffix(".index")
    files = {f"{base}.data-{number:05d}-of-{shards:05d}": size for number, size in sorted(needed.items())}
    facts = {"tensors": fact(len(entries), "index"), "library": fact("tensorflow", "index"), "external_data": fact(files, "index")}
    return Reading("tensor-index", "allow", [], facts)


def _block(window: Window, place: tuple[int, int], total: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values of one block; keys share their beginnings."""
    start, size = place
    if size < 4 or size > BLOCK_LIMIT or start + size + 5 > total - FOOTER:
        raise Broken("A block of the index lies outside of the file.", where=f"byte {start}", fix=FIX)
    window.go(start)
    block = Window.over(window.take(size))
    if window.unsigned(1):
        raise Broken("The index is packed, which TensorFlow never does.", where=f"byte {start}", fix=FIX)
    block.go(size - 4)
    restarts = block.unsigned(4)
    end = size - 4 - 4 * restarts
    if end < 0:
        raise Broken("A block of the index is broken.", where=f"byte {start}", fix=FIX)
    block.go(0)
    key = b""
    while block.offset < end:
        shared, fresh, length = varint(block), varint(block), varint(block)
        if shared > len(key):
            raise Broken("A key of the index is broken.", where=f"byte {start + block.offset}", fix=FIX)
        key = key[:shared] + block.take(fresh)
        yield key, block.take(length)


def _header(raw: bytes) -> int:
    shards = 1
    for item in _message(raw).fields():
        if item.number == 1 and item.wire == VARINT:
            shards = item.value
        elif item.number == 2 and item.value:
            raise Broken("The numbers are stored in an order that no usual machine has.", where="index", fix=FIX)
    if not raw or not 1 <= shards <= SHARD_LIMIT:
        raise Broken("The index has no header.", where="index", fix=FIX)
    return shards


def _entry(raw: bytes) -> tuple[int, int]:
    values = {1: 0, 3: 0, 4: 0, 5: 0}
    for item in _message(raw).fields():
        if item.number in values:
            values[item.number] = item.value
        elif item.number not in (2, 6, 7):
            raise Broken("A variable has an unknown part.", where="index", fix=FIX)
    if values[1] not in DTYPES or values[4] >= 2**62 or values[5] >= 2**62:
        raise Broken("A variable has an unknown type or size.", where="index", fix=FIX)
    return values[3], values[4] + values[5]


def _message(raw: bytes) -> Message:
    return Message(Window.over(raw), 0, len(raw), Budget(10_000))
