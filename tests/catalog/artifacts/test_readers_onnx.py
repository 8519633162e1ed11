"""ONNX: standard operators are allowed, everything that reaches out of the file is blocked."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from catalog.artifacts.readers import read_file
from tests.catalog.artifacts.build import external, good, node, number, part
from tests.catalog.artifacts.build import onnx as model


def reading(tmp_path, data, name="model.onnx"):
    path = tmp_path / "file"
    path.write_bytes(data)
    return read_file(path, name)


def from_library(**how) -> bytes:
    weight = numpy_helper.from_array(np.ones((4, 3), np.float32), "w")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node(how.get("op", "Relu"), ["h"], ["y"], domain=how.get("domain", ""))]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
        [weight],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(how.get("domain", "ai.onnx.ml"), 1)])
    return made.SerializeToString()


def test_what_the_library_writes_is_allowed_and_its_facts_are_found(tmp_path):
    found = reading(tmp_path, from_library())
    assert (found.verdict, found.format) == ("allow", "onnx"), found.findings
    assert found.facts["parameters"]["value"] == 12
    assert found.facts["operators"]["value"] == {"MatMul": 1, "Relu": 1}
    assert found.facts["opsets"]["value"] == {"ai.onnx": 17, "ai.onnx.ml": 1}
    assert found.facts["dtypes"]["value"] == {"FLOAT": 1}


@pytest.mark.parametrize("domain", ["ai.onnx", "ai.onnx.ml", "com.microsoft"])
def test_known_domains_are_allowed(tmp_path, domain):
    assert reading(tmp_path, from_library(domain=domain, op="Gelu")).verdict == "allow"


@pytest.mark.parametrize(
    ("domain", "op"), [("acme.ops", "Anything"), ("com.microsoft", "PythonOp"), ("com.microsoft", "PyOp"), ("com.microsoft", "ATen")]
)
def test_operators_that_run_foreign_code_are_blocked(tmp_path, domain, op):
    found = reading(tmp_path, from_library(domain=domain, op=op))
    assert found.verdict == "block"
    assert found.findings[0].kind == "code"
    assert op in found.findings[0].message


def test_a_custom_operator_inside_a_branch_is_found(tmp_path):
    branch = part(6, part(2, "inner") + node("Evil", "acme"))
    found = reading(tmp_path, model(node("If", attribute=part(1, "then_branch") + branch)))
    assert found.verdict == "block"
    assert "Evil" in found.findings[0].message


def test_functions_of_the_file_itself_go_to_a_person(tmp_path):
    function = part(25, part(1, "Twice") + part(10, "acme.local") + part(7, part(1, "a") + part(2, "b") + part(4, "Relu")))
    assert reading(tmp_path, model(node("Twice", "acme.local"), functions=function)).verdict == "review"
    assert reading(tmp_path, model(node("Other", "acme.local"), functions=function)).verdict == "block"
    assert reading(tmp_path, model(node("Gradient", "ai.onnx.preview.training"))).verdict == "review"


@pytest.mark.parametrize("location", ["../weights.bin", "/etc/passwd", "C:\\x", "a\\b", "", "https://example.com/x?y", "a/../../b", "x\0y"])
def test_numbers_outside_the_folder_are_blocked(tmp_path, location):
    found = reading(tmp_path, model(external(location) + node("Relu")))
    assert (found.verdict, found.findings[0].kind) == ("block", "code")


def test_numbers_in_a_plain_neighbour_are_noted(tmp_path):
    found = reading(tmp_path, model(external("weights.data", offset=4096, length=16) + node("Relu")))
    assert found.verdict == "allow"
    assert found.facts["external_data"]["value"] == {"weights.data": 4112}


BROKEN = {
    "length of external numbers": model(external("weights.data", length=15) + node("Relu")),
    "raw bytes too short": model(part(5, number(1, 4) + number(2, 1) + part(8, "w") + part(9, b"\0" * 15))),
    "unknown type": model(part(5, number(1, 4) + number(2, 99) + part(8, "w"))),
    "impossible size": model(part(5, number(1, 2**40) + number(1, 2**40) + number(2, 1))),
    "no operator": model(part(1, part(1, "x"))),
    "unknown part": model(node("Relu")) + part(9, "x"),
    "two graphs": model(node("Relu")) + part(7, b""),
    "cut off": good("onnx")[:-7],
    "one byte more": good("onnx") + b"\x07",
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_model_is_blocked_as_structure(tmp_path, case):
    found = reading(tmp_path, BROKEN[case])
    assert found.verdict == "block", case
    assert {item.kind for item in found.findings} <= {"structure", "other"}


def test_endless_nesting_ends(tmp_path):
    inner = node("Relu")
    for _ in range(60):
        inner = node("If", attribute=part(6, inner))
    assert reading(tmp_path, model(inner)).verdict == "block"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=4), st.integers(0, 200))
def test_flipped_bytes_never_raise(tmp_path_factory, flips, cut):
    data = bytearray(from_library())
    for place, value in flips:
        data[place % len(data)] = value
    data = bytes(data[: len(data) - cut % len(data)])
    path = tmp_path_factory.mktemp("fuzz") / "f"
    path.write_bytes(data)
    found = read_file(path, "m.onnx")
    assert found.verdict in {"allow", "review", "block"}
    if found.verdict == "allow":
        onnx.load_model_from_string(data)
