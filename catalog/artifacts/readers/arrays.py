"""How joblib lays arrays between the instructions of a pickle, so that the walk continues at the right byte."""

import re

from catalog.artifacts.readers.machine import Log, Machine, Made
from catalog.artifacts.readers.types import Broken
from catalog.artifacts.readers.window import Window

WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"
TYPE_CODE = re.compile(r"[<>|=]?([?bBhHiIlLqQefdcuSUVmMO])(\d{0,9})")


def step_over(machine: Machine, made: Made) -> object:
    """Follow joblib past the bytes of an array; None when the object is no array of joblib."""
    if made.source is None or str(made.source) != WRAPPER:
        return None
    state, window = made.state, machine.window
    if not isinstance(state, dict):
        raise machine.broken("An array of joblib has no description.")
    machine.end_frame()
    size = _item_size(state.get("dtype"))
    if size is None:
        nested = Machine(window, machine.log)
        nested.run()
        return Made(None)
    if state.get("numpy_array_alignment_bytes") is not None:
        window.skip(window.unsigned(1))
    _skip_values(machine, window, state.get("shape"), size)
    return Made(None)


def _skip_values(machine: Machine, window: Window, shape: object, size: int) -> None:
    count = 1
    if not isinstance(shape, tuple) or not all(type(side) is int and side >= 0 for side in shape):
        raise machine.broken("An array of joblib has no proper shape.")
    for side in shape:
        count *= side
    window.skip(count * size)


def _item_size(dtype: object) -> int | None:
    """Return the bytes of one value, or None for objects, which follow as another pickle."""
    code = dtype.arguments[0] if isinstance(dtype, Made) and isinstance(dtype.arguments, tuple) and dtype.arguments else None
    match = TYPE_CODE.fullmatch(code) if isinstance(code, str) else None
    if match is None or str(getattr(dtype, "source", "")) != "numpy.dtype":
        raise Broken("An array of joblib has an unknown type.", check="pickle.structure")
    letter, digits = match.groups()
    if letter == "O":
        return None
    if letter == "V" and _holds_objects(getattr(dtype, "state", None)):
        raise Broken("An array of joblib mixes objects with numbers, which cannot be followed.", check="pickle.structure")
    if not digits:
        raise Broken("An array of joblib has a type without a size.", check="pickle.structure")
    return int(digits) * (4 if letter == "U" else 1)


def _holds_objects(state: object, depth: int = 0) -> bool:
    """Look for a field of kind object, at any depth of a structured type."""
    if depth > 8:
        return True
    if isinstance(state, Made):
        code = state.arguments[0] if isinstance(state.arguments, tuple) and state.arguments else None
        return (isinstance(code, str) and "O" in code) or _holds_objects(state.state, depth + 1)
    if isinstance(state, dict):
        return any(_holds_objects(value, depth + 1) for value in state.values())
    if isinstance(state, tuple):
        return any(_holds_objects(value, depth + 1) for value in state)
    return False


def walk(window: Window, log: Log, *, persistent: bool = False) -> object:
    """Walk one pickle the way joblib does, arrays included."""
    return Machine(window, log, persistent=persistent, after_build=step_over).run()
