"""GGUF: what the library writes is allowed, and every count and place is checked against the file."""

import gguf as library
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.artifacts.readers import read_file
from catalog.artifacts.readers.gguf import TYPES
from tests.catalog.artifacts.build import gguf, gkey, good, grow, gtext

DATA = b"\0" * 32


def reading(tmp_path, data, name="model.gguf"):
    path = tmp_path / "file"
    path.write_bytes(data)
    return read_file(path, name)


def from_library(tmp_path, template: str = "{% for m in messages %}{{ m['content'] }}{% endfor %}") -> bytes:
    path = tmp_path / "made.gguf"
    writer = library.GGUFWriter(str(path), "llama")
    writer.add_context_length(4096)
    writer.add_token_list(["<s>", "a", "b"])
    writer.add_token_scores([0.0, 1.0, 2.0])
    writer.add_bool("general.test", val=True)
    writer.add_chat_template(template)
    writer.add_tensor("a.weight", np.ones((4, 32), np.float32))
    writer.add_tensor("b.weight", np.ones((3, 5), np.float16))
    writer.add_tensor(
        "q.weight",
        library.quants.quantize(np.ones((2, 64), np.float32), library.GGMLQuantizationType.Q8_0),
        raw_dtype=library.GGMLQuantizationType.Q8_0,
    )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def test_what_the_library_writes_is_allowed_and_its_facts_are_found(tmp_path):
    found = reading(tmp_path, from_library(tmp_path))
    assert (found.verdict, found.format) == ("allow", "gguf"), found.findings
    assert found.facts["parameters"]["value"] == 128 + 15 + 128
    assert found.facts["dtypes"]["value"] == {"F16": 1, "F32": 1, "Q8_0": 1}
    assert found.facts["architecture"]["value"] == "llama"
    assert found.facts["context_length"]["value"] == 4096
    assert found.facts["vocabulary"]["value"] == 3


def test_the_table_of_types_is_that_of_the_library():
    theirs = {int(kind): (kind.name, *sizes) for kind, sizes in library.GGML_QUANT_SIZES.items()}
    assert {number: theirs.get(number) for number in TYPES} == TYPES


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ x|attr('a') }}",
        "{% include 'x' %}",
        "{% import 'os' as os %}",
        "{{ x['_' + '_class_' + '_'] }}",
        "{{ '}}' + x.__class__ }}",
        "{{ x['\\x5f\\x5fclass'] }}",
        "{{ lipsum.globals }}",
        "{{ cycler(1) }}",
    ],
)
def test_a_template_that_reaches_out_is_blocked_as_code(tmp_path, template):
    found = reading(tmp_path, from_library(tmp_path, template))
    assert (found.verdict, found.findings[0].kind) == ("block", "code")


@pytest.mark.parametrize(
    "template",
    [
        "{% set loop_messages = messages %}{% for message in loop_messages %}{{ '<|start_header_id|>' + message['role'] + '\\n\\n' }}{% endfor %}",
        "{# __comment__ #}{{ message.tool_calls | tojson }}{% if config is defined %}x{% endif %}",
        "Plain text with __underscores__ outside of blocks",
    ],
)
def test_an_ordinary_template_passes(tmp_path, template):
    assert reading(tmp_path, from_library(tmp_path, template)).verdict == "allow"


BROKEN = {
    "version": gguf(version=1),
    "huge tensor count": gguf(tensor_count=2**40),
    "huge key count": gguf(key_count=2**62),
    "key missing": gguf([gkey("a", 1)], key_count=2),
    "key twice": gguf([gkey("a", 1), gkey("a", 2)]),
    "empty key": gguf([gkey("", 1)]),
    "unknown type": gguf([gtext("a") + b"\x63\0\0\0"]),
    "list too long": gguf([gtext("a") + b"\x09\0\0\0" + b"\x04\0\0\0" + b"\xff" * 8]),
    "texts too many": gguf([gtext("a") + b"\x09\0\0\0" + b"\x08\0\0\0" + b"\xff\xff\xff\x7f\0\0\0\0"]),
    "list in list": gguf([gtext("a") + b"\x09\0\0\0" + b"\x09\0\0\0" + b"\x01" + b"\0" * 7]),
    "not UTF-8": gguf([b"\x01" + b"\0" * 7 + b"\xff" + b"\x04\0\0\0" + b"\0" * 4]),
    "maybe": gguf([gtext("a") + b"\x07\0\0\0" + b"\x02"]),
    "alignment": gguf([gkey("general.alignment", 24)], [grow("t")], DATA),
    "alignment text": gguf([gkey("general.alignment", "32")], [grow("t")], DATA),
    "tensor twice": gguf([], [grow("t"), grow("t", offset=32)], DATA * 2),
    "overlap": gguf([], [grow("a", (16,)), grow("b", (16,), offset=32)], DATA * 3),
    "hole": gguf([], [grow("a"), grow("b", offset=64)], DATA * 3),
    "outside": gguf([], [grow("a", (4096,))], DATA),
    "not aligned": gguf([], [grow("a", offset=8)], DATA * 2),
    "trailing": gguf([], [grow("a")], DATA * 3),
    "five dimensions": gguf([], [grow("a", (1, 1, 1, 1, 4))], DATA),
    "zero": gguf([], [grow("a", (0,))], DATA),
    "overflow": gguf([], [grow("a", (2**62, 2**62))], DATA),
    "half a block": gguf([], [grow("a", (33,), kind=8)], DATA * 2),
    "unknown tensor type": gguf([], [grow("a", kind=4)], DATA),
    "long name": gguf([], [grow("a" * 65)], DATA),
    "cut off": good("gguf")[:-40],
    "only the magic": b"GGUF",
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_structure_is_blocked_with_its_place(tmp_path, case):
    found = reading(tmp_path, BROKEN[case])
    assert found.verdict == "block", case
    assert found.findings[0].kind == "structure"
    assert found.findings[0].where


def test_the_builder_s_own_file_is_fine(tmp_path):
    """So that the cases above fail for the reason they name."""
    assert reading(tmp_path, gguf([gkey("a", 1), gkey("b", "x")], [grow("a"), grow("b", offset=32)], DATA * 2)).verdict == "allow"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), max_size=4), st.integers(0, 200))
def test_flipped_bytes_never_raise(tmp_path_factory, flips, cut):
    data = bytearray(good("gguf"))
    for place, value in flips:
        data[place] = value
    path = tmp_path_factory.mktemp("fuzz") / "f"
    path.write_bytes(bytes(data[: len(data) - cut]))
    found = read_file(path, "m.gguf")
    assert found.verdict in {"allow", "block"}
