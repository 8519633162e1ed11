"""The messages of an ONNX file, and a check that every byte of one belongs to a known field of the right kind."""

import re

from catalog.artifacts.readers.protobuf import BYTES, FIX, FIXED32, FIXED64, VARINT, Field, Message
from catalog.artifacts.readers.types import Broken

# What a field holds: a message by its name, plain bytes, one value, or ("s") a list of values that may be packed into bytes.
SCHEMA: dict[str, dict[int, str]] = {
    "AttributeProto": {1: "bytes", 2: "fixed32", 3: "number", 4: "bytes", 5: "TensorProto", 6: "GraphProto", 7: "fixed32s", 8:
        "numbers", 9: "bytes", 10: "TensorProto", 11: "GraphProto", 13: "bytes", 14: "TypeProto", 15: "TypeProto", 20: "number", 21:
        "bytes", 22: "SparseTensorProto", 23: "SparseTensorProto"},
    "DeviceConfigurationProto": {1: "bytes", 2: "number", 3: "bytes"},
    "Dimension": {1: "number", 2: "bytes", 3: "bytes"},
    "FunctionProto": {1: "bytes", 4: "bytes", 5: "bytes", 6: "bytes", 7: "NodeProto", 8: "bytes", 9: "OperatorSetIdProto", 10: "bytes",
        11: "AttributeProto", 12: "ValueInfoProto", 13: "bytes", 14: "StringStringEntryProto"},
    "GraphProto": {1: "NodeProto", 2: "bytes", 5: "TensorProto", 10: "bytes", 11: "ValueInfoProto", 12: "ValueInfoProto", 13:
        "ValueInfoProto", 14: "TensorAnnotation", 15: "SparseTensorProto", 16: "StringStringEntryProto"},
    "IntIntListEntryProto": {1: "number", 2: "numbers"},
    "Map": {1: "number", 2: "TypeProto"},
    "ModelProto": {1: "number", 2: "bytes", 3: "bytes", 4: "bytes", 5: "number", 6: "bytes", 7: "GraphProto", 8: "OperatorSetIdProto",
        14: "StringStringEntryProto", 20: "TrainingInfoProto", 25: "FunctionProto", 26: "DeviceConfigurationProto"},
    "NodeDeviceConfigurationProto": {1: "bytes", 2: "ShardingSpecProto", 3: "number"},
    "NodeProto": {1: "bytes", 2: "bytes", 3: "bytes", 4: "bytes", 5: "AttributeProto", 6: "bytes", 7: "bytes", 8: "bytes", 9:
        "StringStringEntryProto", 10: "NodeDeviceConfigurationProto"},
    "Opaque": {1: "bytes", 2: "bytes"},
    "OperatorSetIdProto": {1: "bytes", 2: "number"},
    "Optional": {1: "TypeProto"},
    "Segment": {1: "number", 2: "number"},
    "Sequence": {1: "TypeProto"},
    "ShardedDimProto": {1: "number", 2: "SimpleShardedDimProto"},
    "ShardingSpecProto": {1: "bytes", 2: "numbers", 3: "IntIntListEntryProto", 4: "ShardedDimProto"},
    "SimpleShardedDimProto": {1: "number", 2: "bytes", 3: "number"},
    "SparseTensor": {1: "number", 2: "TensorShapeProto"},
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto", 3: "numbers"},
    "StringStringEntryProto": {1: "bytes", 2: "bytes"},
    "Tensor": {1: "number", 2: "TensorShapeProto"},
    "TensorAnnotation": {1: "bytes", 2: "StringStringEntryProto"},
    "TensorProto": {1: "numbers", 2: "number", 3: "Segment", 4: "fixed32s", 5: "numbers", 6: "bytes", 7: "numbers", 8: "bytes", 9:
        "bytes", 10: "fixed64s", 11: "numbers", 12: "bytes", 13: "StringStringEntryProto", 14: "number", 16: "StringStringEntryProto"},
    "TensorShapeProto": {1: "Dimension"},
    "TrainingInfoProto": {1: "GraphProto", 2: "GraphProto", 3: "StringStringEntryProto", 4: "StringStringEntryProto"},
    "TypeProto": {1: "Tensor", 4: "Sequence", 5: "Map", 6: "bytes", 7: "Opaque", 8: "SparseTensor", 9: "Optional"},
    "ValueInfoProto": {1: "bytes", 2: "TypeProto", 3: "bytes", 4: "StringStringEntryProto"},
}  # fmt: skip

WIRES = {"number": VARINT, "fixed32": FIXED32, "fixed64": FIXED64}
TOO_LONG = re.compile(rb"[\x80-\xff]{10}")
CHUNK = 1024 * 1024


def check(message: Message, kind: str = "ModelProto", schema: dict[str, dict[int, str]] = SCHEMA) -> None:
    """Walk the whole message; raises Broken at the first field that does not belong there."""
    known = schema[kind]
    for item in message.fields():
        expected = known.get(item.number)
        if expected is None:
            raise Broken(f"A part of the model is unknown (field {item.number} of {kind}).", where=f"byte {item.start}", fix=FIX)
        if expected in schema:
            check(message.inner(item, expected), expected, schema)
        elif expected == "bytes":
            message.need(item, BYTES, f"Field {item.number} of {kind}")
        else:
            _values(message, item, expected, f"Field {item.number} of {kind}")


def _values(message: Message, item: Field, expected: str, what: str) -> None:
    wire = WIRES[expected.removesuffix("s")]
    if item.wire == wire:
        return
    if not expected.endswith("s"):
        message.need(item, wire, what)
    message.need(item, BYTES, what)
    if wire == VARINT:
        _packed_numbers(message, item, what)
    elif item.length % (4 if wire == FIXED32 else 8):
        raise Broken(f"{what} is cut off.", where=f"byte {item.start}", fix=FIX)


def _packed_numbers(message: Message, item: Field, what: str) -> None:
    """Check a list of variable-length numbers in large steps: none is longer than ten bytes, and the last one ends."""
    window = message.window
    window.go(item.start)
    left, tail = item.length, b""
    while left:
        data = tail + window.take(min(left, CHUNK))
        left -= min(left, CHUNK)
        if TOO_LONG.search(data):
            raise Broken(f"{what} holds a number that is too long.", where=f"byte {item.start}", fix=FIX)
        tail = data[-10:]
    if tail and tail[-1] >= 0x80:
        raise Broken(f"{what} is cut off.", where=f"byte {item.start}", fix=FIX)
