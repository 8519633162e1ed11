"""Safetensors: what the library writes is allowed, and nothing that the library refuses ever is."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load, save

from catalog.artifacts.readers import read_file
from tests.catalog.artifacts.build import good, tensors

F32 = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
EIGHT = b"\0" * 8


def reading(tmp_path, data, name="model.safetensors"):
    path = tmp_path / "file"
    path.write_bytes(data)
    return read_file(path, name)


def test_what_the_library_writes_is_allowed_and_its_facts_are_found(tmp_path):
    weights = {"a": np.zeros((3, 4), np.float32), "b": np.ones(5, np.int8), "c": np.zeros((0, 7), np.float16), "scalar": np.float64(1)}
    found = reading(tmp_path, save({k: np.asarray(v) for k, v in weights.items()}, metadata={"format": "np"}))
    assert (found.verdict, found.format, found.findings) == ("allow", "safetensors", [])
    assert found.facts["parameters"]["value"] == 12 + 5 + 0 + 1
    assert found.facts["tensors"]["value"] == 4
    assert found.facts["dtypes"]["value"] == {"F16": 1, "F32": 1, "F64": 1, "I8": 1}
    assert found.facts["metadata"]["value"] == {"format": "np"}
    assert all(item["where"] for item in found.facts.values())


def test_a_file_without_tensors_is_allowed(tmp_path):
    assert reading(tmp_path, save({})).verdict == "allow"


HOSTILE = {
    "duplicate tensor": (b'{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}', EIGHT),
    "duplicate key inside": (b'{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', EIGHT),
    "duplicate metadata key": (b'{"__metadata__":{"x":"1","x":"2"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', EIGHT),
    "float offset": (b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8.0]}}', EIGHT),
    "exponent": (b'{"a":{"dtype":"F32","shape":[2e0],"data_offsets":[0,8]}}', EIGHT),
    "negative shape": ({"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}, EIGHT),
    "true as number": ({"a": {"dtype": "U8", "shape": [True], "data_offsets": [0, 1]}}, b"\0"),
    "unknown dtype": ({"a": {"dtype": "F33", "shape": [2], "data_offsets": [0, 8]}}, EIGHT),
    "dtype no text": ({"a": {"dtype": [], "shape": [2], "data_offsets": [0, 8]}}, EIGHT),
    "size does not match": ({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}, EIGHT),
    "hole at start": ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, EIGHT),
    "hole between": ({"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}, "b": {"dtype": "U8", "shape": [2], "data_offsets": [6, 8]}}, EIGHT),
    "overlap": ({"a": F32, "b": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, EIGHT),
    "trailer": ({"a": F32}, EIGHT + b"PK"),
    "cut off": ({"a": F32}, EIGHT[:7]),
    "end before begin": ({"a": {"dtype": "U8", "shape": [0], "data_offsets": [8, 0]}}, EIGHT),
    "overflow": ({"a": {"dtype": "F32", "shape": [2**62, 2**62], "data_offsets": [0, 8]}}, EIGHT),
    "overflow with zero": ({"a": {"dtype": "F32", "shape": [2**62, 2**62, 0], "data_offsets": [0, 0]}}, b""),
    "unknown field": ({"a": {**F32, "loader": "x"}}, EIGHT),
    "missing field": ({"a": {"dtype": "F32", "shape": [2]}}, EIGHT),
    "metadata not text": ({"__metadata__": {"a": 1}, "a": F32}, EIGHT),
    "metadata no object": ({"__metadata__": "x", "a": F32}, EIGHT),
    "metadata null": ({"__metadata__": None, "a": F32}, EIGHT),
    "NaN": (b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', EIGHT),
    "half a surrogate": (b'{"\\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', EIGHT),
    "not UTF-8": (b'{"\xff":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', EIGHT),
    "something after the header": (json.dumps({"a": F32}).encode() + b" {}", EIGHT),
    "no comma": (b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]} "b":{}}', b"\0"),
    "endless nesting": (b'{"a":' + b"[" * 200_000, b""),
    "huge number": (b'{"a":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,8]}}', EIGHT),
    "unfinished": (b'{"a":{"dtype":"F32"', b""),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_broken_structure_is_blocked_with_its_place(tmp_path, case):
    found = reading(tmp_path, tensors(*HOSTILE[case]))
    assert found.verdict == "block", case
    assert [item.kind for item in found.findings] == ["structure"]
    assert found.findings[0].where.split()[0] in {"byte", "data"}
    assert found.findings[0].fix


def test_a_header_longer_than_the_file_or_the_bound_is_blocked(tmp_path):
    for length in (9, 100_000_000):
        found = reading(tmp_path, struct.pack("<Q", length) + b"{}")
        assert (found.verdict, found.findings[0].kind) == ("block", "structure")
    assert reading(tmp_path, struct.pack("<Q", 2**63) + b"{" * 100).verdict == "block"


def test_trailing_spaces_in_the_header_are_the_library_s_own_padding(tmp_path):
    data = tensors(json.dumps({"a": F32}).encode() + b"   ", EIGHT)
    load(data)
    assert reading(tmp_path, data).verdict == "allow"


def test_only_the_header_is_read(tmp_path):
    """A file of 3 GiB, nearly all of it a hole on disk, costs nothing."""
    size = 3 * 1024**3
    path = tmp_path / "large"
    header = json.dumps({"a": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(header)) + header)
        stream.truncate(8 + len(header) + size)
    found = read_file(path, "large.safetensors")
    assert found.verdict == "allow"
    assert found.facts["parameters"]["value"] == size


SEED = good("safetensors")
HEADER = 8 + struct.unpack("<Q", SEED[:8])[0]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, HEADER + 40), st.integers(0, 255)), max_size=4), st.integers(-20, 20), st.booleans())
def test_never_allows_what_the_library_refuses(tmp_path_factory, flips, extra, cut_header):
    data = bytearray(SEED)
    for place, value in flips:
        data[place] = value
    data = data[:extra] if extra < 0 else data + b"\0" * extra
    if cut_header:
        data = data[: HEADER - 3] + data[HEADER:]
    path = tmp_path_factory.mktemp("fuzz") / "f"
    path.write_bytes(data)
    found = read_file(path, "model.safetensors")
    assert found.verdict in {"allow", "block"}
    if found.verdict == "allow":
        load(bytes(data))
    else:
        assert found.findings


entries = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "U8", "BOOL", "F16", "I64", "F4", "X"]),
        "shape": st.lists(st.integers(0, 4), max_size=3),
        "data_offsets": st.lists(st.integers(0, 40), min_size=2, max_size=2),
    }
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(max_size=5), entries, max_size=3), st.integers(0, 40))
def test_agrees_with_the_library_on_made_up_headers(tmp_path_factory, header, length):
    data = tensors(header, b"\1" * length)
    path = tmp_path_factory.mktemp("fuzz") / "f"
    path.write_bytes(data)
    found = read_file(path, "model.safetensors")
    try:
        load(data)
        accepted = True
    except SafetensorError:
        accepted = False
    except (KeyError, TypeError, AttributeError, ValueError):  # the numpy side lacks some dtypes
        accepted = None
    if accepted is False:
        assert found.verdict == "block"
    if accepted is True and "F4" not in {entry["dtype"] for entry in header.values()}:
        assert found.verdict == "allow"
