"""Types of numpy as pickles describe them: one that hides objects among numbers makes numpy follow addresses that the file chose."""

import re
from typing import Any, TypeGuard

from catalog.artifacts.readers.pickles.symbols import Import, Made

DTYPE = "numpy.dtype"
CODE = re.compile(r"[<>|=]?([?bBhHiIlLqQefdgFDGSUVamMO]|[ui][1248]|f(2|4|8|12|16)|c(8|16|24|32)|b1|[SUVa]\d{1,9}|O8|[mM]8(\[\w{1,12}\])?)")
SIZED = re.compile(r"[<>|=]?([a-zA-Z])(\d{1,9})(\[\w*\])?")
# The bits of a type's flags that say "these bytes are objects".
OBJECT_FLAGS = 0x07
FIELD_LIMIT = 64
UNKNOWN = "numpy.dtype gets a state that cannot be followed."
MIXED = "numpy.dtype mixes objects with numbers, which lets a file choose addresses in memory."


def of_type(made: Made) -> str:
    """Return what is wrong with a type as it is called for."""
    first = _first(made)
    if isinstance(first, Import) or (isinstance(first, str) and CODE.fullmatch(first)):
        return ""
    return "numpy.dtype is called with a type that cannot be followed."


def of_type_state(made: Made) -> str:
    """Note on the type what is wrong with its state: size, flags and fields must agree. Types inside were judged when their state was set."""
    made.concern = _of_type_state(made)
    return made.concern


def _of_type_state(made: Made) -> str:
    state, code = made.state, _first(made)
    if not isinstance(state, tuple) or not 8 <= len(state) <= 9 or not isinstance(code, str):
        return UNKNOWN
    _, _, inner, names, fields, size, _, flags = state[:8]
    if type(flags) is not int or type(size) is not int:
        return UNKNOWN
    if code.lstrip("<>|=") in {"O", "O8"}:
        return "" if (inner, names, fields) == (None, None, None) else MIXED
    wanted = size_of(made)
    if flags & OBJECT_FLAGS:
        return MIXED
    if wanted is not None and size not in (-1, wanted):
        return "numpy.dtype is given another size than its own."
    if inner is not None and not _is_inner(inner, wanted):
        return MIXED
    return _of_fields(names, fields, wanted)


def _is_inner(inner: object, room: int | None) -> bool:
    """Whether this is (a type without objects, a shape) that fits into the bytes of the outer type."""
    if not isinstance(inner, tuple) or len(inner) != 2 or not is_plain(inner[0]):
        return False
    size, shape = size_of(inner[0]), inner[1]
    sides = shape if isinstance(shape, tuple) else (shape,)
    if size is None or room is None or not all(type(side) is int and 0 <= side < 2**31 for side in sides):
        return False
    for side in sides:
        size *= side
    return size <= room


def _of_fields(names: object, fields: object, room: int | None) -> str:
    if names is None and fields is None:
        return ""
    if not isinstance(names, tuple) or not isinstance(fields, dict) or len(names) > FIELD_LIMIT or not set(names) <= set(fields) or room is None:
        return UNKNOWN
    for field in fields.values():
        if not isinstance(field, tuple) or len(field) not in (2, 3) or not is_plain(field[0]):
            return MIXED
        size, offset = size_of(field[0]), field[1]
        if size is None or type(offset) is not int or not 0 <= offset <= room - size:
            return "numpy.dtype has a field outside of its own bytes."
    return ""


def of_scalar(made: Made) -> str:
    """Return what is wrong with a single value of numpy."""
    first = _first(made)
    return "" if is_plain(first) else f"{made.called} makes a value of a type that cannot be followed."


def of_array_state(made: Made) -> str:
    """Return what is wrong with the state of an array: plain numbers, or plain objects that are pickled one by one."""
    state = made.state
    if isinstance(state, tuple) and len(state) in (5, 7) and (is_object(state[2]) or is_plain(state[2])):
        return ""
    return "An array gets a state that cannot be followed, or mixes objects with numbers."


def is_object(symbol: object) -> TypeGuard[Made]:
    """Whether this is the plain type of objects."""
    return _is_type(symbol) and str(_first(symbol)).lstrip("<>|=") in {"O", "O8"}


def is_plain(symbol: object) -> TypeGuard[Made]:
    """Whether this is a type of numbers or text alone, through all its fields."""
    return _is_type(symbol) and "O" not in str(_first(symbol))


def _is_type(symbol: object) -> TypeGuard[Made]:
    return isinstance(symbol, Made) and symbol.called == DTYPE and isinstance(_first(symbol), str) and not symbol.concern


def size_of(made: Made) -> int | None:
    """Return how many bytes one value takes; None when the code does not say."""
    match = SIZED.fullmatch(str(_first(made)))
    return int(match.group(2)) * (4 if match.group(1) == "U" else 1) if match else None


def _first(made: Made) -> Any:
    return made.arguments[0] if isinstance(made.arguments, tuple) and made.arguments else None
