"""Builders of good and hostile files for the tests of the readers; nothing here is ever loaded."""

import json
import struct
import zlib

from governance.management.demo.artifacts import artifact_files


def good(kind: str, seed: int = 1) -> bytes:
    """The main file of a small real model."""
    return artifact_files(kind, seed)[0][1]


def tensors(header, data: bytes = b"") -> bytes:
    """A safetensors file with this header, given as JSON value or raw bytes."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def short(text: str) -> bytes:
    """SHORT_BINUNICODE."""
    return b"\x8c" + bytes([len(text.encode())]) + text.encode()


def stack_global(module: str, name: str) -> bytes:
    """The opcodes that import a name in protocol 4."""
    return short(module) + short(name) + b"\x93"


def calling(module: str, name: str, argument: str = "x") -> bytes:
    """A whole pickle that would call one function with one text."""
    return b"\x80\x04" + stack_global(module, name) + short(argument) + b"\x85R."


def zip_of(members, *, prefix: bytes = b"", suffix: bytes = b"", crc=None, central_name=None, flags: int = 0x0800, method: int = 0) -> bytes:
    """A zip file written by hand, so that it can also be written wrongly."""
    body, central = prefix, b""
    for name, data in members:
        raw = name.encode()
        packed = data
        if method == 8:
            engine = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed = engine.compress(data) + engine.flush()
        checksum = zlib.crc32(data) if crc is None else crc
        offset = len(body)
        body += struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, flags, method, 0, 0, checksum, len(packed), len(data), len(raw), 0) + raw + packed
        listed = (central_name or name).encode()
        central += struct.pack(
            "<4sBBHHHHHIIIHHHHHII",
            b"PK\x01\x02",
            20,
            0,
            20,
            flags,
            method,
            0,
            0,
            checksum,
            len(packed),
            len(data),
            len(listed),
            0,
            0,
            0,
            0,
            0,
            offset,
        )
        central += listed
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(members), len(members), len(central), len(body), 0)
    return body + central + end + suffix


TORCH = b"\x80\x02c" + b"collections\nOrderedDict\n" + b")R" + b"."


def torch_zip(pickle: bytes = TORCH, extra=(), **how) -> bytes:
    """A torch file around this pickle."""
    return zip_of([("archive/data.pkl", pickle), ("archive/version", b"3\n"), ("archive/data/0", b"\0" * 16), *extra], **how)


def varint(value: int) -> bytes:
    """A protobuf number."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def part(field: int, data: bytes | str) -> bytes:
    """A protobuf field of bytes."""
    raw = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def number(field: int, value: int) -> bytes:
    """A protobuf field with a number."""
    return varint(field << 3) + varint(value)


def onnx(graph: bytes = b"", *, functions: bytes = b"", domain: str = "") -> bytes:
    """A small ONNX model around this graph."""
    return number(1, 8) + part(2, "test") + part(7, graph + part(2, "g")) + part(8, part(1, domain) + number(2, 17)) + functions


def node(operator: str, domain: str = "", attribute: bytes = b"") -> bytes:
    """A graph's node."""
    return part(
        1, part(1, "x") + part(2, "y") + part(4, operator) + (part(7, domain) if domain else b"") + (part(5, attribute) if attribute else b"")
    )


def external(location: str, *, dims=(2, 2), length: int | None = None, offset: int | None = None) -> bytes:
    """A graph's initializer whose numbers lie in another file."""
    entries = {"location": location}
    entries |= {"offset": str(offset)} if offset is not None else {}
    entries |= {"length": str(length)} if length is not None else {}
    references = b"".join(part(13, part(1, key) + part(2, value)) for key, value in entries.items())
    return part(5, b"".join(number(1, side) for side in dims) + number(2, 1) + part(8, "w") + references + number(14, 1))


def gguf(keys=(), table=(), data: bytes = b"", *, version: int = 3, key_count=None, tensor_count=None) -> bytes:
    """A GGUF file from raw key and tensor rows."""
    head = b"GGUF" + struct.pack("<IQQ", version, len(table) if tensor_count is None else tensor_count, len(keys) if key_count is None else key_count)
    head += b"".join(keys) + b"".join(table)
    return head + (b"\0" * (-len(head) % 32) + data if table else data)


def gtext(text: str) -> bytes:
    """A GGUF string."""
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gkey(key: str, value) -> bytes:
    """A GGUF key with a text or a 32-bit number."""
    return gtext(key) + (struct.pack("<I", 8) + gtext(value) if isinstance(value, str) else struct.pack("<II", 4, value))


def grow(name: str, dims=(4,), kind: int = 0, offset: int = 0) -> bytes:
    """A row of a GGUF tensor table."""
    return gtext(name) + struct.pack("<I", len(dims)) + b"".join(struct.pack("<Q", side) for side in dims) + struct.pack("<IQ", kind, offset)
