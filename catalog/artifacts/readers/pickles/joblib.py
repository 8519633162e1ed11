"""How joblib lays arrays between the instructions of a pickle, so that the walk continues at the right byte."""

from catalog.artifacts.readers.pickles import numpy_types
from catalog.artifacts.readers.pickles.machine import Machine
from catalog.artifacts.readers.pickles.symbols import Log, Made
from catalog.artifacts.readers.types import Broken
from catalog.artifacts.readers.window import Window

WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"


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
    if numpy_types.is_object(dtype):
        return None
    size = numpy_types.size_of(dtype) if numpy_types.is_plain(dtype) else None
    if size is None:
        raise Broken("An array of joblib has an unknown type, or mixes objects with numbers.", check="pickle.structure")
    return size


def walk(window: Window, log: Log, *, persistent: bool = False) -> object:
    """Walk one pickle the way joblib does, arrays included."""
    return Machine(window, log, persistent=persistent, after_build=step_over).run()
