"""Single compressed streams: gzip, bzip2, xz, lzma and zlib, one level, never larger than a cap and never with something behind."""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Any

from catalog.artifacts.readers.types import Broken, TooMuch
from catalog.artifacts.readers.window import Window

UNPACK_LIMIT = 128 * 1024 * 1024
# A stream may grow to this size whatever its ratio; beyond it only so many times.
FREE_SIZE = 32 * 1024 * 1024
RATIO_LIMIT = 200
CHUNK = 256 * 1024
MEMORY_LIMIT = 256 * 1024 * 1024
FIX = "Upload the file without compression; the marketplace stores the same bytes once."

ENGINES: dict[str, Callable[[], Any]] = {
    "gz": lambda: zlib.decompressobj(31),
    "zlib": zlib.decompressobj,
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY_LIMIT),
    "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MEMORY_LIMIT),
}
# The endings that each kind of stream adds to a name, and what stays when it is taken away.
ENDINGS: dict[str, dict[str, str]] = {
    "gz": {".gz": "", ".gzip": "", ".tgz": ".tar"},
    "bz2": {".bz2": "", ".tbz2": ".tar", ".tbz": ".tar"},
    "xz": {".xz": "", ".txz": ".tar"},
    "lzma": {".lzma": ""},
    "zlib": {".z": "", ".zlib": "", ".zz": ""},
}


def inner_name(form: str, name: str) -> str | None:
    """Return the name of what is inside; None when the name does not say that it is compressed this way."""
    for ending, rest in ENDINGS[form].items():
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)] + rest
    return None


def unpacked(window: Window, form: str) -> Window:
    """Return a window over the unpacked bytes."""
    engine, out = ENGINES[form](), io.BytesIO()
    data = b""
    while not engine.eof:
        if not data:
            data = window.take(min(window.left, CHUNK))
            if not data:
                raise Broken("The compressed data is cut off.", where=f"byte {window.offset}", fix="Check that the upload was complete.")
        data = _step(engine, data, out, window)
        if out.tell() > UNPACK_LIMIT:
            raise TooMuch(f"The file unpacks to more than {UNPACK_LIMIT:,} bytes.", where=f"byte {window.offset}", fix=FIX)
        if out.tell() > max(FREE_SIZE, RATIO_LIMIT * window.offset):
            raise TooMuch(f"The file unpacks to more than {RATIO_LIMIT} times its size.", where=f"byte {window.offset}", fix=FIX)
    if data or engine.unused_data or window.left:
        raise Broken("Something follows the compressed data.", where=f"byte {window.offset - len(engine.unused_data)}", fix=FIX)
    return Window(out, 0, out.tell())


def _step(engine: Any, data: bytes, out: io.BytesIO, window: Window) -> bytes:
    """Feed some bytes and return those that the engine did not take yet."""
    try:
        if hasattr(engine, "unconsumed_tail"):
            out.write(engine.decompress(data, CHUNK * 4))
            return bytes(engine.unconsumed_tail)
        out.write(engine.decompress(data, CHUNK * 4))
        while not engine.needs_input and not engine.eof and out.tell() <= UNPACK_LIMIT:
            out.write(engine.decompress(b"", CHUNK * 4))
    except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError) as error:
        raise Broken("The compressed data cannot be unpacked.", where=f"byte {window.offset}", fix="Check that the upload was complete.") from error
    return b""
