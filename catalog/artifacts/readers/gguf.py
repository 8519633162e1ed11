"""GGUF, read strictly: header, key-value pairs and tensor table, with every count and length bounded by the file."""

from typing import Any, NamedTuple

from catalog.artifacts.readers.texts import templates
from catalog.artifacts.readers.types import Broken, TooMuch, fact, shorten
from catalog.artifacts.readers.window import Window

MAGIC = b"GGUF"
KEY_LIMIT = 100_000
TENSOR_LIMIT = 200_000
STRING_LIMIT = 16 * 1024 * 1024
ARRAY_LIMIT = 4_000_000
NAME_LIMIT = 64
RANK_LIMIT = 4
STRING, ARRAY, BOOL = 8, 9, 7
SCALARS = {0: (1, False), 1: (1, True), 2: (2, False), 3: (2, True), 4: (4, False), 5: (4, True), 6: (4, None), 7: (1, False),
           10: (8, False), 11: (8, True), 12: (8, None)}  # fmt: skip
# type number: (name, values in a block, bytes of a block), as ggml lays them out
TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50), 20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
}  # fmt: skip
FIX = "Convert the model again with llama.cpp's converter, and check that the upload was complete."


class Tensor(NamedTuple):
    """One row of the tensor table."""

    offset: int
    size: int
    name: str
    parameters: int
    type_name: str


def read(window: Window) -> dict[str, Any]:
    """Check the whole structure and return the facts."""
    if window.take(4) != MAGIC:
        raise Broken("The file does not start with GGUF.", where="byte 0", fix=FIX)
    version = window.unsigned(4)
    if version not in (2, 3):
        raise Broken(f"GGUF version {version} is not one of 2 and 3.", where="byte 4", fix=FIX)
    tensor_count, key_count = window.unsigned(8), window.unsigned(8)
    if tensor_count > TENSOR_LIMIT or key_count > KEY_LIMIT:
        raise Broken(f"The header claims {tensor_count:,} tensors and {key_count:,} keys.", where="byte 8", fix=FIX)
    values = _keys(window, key_count)
    alignment = values.get("general.alignment", 32)
    if type(alignment) is not int or not 8 <= alignment <= 65536 or alignment & (alignment - 1):
        raise Broken("general.alignment is not a power of two between 8 and 65,536.", where="general.alignment", fix=FIX)
    tensors = _tensors(window, tensor_count, alignment)
    _cover(window, tensors, alignment)
    return _facts(values, tensors, version)


def _string(window: Window, what: str, limit: int) -> str:
    at = window.offset
    length = window.unsigned(8)
    if length > limit:
        raise Broken(f"{what} claims {length:,} bytes; at most {limit:,} are allowed.", where=f"byte {at}", fix=FIX)
    try:
        return window.take(length).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken(f"{what} is not valid UTF-8.", where=f"byte {at}", fix=FIX) from error


def _keys(window: Window, count: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for _ in range(count):
        at = window.offset
        key = _string(window, "A key", 65535)
        if not key or key in values:
            raise Broken(f"The key “{shorten(key, 80)}” is empty or stands twice.", where=f"byte {at}", fix=FIX)
        values[key] = _value(window, key)
        if key.startswith("tokenizer.chat_template") and isinstance(values[key], str):
            templates.check(values[key], key)
    return values


def _value(window: Window, key: str) -> Any:
    kind = window.unsigned(4)
    if kind == STRING:
        return _string(window, f"The text of “{shorten(key, 80)}”", STRING_LIMIT)
    if kind == ARRAY:
        return _array(window, key)
    if kind not in SCALARS:
        raise Broken(f"The key “{shorten(key, 80)}” has the unknown type {kind}.", where=f"byte {window.offset - 4}", fix=FIX)
    return _scalar(window, kind, key)


def _scalar(window: Window, kind: int, key: str) -> int | bool | None:
    width, signed = SCALARS[kind]
    raw = window.take(width)
    if signed is None:
        return None
    number = int.from_bytes(raw, "little", signed=signed)
    if kind == BOOL:
        if number not in (0, 1):
            raise Broken(f"“{shorten(key, 80)}” is neither true nor false.", where=f"byte {window.offset - 1}", fix=FIX)
        return bool(number)
    return number


def _array(window: Window, key: str) -> int:
    """Step over an array and return how many values it has."""
    at = window.offset
    kind, count = window.unsigned(4), window.unsigned(8)
    if kind != STRING and kind not in SCALARS:
        raise Broken(f"The list “{shorten(key, 80)}” has values of the unknown type {kind}.", where=f"byte {at}", fix=FIX)
    if kind in SCALARS:
        window.skip(count * SCALARS[kind][0])
        return count
    if count * 8 > window.left:
        raise Broken(f"The list “{shorten(key, 80)}” claims {count:,} texts.", where=f"byte {at}", fix=FIX)
    if count > ARRAY_LIMIT:
        raise TooMuch(f"The list “{shorten(key, 80)}” has {count:,} texts; at most {ARRAY_LIMIT:,} are read.", where=f"byte {at}")
    for _ in range(count):
        _string(window, f"A text in “{shorten(key, 80)}”", STRING_LIMIT)
    return count


def _tensors(window: Window, count: int, alignment: int) -> list[Tensor]:
    tensors, seen = [], set[str]()
    for _ in range(count):
        at = window.offset
        tensor = _tensor(window, at)
        if tensor.name in seen:
            raise Broken(f"The tensor “{shorten(tensor.name, 80)}” stands twice.", where=f"byte {at}", fix=FIX)
        if tensor.offset % alignment:
            raise Broken(f"The tensor “{shorten(tensor.name, 80)}” is not aligned to {alignment} bytes.", where=f"byte {at}", fix=FIX)
        seen.add(tensor.name)
        tensors.append(tensor)
    return tensors


def _tensor(window: Window, at: int) -> Tensor:
    name = _string(window, "A tensor's name", NAME_LIMIT)
    rank = window.unsigned(4)
    if not name or not 1 <= rank <= RANK_LIMIT:
        raise Broken(f"The tensor “{shorten(name, 80)}” has no name or {rank} dimensions.", where=f"byte {at}", fix=FIX)
    shape = [window.unsigned(8) for _ in range(rank)]
    kind, offset = window.unsigned(4), window.unsigned(8)
    if kind not in TYPES:
        raise Broken(f"The tensor “{shorten(name, 80)}” has the unknown type {kind}.", where=f"byte {at}", fix=FIX)
    type_name, block, size = TYPES[kind]
    count = 1
    for dimension in shape:
        count *= dimension
    if not 0 < count < 2**63 or shape[0] % block:
        raise Broken(f"The tensor “{shorten(name, 80)}” has a shape that {type_name} cannot hold.", where=f"byte {at}", fix=FIX)
    return Tensor(offset, count // block * size, name, count, type_name)


def _cover(window: Window, tensors: list[Tensor], alignment: int) -> None:
    """Tensors lie in the data part without overlap, and nothing but padding follows the last one."""
    start = -(-window.offset // alignment) * alignment if tensors else window.offset
    room = window.end - window.start - start
    at = 0
    for tensor in sorted(tensors):
        if tensor.offset < at:
            raise Broken(f"The tensor “{shorten(tensor.name, 80)}” overlaps the one before it.", where=f"data offset {tensor.offset}", fix=FIX)
        if tensor.offset - at >= alignment:
            raise Broken(f"A hole lies before the tensor “{shorten(tensor.name, 80)}”.", where=f"data offset {at}", fix=FIX)
        at = tensor.offset + tensor.size
        if at > room:
            raise Broken(f"The tensor “{shorten(tensor.name, 80)}” ends outside the file.", where=f"data offset {tensor.offset}", fix=FIX)
    if room - at >= alignment:
        raise Broken(f"{room - at:,} bytes follow the last tensor.", where=f"byte {start + at}", fix=FIX)


def _facts(values: dict[str, Any], tensors: list[Tensor], version: int) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for tensor in tensors:
        kinds[tensor.type_name] = kinds.get(tensor.type_name, 0) + 1
    facts: dict[str, Any] = {
        "parameters": fact(sum(tensor.parameters for tensor in tensors), "tensor table"),
        "tensors": fact(len(tensors), "tensor table"),
        "dtypes": fact(dict(sorted(kinds.items())), "tensor table"),
        "gguf_version": fact(version, "byte 4"),
    }
    for name, key in (("architecture", "general.architecture"), ("name", "general.name"), ("license", "general.license")):
        if isinstance(values.get(key), str):
            facts[name] = fact(shorten(values[key], 300), key)
    architecture = values.get("general.architecture")
    context = f"{architecture}.context_length"
    if isinstance(architecture, str) and type(values.get(context)) is int:
        facts["context_length"] = fact(values[context], context)
    if "tokenizer.chat_template" in values:
        facts["chat_template"] = fact(value=True, where="tokenizer.chat_template")
    if type(values.get("tokenizer.ggml.tokens")) is int:
        facts["vocabulary"] = fact(values["tokenizer.ggml.tokens"], "tokenizer.ggml.tokens")
    return facts
