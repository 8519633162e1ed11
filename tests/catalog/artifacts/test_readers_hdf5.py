"""HDF5, built byte by byte: what leads out of the file is refused, and every part must match its checksum."""

import json
import struct

import pytest

from catalog.artifacts.readers import read_file
from catalog.artifacts.readers.hdf5.file import lookup3
from tests.catalog.artifacts.build import calling

NOWHERE = b"\xff" * 8
LINK_INFO = (2, b"\0\0" + NOWHERE * 2)


def summed(raw: bytes) -> bytes:
    return raw + struct.pack("<I", lookup3(raw))


def header(messages) -> bytes:
    """An object header of the second version with these messages."""
    body = b"".join(struct.pack("<BHB", kind, len(data), 0) + data for kind, data in messages)
    return summed(b"OHDR\x02\x02" + struct.pack("<I", len(body)) + body)


def link(name: str, address: int) -> tuple[int, bytes]:
    return 6, b"\x01\x00" + bytes([len(name)]) + name.encode() + struct.pack("<Q", address)


def outside(name: str) -> tuple[int, bytes]:
    target = b"\0/etc/passwd\0/x\0"
    return 6, b"\x01\x08\x40" + bytes([len(name)]) + name.encode() + struct.pack("<H", len(target)) + target


def attribute(name: str, value: bytes) -> tuple[int, bytes]:
    kind = struct.pack("<B3sI", 0x13, b"\0\0\0", len(value))
    space = b"\x02\0\0\0"
    raw = name.encode() + b"\0"
    return 0x0C, b"\x03\0" + struct.pack("<HHHB", len(raw), len(kind), len(space), 0) + raw + kind + space + value


def dataset(data: bytes, address: int, *more) -> bytes:
    kind = struct.pack("<B3sI", 0x10, b"\0\0\0", 1) + struct.pack("<HH", 0, 8)
    space = b"\x02\x01\0\x01" + struct.pack("<Q", len(data))
    layout = b"\x03\x01" + struct.pack("<QQ", address, len(data))
    return header([(1, space), (3, kind), (8, layout), *more])


def file(messages, rest: bytes = b"") -> bytes:
    """A whole file: superblock, the header of the first group, and what it points to (from byte 48 + its length on)."""
    root = header([LINK_INFO, *messages])
    size = 48 + len(root) + len(rest)
    return summed(b"\x89HDF\r\n\x1a\n\x02\x08\x08\x00" + struct.pack("<Q", 0) + NOWHERE + struct.pack("<QQ", size, 48)) + root + rest


def with_dataset(*more) -> bytes:
    at = 48 + len(header([LINK_INFO, link("d", 0)]))
    length = len(dataset(b"12345", 0, *more))
    return file([link("d", at)], dataset(b"12345", at + length, *more) + b"12345")


def read(tmp_path, data: bytes, name: str = "data.h5"):
    (tmp_path / "f").write_bytes(data)
    return read_file(tmp_path / "f", name)


def test_groups_datasets_and_attributes_are_walked(tmp_path):
    assert read(tmp_path, file([])).verdict == "allow"
    found = read(tmp_path, with_dataset())
    assert found.verdict == "allow", found.findings
    assert (found.facts["parameters"]["value"], found.facts["tensors"]["value"]) == (5, 1)
    dense = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"units": 3}}]}}
    assert read(tmp_path, file([attribute("model_config", json.dumps(dense).encode())])).facts["library"]["value"] == "keras"


LAMBDA = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {}}]}}
HOSTILE = {
    "external link": file([outside("a")]),
    "external numbers": with_dataset((7, b"\x01" + b"\0" * 40)),
    "lambda": file([attribute("model_config", json.dumps(LAMBDA).encode())]),
    "pickle": file([attribute("meta", b"cos\nsystem\n(S'x'\ntR.")]),
    "pickle of protocol 4": file([attribute("meta", calling("os", "system"))]),
    "driver": file([(0x14, b"\0" * 8)]),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_leads_out_or_runs_is_refused_as_code(tmp_path, case):
    found = read(tmp_path, HOSTILE[case])
    assert (found.verdict, found.findings[0].kind) == ("block", "code"), found
    assert found.findings[0].where


def test_every_changed_byte_of_a_description_is_noticed(tmp_path):
    good = with_dataset()
    for place in range(len(good) - 5):
        changed = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        assert read(tmp_path, changed).verdict == "block", place


def test_something_before_or_behind_is_noticed(tmp_path):
    assert read(tmp_path, file([]) + b"x").verdict == "block"
    assert read(tmp_path, b"\0" * 512 + file([])).verdict == "block"
    assert read(tmp_path, file([])[:-1]).verdict == "block"
