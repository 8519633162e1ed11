"""Safetensors, read strictly: only the header is read, and every rule of the format is checked against the size of the file."""

import json
from typing import Any, NamedTuple

from catalog.artifacts.readers.types import Broken, TooMuch, fact, shorten
from catalog.artifacts.readers.window import Window

HEADER_LIMIT = 100_000_000
TENSOR_LIMIT = 500_000
RANK_LIMIT = 64
LARGEST = 2**64 - 1
METADATA = "__metadata__"
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64, "C64": 64,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip
FIX = "Write the file again with the safetensors library, and check that the upload was complete."


class Tensor(NamedTuple):
    """One entry of the header, with the byte where it stands."""

    begin: int
    end: int
    name: str
    where: str


class Summary:
    """What the header adds up to."""

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []
        self.metadata: dict[str, str] = {}
        self.parameters = 0
        self.dtypes: dict[str, int] = {}


def read(window: Window) -> dict[str, Any]:
    """Check the whole structure and return the facts; raises Broken with the byte where a rule is violated."""
    header = _header(window)
    summary = _entries(header)
    _cover(summary.tensors, window.left)
    where = "safetensors header"
    facts: dict[str, Any] = {
        "parameters": fact(summary.parameters, where),
        "tensors": fact(len(summary.tensors), where),
        "dtypes": fact(dict(sorted(summary.dtypes.items())), where),
        "header_bytes": fact(len(header), where),
    }
    if summary.metadata:
        facts["metadata"] = fact({shorten(key, 100): shorten(text, 300) for key, text in list(summary.metadata.items())[:50]}, where)
    return facts


def _header(window: Window) -> str:
    if window.left < 10:
        raise Broken("The file is too short to hold a safetensors header.", where="byte 0", fix=FIX)
    length = window.unsigned(8)
    if length > HEADER_LIMIT:
        raise Broken(f"The header claims {length:,} bytes; at most {HEADER_LIMIT:,} are allowed.", where="byte 0", fix=FIX)
    if length > window.left:
        raise Broken(f"The header claims {length:,} bytes, but only {window.left:,} follow.", where="byte 0", fix=FIX)
    raw = window.take(length)
    if raw[:1] != b"{":
        raise Broken("The header does not start with “{”.", where="byte 8", fix=FIX)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken("The header is not valid UTF-8.", where=f"byte {8 + error.start}", fix=FIX) from error


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the same key stands twice")
    return found


def _integer(text: str) -> int:
    if len(text) > 20:
        raise ValueError("a number is too large")
    return int(text)


def _no_fraction(text: str) -> Any:
    raise ValueError(f"“{text[:20]}” is not a whole number")


_decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_integer, parse_float=_no_fraction, parse_constant=_no_fraction)


class _Cursor:
    """Walks the outermost object entry by entry, so that a huge header never becomes a huge tree of objects."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 1

    def blank(self) -> str:
        text, at = self.text, self.at
        while at < len(text) and text[at] in " \t\n\r":
            at += 1
        self.at = at
        return text[at : at + 1]

    def expect(self, char: str) -> None:
        if self.blank() != char:
            raise self.broken(f"“{char}” is missing")
        self.at += 1

    def value(self) -> Any:
        self.blank()
        try:
            value, self.at = _decoder.raw_decode(self.text, self.at)
        except (ValueError, RecursionError) as error:
            raise self.broken(str(error) or "it is nested too deeply") from error
        return value

    def broken(self, what: str) -> Broken:
        place = 8 + len(self.text[: self.at].encode("utf-8", "surrogatepass"))
        return Broken(f"The header is not the JSON that safetensors asks for: {what}.", where=f"byte {place}", fix=FIX)


def _entries(text: str) -> Summary:
    cursor, summary, seen = _Cursor(text), Summary(), set[str]()
    if cursor.blank() == "}":
        cursor.at += 1
    else:
        while True:
            _entry(cursor, summary, seen)
            if cursor.blank() == "}":
                cursor.at += 1
                break
            cursor.expect(",")
    if cursor.blank():
        raise cursor.broken("something follows its end")
    return summary


def _entry(cursor: _Cursor, summary: Summary, seen: set[str]) -> None:
    cursor.blank()
    start = cursor.at
    name = cursor.value()
    if not isinstance(name, str) or not _plain(name):
        raise cursor.broken("a tensor has no proper name")
    if name in seen:
        raise cursor.broken(f"“{shorten(name, 80)}” stands twice")
    if len(seen) >= TENSOR_LIMIT:
        raise TooMuch(f"The header lists more than {TENSOR_LIMIT:,} tensors.", where=f"byte {8 + start}")
    seen.add(name)
    cursor.expect(":")
    value = cursor.value()
    if name == METADATA:
        summary.metadata = _metadata(cursor, value)
        return
    _tensor(cursor, summary, name, value)


def _plain(text: str) -> bool:
    """Half of a surrogate pair is legal in Python's JSON and nowhere else."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _metadata(cursor: _Cursor, value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise cursor.broken("__metadata__ may only map text to text")
    if not all(_plain(key) and _plain(item) for key, item in value.items()):
        raise cursor.broken("__metadata__ holds text that is not valid Unicode")
    return value


def _numbers(value: object) -> list[int] | None:
    if not isinstance(value, list) or len(value) > RANK_LIMIT:
        return None
    if not all(type(item) is int and 0 <= item <= LARGEST for item in value):
        return None
    return value


def _tensor(cursor: _Cursor, summary: Summary, name: str, value: object) -> None:
    label = f"tensor “{shorten(name, 80)}”"
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        raise cursor.broken(f"{label} must have exactly dtype, shape and data_offsets")
    bits = BITS.get(value["dtype"]) if isinstance(value["dtype"], str) else None
    if bits is None:
        raise cursor.broken(f"{label} has an unknown dtype")
    shape, offsets = _numbers(value["shape"]), _numbers(value["data_offsets"])
    if shape is None or offsets is None or len(offsets) != 2:
        raise cursor.broken(f"shape and data_offsets of {label} must be lists of whole numbers")
    count = 1
    for size in shape:
        count *= size
        if count * bits > LARGEST:
            raise cursor.broken(f"{label} is impossibly large")
    begin, end = offsets
    if end < begin or (end - begin) * 8 != count * bits:
        raise cursor.broken(f"{label} takes {end - begin:,} bytes, but its shape and dtype need {count * bits / 8:,.0f}")
    summary.tensors.append(Tensor(begin, end, name, label))
    summary.parameters += count
    summary.dtypes[value["dtype"]] = summary.dtypes.get(value["dtype"], 0) + 1


def _cover(tensors: list[Tensor], size: int) -> None:
    """Demand that the tensors fill the rest of the file: no hole, no overlap, nothing behind the last."""
    at = 0
    for begin, end, _, label in sorted(tensors):
        if begin != at:
            what = "overlaps the one before it" if begin < at else f"leaves a hole of {begin - at:,} bytes before it"
            raise Broken(f"The {label} {what}.", where=f"data offset {begin}", fix=FIX)
        at = end
    if at != size:
        what = f"{size - at:,} bytes follow the last tensor" if size > at else f"{at - size:,} bytes of tensors are missing"
        raise Broken(f"The header and the size of the file disagree: {what}.", where=f"data offset {min(at, size)}", fix=FIX)
