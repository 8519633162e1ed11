"""Formats with few rules of their own: TensorFlow's variables, SentencePiece, UBJSON, LightGBM, arrays; each straight and crooked."""

import io
import struct

import numpy as np
import pytest

from catalog.artifacts.readers import read_file, together
from catalog.artifacts.readers.tensorflow.index import MAGIC
from tests.catalog.artifacts.build import calling, number, part, varint


def read(tmp_path, data: bytes, name: str):
    (tmp_path / "f").write_bytes(data)
    return read_file(tmp_path / "f", name)


def block(entries) -> bytes:
    raw = b"".join(varint(0) + varint(len(key)) + varint(len(value)) + key + value for key, value in entries)
    return raw + struct.pack("<II", 0, 1)


def index(entries) -> bytes:
    """A table as TensorFlow writes it: one block of entries, an empty one, one that says where the first is, and the end."""
    out = b""
    handles = []
    for content in (block(entries), block([])):
        handles.append(varint(len(out)) + varint(len(content)))
        out += content + b"\0" + b"\0" * 4
    last = block([(b"~", handles[0])])
    handles.append(varint(len(out)) + varint(len(last)))
    out += last + b"\0" + b"\0" * 4
    return out + (handles[1] + handles[2]).ljust(40, b"\0") + MAGIC


HEADER = (b"", number(1, 1))
ENTRIES = [HEADER, (b"b", number(1, 1) + number(5, 16)), (b"w", number(1, 1) + number(4, 16) + number(5, 64))]


def test_variables_are_numbers_of_the_length_that_their_index_tells(tmp_path):
    found = read(tmp_path, index(ENTRIES), "variables/variables.index")
    assert found.verdict == "allow", found.findings
    data = "variables/variables.data-00000-of-00001"
    assert found.facts["external_data"]["value"] == {"variables.data-00000-of-00001": 80}
    readings = {"variables/variables.index": found, data: read(tmp_path, b"\xfe" * 80, data)}
    assert readings[data].verdict == "block"
    settled = together.settle(readings, {"variables/variables.index": 1, data: 80})
    assert {reading.verdict for reading in settled.values()} == {"allow"}
    assert together.settle(readings, {"variables/variables.index": 1, data: 79})["variables/variables.index"].verdict == "block"
    readings[data] = read(tmp_path, calling("os", "system"), data)
    assert together.settle(readings, {"variables/variables.index": 1, data: 80})[data].verdict == "block"


@pytest.mark.parametrize("cut", [1, 30, 60])
def test_a_broken_index_is_refused(tmp_path, cut):
    assert read(tmp_path, index(ENTRIES)[:-cut], "variables.index").verdict == "block"
    assert read(tmp_path, index(ENTRIES[1:]), "variables.index").verdict == "block"


def pieces(*more: bytes) -> bytes:
    listed = b"".join(part(1, part(1, text) + b"\x15" + struct.pack("<f", -1.5) + number(3, 1)) for text in ("<s>", "▁a", "b"))
    return listed + part(2, number(3, 1) + number(4, 3)) + part(3, part(1, "identity")) + b"".join(more)


def test_a_vocabulary_of_pieces_is_allowed_and_nothing_else_in_it(tmp_path):
    found = read(tmp_path, pieces(), "tokenizer.model")
    assert (found.verdict, found.facts["vocabulary"]["value"]) == ("allow", 3), found.findings
    assert read(tmp_path, pieces(part(9, "x")), "tokenizer.model").verdict == "block"
    assert read(tmp_path, pieces()[:-3], "tokenizer.model").verdict == "block"
    assert read(tmp_path, pieces(), "tokenizer.onnx").verdict == "block"


def text(value: str) -> bytes:
    return b"L" + struct.pack(">q", len(value)) + value.encode()


def mapped(**values: bytes) -> bytes:
    return b"{" + b"".join(text(key) + value for key, value in values.items()) + b"}"


def numbers(*values: int) -> bytes:
    return b"[$l#L" + struct.pack(">q", len(values)) + struct.pack(f">{len(values)}i", *values)


def booster(left: bytes, count: int = 3) -> bytes:
    zeros = numbers(*[0] * count)
    tree = mapped(
        left_children=left, right_children=numbers(*[-1] * count), parents=zeros, split_indices=zeros, split_conditions=zeros, default_left=zeros
    )
    model = mapped(trees=b"[" + tree + b"]")
    return mapped(learner=mapped(gradient_booster=mapped(name=b"S" + text("gbtree"), model=model)), version=numbers(3, 0, 0))


def test_boosted_trees_in_ubjson_point_at_their_own_nodes(tmp_path):
    found = read(tmp_path, booster(numbers(1, -1, -1)), "model.ubj")
    assert (found.verdict, found.facts["trees"]["value"]) == ("allow", 1), found.findings
    assert read(tmp_path, booster(numbers(7, -1, -1)), "model.ubj").verdict == "block"
    assert read(tmp_path, booster(numbers(1, -1)), "model.ubj").verdict == "block"
    assert read(tmp_path, booster(numbers(1, -1, -1))[:-5], "model.ubj").verdict == "block"
    assert read(tmp_path, booster(numbers(1, -1, -1)) + b"Z", "model.ubj").verdict == "block"


LIGHTGBM = "tree\nversion=v4\nnum_class=1\nfeature_names=a b\nobjective=binary\n\nTree=0\nnum_leaves=3\nleft_child=1 -1\nright_child=-2 -3\n\n\nend of trees\n\nparameters:\n[a: 1]\nend of parameters\n"


def test_boosted_trees_as_text_point_at_their_own_leaves(tmp_path):
    found = read(tmp_path, LIGHTGBM.encode(), "model.txt")
    assert (found.format, found.verdict, found.facts["trees"]["value"]) == ("lightgbm", "allow", 1), found.findings
    for old, new in (
        ("left_child=1 -1", "left_child=9 -1"),
        ("left_child=1 -1", "left_child=1"),
        ("end of trees", "end"),
        ("num_leaves=3", "num_leaves=x"),
    ):
        assert read(tmp_path, LIGHTGBM.replace(old, new).encode(), "model.txt").verdict == "block", new


def test_arrays_hold_numbers_to_the_last_byte(tmp_path):
    stream = io.BytesIO()
    np.save(stream, np.ones((2, 3), "<f4"))
    found = read(tmp_path, stream.getvalue(), "a.npy")
    assert (found.verdict, found.facts["parameters"]["value"]) == ("allow", 6)
    assert read(tmp_path, stream.getvalue() + b"x", "a.npy").findings[0].kind == "structure"
    stream = io.BytesIO()
    np.savez(stream, a=np.ones(3), b=np.array([{}], dtype=object))
    found = read(tmp_path, stream.getvalue(), "a.npz")
    assert (found.verdict, found.findings[0].kind) == ("block", "code")


def test_a_file_with_two_faces_is_refused(tmp_path):
    """Numbers of a tensor that other programs take for the directory of a zip."""
    central = struct.pack("<4sBBHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0) + b"a.py"
    tail = central + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(central), 0, 0)
    stream = io.BytesIO()
    np.save(stream, np.frombuffer(tail, np.uint8))
    found = read(tmp_path, stream.getvalue(), "a.npy")
    assert (found.verdict, found.findings[0].check) == ("block", "files.identity")
