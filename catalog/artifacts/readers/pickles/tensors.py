"""Tensors of torch: each must lie inside the storage it names, and each storage must have one size."""

from typing import NamedTuple

from catalog.artifacts.readers.pickles.symbols import Import, Log, Made, Persistent
from catalog.artifacts.readers.types import Broken, shorten

WIDTHS = {
    "FloatStorage": 4, "DoubleStorage": 8, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8, "IntStorage": 4, "ShortStorage": 2,
    "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1, "ComplexFloatStorage": 8, "ComplexDoubleStorage": 16, "QInt8Storage": 1,
    "QUInt8Storage": 1, "QInt32Storage": 4, "QUInt4x2Storage": 1, "QUInt2x4Storage": 1, "UntypedStorage": 1,
}  # fmt: skip
# Bytes of a value, for tensors that name their type beside an untyped storage.
TYPES = {"float32": 4, "float64": 8, "float16": 2, "bfloat16": 2, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
         "complex64": 8, "complex128": 16, "complex32": 4, "uint16": 2, "uint32": 4, "uint64": 8}  # fmt: skip
REBUILD = "torch._utils._rebuild_tensor"
LARGEST = 2**62
FIX = "Save the weights again, as safetensors."


class Storage(NamedTuple):
    """The numbers behind one or more tensors."""

    key: str
    values: int
    width: int


def storages(log: Log) -> dict[str, Storage]:
    """Return the storages that the pickle names, each with one size."""
    found: dict[str, Storage] = {}
    for item in log.persistent:
        storage = _storage(item)
        if found.setdefault(storage.key, storage) != storage:
            raise _broken(f"The numbers “{shorten(storage.key, 40)}” have two sizes.")
    return found


def _storage(item: Persistent) -> Storage:
    key = item.key
    if not isinstance(key, tuple) or len(key) not in (5, 6) or key[0] != "storage" or not isinstance(key[2], str):
        raise _broken("The pickle refers to its numbers in an unknown way.")
    kind, count = key[1], key[4]
    width = WIDTHS.get(kind.name) if isinstance(kind, Import) else None
    if width is None or type(count) is not int or not 0 <= count < LARGEST or (len(key) == 6 and key[5] is not None):
        raise _broken(f"The numbers “{shorten(key[2], 40)}” are of an unknown kind or size.")
    return Storage(key[2], count, width)


def check(log: Log) -> None:
    """Demand that every tensor lies inside its storage."""
    for made in log.calls:
        if made.called.startswith(REBUILD):
            _inside(made)


def _inside(made: Made) -> None:
    values = made.arguments
    if not isinstance(values, tuple) or len(values) < 4 or not isinstance(values[0], Persistent):
        raise _broken("A tensor is described in an unknown way.")
    storage, offset = _storage(values[0]), values[1]
    shape, strides = _numbers(values[2]), _numbers(values[3])
    if type(offset) is not int or shape is None or strides is None or len(shape) != len(strides) or offset < 0:
        raise _broken("A tensor has no proper shape.")
    last = offset + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True)) + 1
    room = storage.values
    if made.called.endswith("_v3"):
        kind = values[6] if len(values) > 6 else None
        room //= TYPES.get(kind.name, 1) if isinstance(kind, Import) else 1
    if 0 not in shape and last > room:
        raise _broken(f"A tensor reaches beyond its numbers “{shorten(storage.key, 40)}”.")


def _numbers(value: object) -> list[int] | None:
    """Return the sides of a shape, given as tuple or as torch.Size of one."""
    if isinstance(value, Made) and value.called == "torch.Size" and isinstance(value.arguments, tuple) and len(value.arguments) == 1:
        value = value.arguments[0]
    if not isinstance(value, tuple | list) or len(value) > 64 or not all(type(side) is int and 0 <= side < LARGEST for side in value):
        return None
    return list(value)


def _broken(message: str) -> Broken:
    return Broken(message, where="pickle instructions", fix=FIX, check="pickle.structure")
