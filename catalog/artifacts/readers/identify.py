"""What a file is, judged by its bytes and never by its name."""

import re
import zlib
from collections.abc import Callable
from pathlib import Path

from catalog.artifacts.readers import onnx, sentencepiece
from catalog.artifacts.readers.archives import zip as zips
from catalog.artifacts.readers.pickles import plain
from catalog.artifacts.readers.protobuf import BYTES, VARINT, Budget, Message
from catalog.artifacts.readers.safetensors import HEADER_LIMIT
from catalog.artifacts.readers.tensorflow import index as tensor_index
from catalog.artifacts.readers.tensorflow import saved
from catalog.artifacts.readers.trees import ubjson
from catalog.artifacts.readers.types import Refused, TooMuch
from catalog.artifacts.readers.window import Window

HEAD = 64 * 1024
MAGIC = (
    (b"GGUF", "gguf"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\x7fELF", "native"),
    (b"MZ", "native"),
    (b"\xfe\xed\xfa\xce", "native"),
    (b"\xfe\xed\xfa\xcf", "native"),
    (b"\xce\xfa\xed\xfe", "native"),
    (b"\xcf\xfa\xed\xfe", "native"),
    (b"\xca\xfe\xba\xbe", "native"),
    (b"\x00asm", "native"),
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x93NUMPY", "npy"),
)
PYTHON = re.compile(
    r"(import [\w.]+( as \w+)?(, *[\w.]+( as \w+)?)*|from [\w.]+ import [\w*, ()]+"
    r"|def \w+\(.*\).*:|class \w+(\(.*\))?:|@\w[\w.]*(\(.*\))?)\s*(#.*)?"
)
JSON_START = re.compile(r"\s*(\{\s*[\"}]|\[\s*[\[{\"\]\-0-9tfn])")
PICKLE_STARTS = frozenset(b"(]})\x80\x8c\x95cNIJKLMFGSTUVXCB\x88\x89\x8a\x8b\x8d\x8e\x8f\x96PQ2i01")
ONNX_PARTS = {1: VARINT, 2: BYTES, 3: BYTES, 4: BYTES, 5: VARINT, 6: BYTES, 7: BYTES, 8: BYTES, 14: BYTES, 20: BYTES, 25: BYTES, 26: BYTES}


def identify(path: Path) -> str:
    """Name the format of the file at this path."""
    with path.open("rb") as stream:
        return identify_window(Window(stream, 0, path.stat().st_size))


def identify_window(window: Window) -> str:
    """Name the format of the bytes of this window; leaves the window at its start."""
    try:
        return _identify(window)
    finally:
        window.go(0)


def _identify(window: Window) -> str:
    size = window.left
    if not size:
        return "empty"
    head = window.take(min(size, HEAD))
    window.go(0)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x01\x02")):
        return _zip(window, head)
    if _safetensors(head):
        return "safetensors"
    for magic, name in MAGIC:
        if head.startswith(magic) and not (magic == b"MZ" and _is_text(head, size)):
            return name
    for test, name in TESTS:
        if test(head):
            return name
    return _softer(window, head, size)


def _softer(window: Window, head: bytes, size: int) -> str:
    """Tell apart what has no magic number."""
    text = _is_text(head, size)
    if head[:1] == b"\x80" and head[1:2] <= b"\x0f":
        return "pickle"
    if head[0] in PICKLE_STARTS:
        if plain.looks_like(window, text=text):
            return "pickle"
        window.go(0)
    # Short messages may hold nothing but letters and lengths that look like text.
    if not text or (head[:1] in (b"\n", b"\x08") and saved.kind_of(window)):
        return _binary(window, head, size)
    return _text(head.decode("utf-8", "ignore").removeprefix("\ufeff"))


def _binary(window: Window, head: bytes, size: int) -> str:
    """Tell apart the binary formats that only their structure gives away."""
    if size > tensor_index.FOOTER:
        window.go(size - len(tensor_index.MAGIC))
        if window.take(len(tensor_index.MAGIC)) == tensor_index.MAGIC:
            return "tensor-index"
    if saved.kind_of(window):
        return "tensorflow"
    if _onnx(window):
        return "onnx"
    if sentencepiece.looks_like(window):
        return "sentencepiece"
    return "ubjson" if ubjson.looks_like(head) else "unknown"


def _zip(window: Window, head: bytes) -> str:
    try:
        names = [member.name for member in zips.members(window) if not member.folder]
    except Refused:
        return "torch-zip" if b"/data.pkl" in head else "zip"
    if any(name.count("/") == 1 and name.endswith("/data.pkl") for name in names):
        return "torch-zip"
    if "config.json" in names and "metadata.json" in names:
        return "keras"
    return "npz" if names and all(name.endswith(".npy") for name in names) else "zip"


def _safetensors(head: bytes) -> bool:
    return len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= HEADER_LIMIT


def _zlib(head: bytes) -> bool:
    if head[0] != 0x78 or len(head) < 3 or (head[0] * 256 + head[1]) % 31:
        return False
    try:
        return bool(zlib.decompressobj().decompress(head, 64))
    except zlib.error:
        return False


def _lzma(head: bytes) -> bool:
    """Accept the old format of lzma, which has no magic number: properties, a power of two, a size, and a first zero."""
    if head[0] != 0x5D or len(head) < 14 or head[13]:
        return False
    dictionary, size = int.from_bytes(head[1:5], "little"), int.from_bytes(head[5:13], "little")
    return dictionary >= 4096 and dictionary & (dictionary - 1) == 0 and (size == 2**64 - 1 or size < 2**40)


def _bytecode(head: bytes) -> bool:
    """Accept compiled Python: a version, then carriage return and newline, flags, and a marshalled code object."""
    return len(head) > 16 and head[2:4] == b"\r\n" and (head[16] & 0x7F == 0x63 or head[12] & 0x7F == 0x63 or head[8] & 0x7F == 0x63)


def _is_text(head: bytes, size: int) -> bool:
    """Accept UTF-8 without NUL; the last character of the head may be cut in two."""
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return size > len(head) and error.start >= len(head) - 3
    return True


def _text(text: str) -> str:
    if text.lstrip().startswith(("<?xml", "<!DOCTYPE", "<PMML", "<net")):
        return "xml"
    if text.startswith("tree\n") and "\nversion=" in text[:200]:
        return "lightgbm"
    if text.startswith("#!"):
        return "python" if "python" in text.partition("\n")[0] else "script"
    if JSON_START.match(text):
        return "json"
    for line in text.splitlines()[:200]:
        if line.strip() and not line.lstrip().startswith("#"):
            return "python" if PYTHON.fullmatch(line[:300]) else "text"
    return "text"


def _onnx(window: Window) -> bool:
    """Accept a whole message of the right parts, or the start of one that was cut off."""
    seen: list[int] = []
    try:
        for item in Message(window, 0, window.end - window.start, Budget(10_000)).fields():
            if ONNX_PARTS.get(item.number) != item.wire or (item.number == 1 and item.value > onnx.NEWEST_IR):
                return False
            seen.append(item.number)
    except TooMuch:
        return False
    except Refused:
        return seen[:1] == [1] and len(seen) > 1
    return 7 in seen or seen[:1] == [1]


TESTS: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (lambda head: head[257:262] == b"ustar", "tar"),
    (_zlib, "zlib"),
    (_lzma, "lzma"),
    (_bytecode, "bytecode"),
)
