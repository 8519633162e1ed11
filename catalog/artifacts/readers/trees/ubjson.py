"""Universal Binary JSON as XGBoost writes it, read into plain values; long lists of numbers become arrays."""

import array
import struct
from typing import Any

from catalog.artifacts.readers.types import Broken, TooMuch, shorten
from catalog.artifacts.readers.window import Window

DEPTH_LIMIT = 64
VALUE_LIMIT = 2_000_000
TEXT_LIMIT = 16 * 1024 * 1024
COUNT_LIMIT = 50_000_000
INTEGERS = {b"i": (1, True), b"U": (1, False), b"I": (2, True), b"u": (2, False), b"l": (4, True), b"m": (4, False), b"L": (8, True),
            b"M": (8, False)}  # fmt: skip
FLOATS = {b"d": ">f", b"D": ">d"}
CODES = {b"i": "b", b"U": "B", b"I": "h", b"u": "H", b"l": "i", b"m": "I", b"L": "q", b"M": "Q", b"d": "f", b"D": "d"}
CONSTANTS = {b"Z": None, b"T": True, b"F": False}
FIX = "Save the model again with XGBoost, and check that the upload was complete."


def looks_like(head: bytes) -> bool:
    """Accept an object whose first key has a length and is a plain word."""
    if head[:1] != b"{" or head[1:2] not in INTEGERS:
        return False
    width, signed = INTEGERS[head[1:2]]
    length = int.from_bytes(head[2 : 2 + width], "big", signed=signed)
    key = head[2 + width : 2 + width + length]
    return 0 < length < 200 and len(key) == length and key.replace(b"_", b"a").isalnum()


def parse(window: Window) -> Any:
    """Read one value that fills the whole file."""
    parser = _Parser(window)
    value = parser.value(window.take(1), 0)
    if window.left:
        raise Broken(f"{window.left:,} bytes follow the model.", where=f"byte {window.offset}", fix=FIX)
    return value


class _Parser:
    def __init__(self, window: Window) -> None:
        self.window, self.values = window, 0

    def value(self, mark: bytes, depth: int) -> Any:
        self.values += 1
        if depth > DEPTH_LIMIT or self.values > VALUE_LIMIT:
            raise TooMuch("The model is nested too deeply or has too many values.", where=f"byte {self.window.offset}")
        if mark in CONSTANTS:
            return CONSTANTS[mark]
        if mark in INTEGERS:
            width, signed = INTEGERS[mark]
            return int.from_bytes(self.window.take(width), "big", signed=signed)
        if mark in FLOATS:
            return struct.unpack(FLOATS[mark], self.window.take(struct.calcsize(FLOATS[mark])))[0]
        return self.composed(mark, depth)

    def composed(self, mark: bytes, depth: int) -> Any:
        if mark == b"S":
            return self.text()
        if mark == b"C":
            return self.window.take(1).decode("latin-1")
        if mark == b"{":
            return self.map(depth)
        if mark == b"[":
            return self.list(depth)
        raise self.broken("A value is of an unknown kind")

    def count(self) -> int:
        mark = self.window.take(1)
        if mark not in INTEGERS:
            raise self.broken("A length is no whole number")
        width, signed = INTEGERS[mark]
        found = int.from_bytes(self.window.take(width), "big", signed=signed)
        if not 0 <= found <= COUNT_LIMIT:
            raise self.broken("A length is impossible")
        return found

    def text(self) -> str:
        length = self.count()
        if length > TEXT_LIMIT:
            raise TooMuch(f"A text has {length:,} bytes.", where=f"byte {self.window.offset}")
        try:
            return self.window.take(length).decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.broken("A text is not valid UTF-8") from error

    def map(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        kind, count = self.shape()
        while count is None or len(found) < count:
            if count is None and self.peek() == b"}":
                self.window.skip(1)
                break
            key = self.text()
            if key in found:
                raise self.broken(f"“{shorten(key, 80)}” stands twice")
            found[key] = self.value(kind or self.window.take(1), depth + 1)
        return found

    def list(self, depth: int) -> Any:
        kind, count = self.shape()
        if kind in CODES and count is not None:
            return self.numbers(kind, count)
        found: list[Any] = []
        while count is None or len(found) < count:
            if count is None and self.peek() == b"]":
                self.window.skip(1)
                break
            found.append(self.value(kind or self.window.take(1), depth + 1))
        return found

    def numbers(self, kind: bytes, count: int) -> "array.array[Any]":
        found: array.array[Any] = array.array(CODES[kind])
        found.frombytes(self.window.take(count * found.itemsize))
        found.byteswap()
        return found

    def shape(self) -> tuple[bytes, int | None]:
        """Read what a list says of all its values: their kind and how many they are."""
        kind, count = b"", None
        if self.peek() == b"$":
            self.window.skip(1)
            kind = self.window.take(1)
            if kind not in CODES and kind not in (b"S", b"C"):
                raise self.broken("A list has values of an unknown kind")
            if self.peek() != b"#":
                raise self.broken("A list has a kind but no length")
        if self.peek() == b"#":
            self.window.skip(1)
            count = self.count()
        return kind, count

    def peek(self) -> bytes:
        mark = self.window.take(1)
        self.window.go(self.window.offset - 1)
        return mark

    def broken(self, what: str) -> Broken:
        return Broken(f"This is not the UBJSON that XGBoost writes: {what}.", where=f"byte {self.window.offset}", fix=FIX)
