"""Allowed imports whose arguments matter: what they may be called with, so that plain data stays plain."""

from collections.abc import Callable
from typing import Any

from catalog.artifacts.readers.pickles import numpy_types
from catalog.artifacts.readers.pickles.numpy_types import DTYPE
from catalog.artifacts.readers.pickles.symbols import Import, Made

LATIN = ("latin1", "latin-1")
RECONSTRUCT = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
SCALAR = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
BUFFER = ("numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer")


def of_call(made: Made) -> str:
    """Return what is wrong with this call; empty when nothing is."""
    check = CALLS.get(made.called)
    if check is not None:
        return check(made)
    if made.source is not None and made.source.name.endswith("Storage") and made.source.module in {"torch", "torch.cuda", "torch.storage"}:
        return f"{made.called} is called to take memory, where a file only names it."
    return ""


def of_keywords(made: Made) -> str:
    """Keyword arguments would get around the rules for calls."""
    return f"{made.called} is called with keywords, which no library writes." if made.called in CALLS else ""


def of_state(made: Made) -> str:
    """Return what is wrong with the state that is set on this object; empty when nothing is."""
    check = STATES.get(made.called)
    return check(made) if check is not None else ""


def _arguments(made: Made) -> tuple[Any, ...] | None:
    return made.arguments if isinstance(made.arguments, tuple) else None


def _latin(made: Made) -> str:
    values = _arguments(made)
    if values is not None and len(values) == 2 and isinstance(values[1], str) and values[1] in LATIN:
        return ""
    return f"{made.called} is called with another encoding than latin1."


def _bytes(made: Made) -> str:
    """bytes(10**12) takes all memory; bytes that were saved come as text, as bytes or as nothing."""
    values = _arguments(made)
    if values is not None and (not values or (not isinstance(values[0], int | Import) and len(values) <= 2)):
        return "" if len(values) < 2 or (isinstance(values[1], str) and values[1] in LATIN) else f"{made.called} is called with another encoding."
    return f"{made.called} is called with something other than saved bytes."


def _reconstruct(made: Made) -> str:
    """An array starts empty and gets its shape with its values; another start reads memory that nobody wrote."""
    values = _arguments(made)
    if values is not None and len(values) == 3 and isinstance(values[0], Import) and values[1] == (0,):
        return ""
    return f"{made.called} makes an array that does not start empty."


def _masked(made: Made) -> str:
    values = _arguments(made)
    if values is not None and len(values) == 4 and all(isinstance(item, Import) for item in values[:2]) and values[2] == (0,):
        return ""
    return f"{made.called} makes an array that does not start empty."


def _instance(made: Made) -> str:
    """The base of an old-style object may take memory of any size."""
    values = _arguments(made)
    bases = {"bytes", "bytearray"}
    if values is not None and len(values) == 3 and all(isinstance(item, Import) and item.name not in bases for item in values[:2]):
        return ""
    return f"{made.called} makes something other than an ordinary object."


def _buffer(made: Made) -> str:
    values = _arguments(made)
    if values is not None and len(values) >= 4 and numpy_types.is_plain(values[1]):
        return ""
    return f"{made.called} makes an array of a type that cannot be followed."


def _never(made: Made) -> str:
    return f"{made.called} is called directly, which no library writes."


CALLS: dict[str, Callable[[Made], str]] = {
    "_codecs.encode": _latin,
    **dict.fromkeys(("builtins.bytes", "builtins.bytearray", "__builtin__.bytes", "__builtin__.bytearray"), _bytes),
    **dict.fromkeys(RECONSTRUCT, _reconstruct),
    **dict.fromkeys(SCALAR, numpy_types.of_scalar),
    **dict.fromkeys(("numpy.ndarray", "numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"), _never),
    **dict.fromkeys(BUFFER, _buffer),
    **dict.fromkeys(("copyreg._reconstructor", "copy_reg._reconstructor"), _instance),
    "numpy.ma.core._mareconstruct": _masked,
    DTYPE: numpy_types.of_type,
}
STATES: dict[str, Callable[[Made], str]] = {
    "numpy.ma.core._mareconstruct": numpy_types.of_array_state,
    DTYPE: numpy_types.of_type_state,
    **dict.fromkeys(RECONSTRUCT, numpy_types.of_array_state),
}
