"""Arrays and safetensors, straight and crooked."""

import io
import json
import struct

import numpy as np
from safetensors.numpy import save

DTYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", "c8", "U3", "S4", "M8[D]", ">f4")


def npy(value) -> bytes:
    stream = io.BytesIO()
    np.save(stream, value, allow_pickle=False)
    return stream.getvalue()


def make(out):
    for name in DTYPES:
        out.good(
            f"npy-{name.strip('<>?').replace('[', '-').strip(']') or 'bool'}{'-turned' if '>' in name else ''}",
            "data.npy",
            npy(np.zeros((2, 3), dtype=name)),
        )
    out.good("npy-structured", "data.npy", npy(np.zeros(3, dtype=[("a", "<f4"), ("b", "u1", (2,))])))
    out.good("npy-fortran", "data.npy", npy(np.asfortranarray(np.ones((3, 4)))))
    out.good("npy-scalar", "data.npy", npy(np.float64(1)))
    out.good("npy-empty", "data.npy", npy(np.zeros((0, 3))))
    for name, write in (("plain", np.savez), ("packed", np.savez_compressed)):
        stream = io.BytesIO()
        write(stream, a=np.arange(10), b=np.ones((3, 3)))
        out.good(f"npz-{name}", "data.npz", stream.getvalue())
    for name in ("float32", "float16", "int64", "uint8", "bool"):
        out.good(f"safetensors-{name}", "model.safetensors", save({"a": np.ones((2, 3), name), "b": np.zeros(4, name)}, {"format": "np"}))
    crooked(out, npy(np.ones((2, 3))))


def tensors(header, data: bytes = b"") -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def crooked(out, array):
    entry = {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}
    for name, data in {
        "overlap": tensors({"a": entry, "b": entry | {"data_offsets": [2, 6]}}, b"123456"),
        "hole": tensors({"a": entry, "b": entry | {"data_offsets": [8, 12]}}, b"123456789012"),
        "tail": tensors({"a": entry}, b"1234" + b"\x80\x04N."),
        "cut": tensors({"a": entry}, b"12"),
        "twice": tensors(b'{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', b"1234"),
        "huge-header": struct.pack("<Q", 2**62) + b"{}",
        "huge-shape": tensors({"a": {"dtype": "F64", "shape": [2**40, 2**40], "data_offsets": [0, 8]}}, b"12345678"),
        "negative": tensors({"a": {"dtype": "U8", "shape": [-4], "data_offsets": [0, 4]}}, b"1234"),
        "fraction": tensors(b'{"a":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}}', b"1234"),
        "metadata": tensors({"__metadata__": {"a": {"b": 1}}, "a": entry}, b"1234"),
        "deep": tensors(b'{"a":' + b"[" * 10_000),
        "zip-inside": tensors({"a": {"dtype": "U8", "shape": [22 + 50], "data_offsets": [0, 72]}}, zip_tail()),
    }.items():
        out.bad(f"safetensors-{name}", "model.safetensors", data)
    header = b"\x93NUMPY\x01\x00"
    for name, text in {
        "code": "{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (1,), }",
        "objects": "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "inner-objects": "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,), }",
        "huge": "{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000,), }",
        "more-keys": "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}",
        "nested": "{'descr': " + "(" * 90 + ")" * 90 + "}",
    }.items():
        padded = text + " " * (-(len(text) + 11) % 64) + "\n"
        out.bad(f"npy-{name}", "data.npy", header + struct.pack("<H", len(padded)) + padded.encode() + b"\0" * 8)
    out.bad("npy-tail", "data.npy", array + b"\x80\x04N.")
    out.bad("npy-cut", "data.npy", array[:-8])


def zip_tail() -> bytes:
    """The directory of a zip, as the last numbers of a tensor: other programs take the whole file for a zip."""
    central = struct.pack("<4sBBHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0) + b"a.py"
    return central + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(central), 0, 0)
