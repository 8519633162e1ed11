"""NumPy arrays, read strictly: the header is parsed as plain values, and the numbers must fill the rest of the file exactly."""

import ast
import re
from typing import Any

from catalog.artifacts.readers.archives import zip as zips
from catalog.artifacts.readers.types import Broken, Reading, TooMuch, Unsafe, fact, shorten
from catalog.artifacts.readers.window import Window

MAGIC = b"\x93NUMPY"
HEADER_LIMIT = 64 * 1024
RANK_LIMIT = 64
FIELD_LIMIT = 1000
DEPTH_LIMIT = 8
TYPE = re.compile(r"[<>|=]?(?:([?bBhHiIlLqQefdFD])|([biufcSUVa])(\d{1,9})|[mM]8(?:\[[\w/]{1,12}\])?)")
WIDTHS = {"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8, "e": 2, "f": 4, "d": 8, "F": 8, "D": 16}
FIX = "Save the array again with numpy.save, and check that the upload was complete."
FIX_OBJECTS = "Save plain numbers: arrays of objects are pickles, which can run any command on the machine that opens them."


def read(window: Window, name: str) -> Reading:
    """Judge one array file."""
    return Reading("npy", "allow", [], _facts([_array(window, name)]))


def read_npz(window: Window, name: str) -> Reading:
    """Judge a zip of arrays: every member must be one."""
    found, total = [], 0
    for member in zips.members(window):
        total += member.size
        if member.folder or not member.name.endswith(".npy"):
            raise Broken(f"“{shorten(member.name, 80)}” does not belong among the arrays of {name}.", where=member.name, fix=FIX)
        if member.method == zips.DEFLATED and total > zips.UNPACK_LIMIT:
            raise TooMuch(f"The arrays of {name} unpack to more than {zips.UNPACK_LIMIT:,} bytes.", where=member.name, fix=FIX)
        found.append(_array(zips.opened(window, member), member.name))
    return Reading("npz", "allow", [], _facts(found))


def _array(window: Window, name: str) -> tuple[str, int]:
    """Check one array and return type and number of its values."""
    if window.take(6) != MAGIC:
        raise Broken(f"{name} does not start as an array of numpy.", where="byte 0", fix=FIX)
    major, minor = window.take(2)
    if major not in (1, 2, 3) or minor:
        raise Broken(f"Version {major}.{minor} of the format does not exist.", where="byte 6", fix=FIX)
    length = window.unsigned(2 if major == 1 else 4)
    if length > HEADER_LIMIT:
        raise Broken(f"The header claims {length:,} bytes; at most {HEADER_LIMIT:,} are allowed.", where="byte 8", fix=FIX)
    header = _header(window.take(length))
    size = _width(header["descr"], name, 0)
    shape, count = header["shape"], 1
    if type(header["fortran_order"]) is not bool or not isinstance(shape, tuple) or len(shape) > RANK_LIMIT:
        raise _broken()
    for side in shape:
        if type(side) is not int or not 0 <= side < 2**62:
            raise _broken()
        count *= side
    if count * size != window.left:
        raise Broken(f"{name} holds {window.left:,} bytes, but its shape and type need {count * size:,}.", where=f"byte {window.offset}", fix=FIX)
    return (str(header["descr"]) if isinstance(header["descr"], str) else "structured"), count


def _header(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
        found = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise _broken() from error
    if not isinstance(found, dict) or set(found) != {"descr", "fortran_order", "shape"} or not text.endswith("\n"):
        raise _broken()
    return found


def _width(descr: object, name: str, depth: int) -> int:
    """Return the bytes of one value; objects are refused at any depth."""
    if isinstance(descr, str):
        return _plain_width(descr, name)
    if isinstance(descr, tuple) and len(descr) == 2 and isinstance(descr[1], dict):
        raise Unsafe(f"{name} has a type with extra data, which asks for a pickle.", where="header: descr", fix=FIX_OBJECTS)
    if not isinstance(descr, list) or not 0 < len(descr) <= FIELD_LIMIT or depth > DEPTH_LIMIT:
        raise _broken()
    return sum(_field_width(field, name, depth) for field in descr)


def _field_width(field: object, name: str, depth: int) -> int:
    if not isinstance(field, tuple) or len(field) not in (2, 3):
        raise _broken()
    width = _width(field[1], name, depth + 1)
    shape = field[2] if len(field) == 3 else ()
    for side in shape if isinstance(shape, tuple) else (shape,):
        if type(side) is not int or not 0 <= side < 2**31:
            raise _broken()
        width *= side
    return width


def _plain_width(descr: str, name: str) -> int:
    if "O" in descr:
        raise Unsafe(f"{name} is an array of objects: loading it unpickles what the file says.", where="header: descr", fix=FIX_OBJECTS)
    match = TYPE.fullmatch(descr)
    if match is None:
        raise _broken()
    letter, kind, digits = match.groups()
    if letter:
        return WIDTHS[letter]
    return int(digits) * (4 if kind == "U" else 1) if kind else 8


def _broken() -> Broken:
    return Broken("The header is not the plain description that numpy writes.", where="byte 10", fix=FIX)


def _facts(arrays: list[tuple[str, int]]) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for kind, _ in arrays:
        kinds[shorten(kind, 20)] = kinds.get(shorten(kind, 20), 0) + 1
    where = "array headers"
    return {
        "parameters": fact(sum(count for _, count in arrays), where),
        "tensors": fact(len(arrays), where),
        "dtypes": fact(dict(sorted(kinds.items())[:50]), where),
    }
