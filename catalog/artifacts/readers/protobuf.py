"""Just enough of the protobuf wire format to walk a message field by field, with a budget."""

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.artifacts.readers.types import Broken, TooMuch, shorten
from catalog.artifacts.readers.window import Window

FIELD_LIMIT = 3_000_000
DEPTH_LIMIT = 24
TEXT_LIMIT = 64 * 1024
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIX = "Export the model again, and check that the upload was complete."


@dataclass
class Budget:
    """How many fields may still be read, over the whole file."""

    left: int = FIELD_LIMIT

    def spend(self) -> None:
        """Count one field."""
        self.left -= 1
        if self.left < 0:
            raise TooMuch(f"The file has more than {FIELD_LIMIT:,} fields.")


@dataclass(frozen=True)
class Field:
    """One field of a message: a number, or the place of its bytes."""

    number: int
    wire: int
    value: int
    start: int
    length: int


@dataclass(frozen=True)
class Message:
    """A message inside a window, with its depth and the shared budget."""

    window: Window
    start: int
    length: int
    budget: Budget
    depth: int = 0

    def fields(self) -> Iterator[Field]:
        """Go through the fields in the order of the file."""
        window, at, end = self.window, self.start, self.start + self.length
        while at < end:
            window.go(at)
            self.budget.spend()
            found = _field(window, end)
            at = window.offset if found.wire != BYTES else found.start + found.length
            if at > end:
                raise Broken("A field runs over the end of its message.", where=f"byte {found.start}", fix=FIX)
            yield found

    def inner(self, field: Field, what: str) -> "Message":
        """Enter a field that is itself a message."""
        self.need(field, BYTES, what)
        if self.depth >= DEPTH_LIMIT:
            raise TooMuch(f"The file is nested more than {DEPTH_LIMIT} levels deep.", where=f"byte {field.start}")
        return Message(self.window, field.start, field.length, self.budget, self.depth + 1)

    def text(self, field: Field, what: str) -> str:
        """Read a field that is text."""
        self.need(field, BYTES, what)
        if field.length > TEXT_LIMIT:
            raise TooMuch(f"{what} is {field.length:,} bytes long; at most {TEXT_LIMIT:,} are read.", where=f"byte {field.start}")
        self.window.go(field.start)
        try:
            return self.window.take(field.length).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Broken(f"{what} is not valid UTF-8.", where=f"byte {field.start}", fix=FIX) from error

    def number(self, field: Field, what: str) -> int:
        """Read a field that is a number."""
        self.need(field, VARINT, what)
        return field.value

    def numbers(self, field: Field, what: str, limit: int = 64) -> list[int]:
        """Read a repeated number, packed or not."""
        if field.wire == VARINT:
            return [field.value]
        self.need(field, BYTES, what)
        if field.length > limit * 10:
            raise Broken(f"{what} has too many values.", where=f"byte {field.start}", fix=FIX)
        self.window.go(field.start)
        found, end = [], field.start + field.length
        while self.window.offset < end:
            found.append(varint(self.window))
        if self.window.offset != end:
            raise Broken(f"{what} runs over its end.", where=f"byte {field.start}", fix=FIX)
        return found

    def need(self, field: Field, wire: int, what: str) -> None:
        """Demand the wire type that the schema names."""
        if field.wire != wire:
            raise Broken(f"{shorten(what, 100)} is stored as the wrong kind of value.", where=f"byte {field.start}", fix=FIX)


def varint(window: Window) -> int:
    """Read one variable-length number of at most 64 bits."""
    value = 0
    for shift in range(0, 70, 7):
        byte = window.take(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >= 2**64:
                break
            return value
    raise Broken("A number is too long.", where=f"byte {window.offset}", fix=FIX)


def _field(window: Window, end: int) -> Field:
    at = window.offset
    tag = varint(window)
    number, wire = tag >> 3, tag & 7
    if not 0 < number < 2**29 or wire not in (VARINT, FIXED64, BYTES, FIXED32):
        raise Broken("A field has an impossible number or kind.", where=f"byte {at}", fix=FIX)
    if wire == VARINT:
        return Field(number, wire, varint(window), at, 0)
    if wire == BYTES:
        length = varint(window)
        start = window.offset
        if length > end - start:
            raise Broken("A field runs over the end of its message.", where=f"byte {at}", fix=FIX)
        return Field(number, wire, 0, start, length)
    width = 8 if wire == FIXED64 else 4
    return Field(number, wire, window.unsigned(width), at, width)
