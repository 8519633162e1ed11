"""V60 and V61: real ONNX models are loaded and asked, in the sandbox."""

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from governance.validation import probing
from governance.validation.checks.probe import Probe
from governance.validation.rules import HERE
from marketplace import sandbox
from tests.factories import safetensors
from tests.governance.validation.checks.world import subject


def model(nodes, inputs, outputs, initializers=()):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def times_two(shape=("batch", 4), out=("batch", 4)):
    two = numpy_helper.from_array(np.full((1,), 2, np.float32), "two")
    return model([helper.make_node("Mul", ["x", "two"], ["y"])], [value("x", shape)], [value("y", out)], [two])


def divides_by_zero():
    zero = numpy_helper.from_array(np.zeros((1,), np.float32), "zero")
    return model([helper.make_node("Div", ["x", "zero"], ["y"])], [value("x", [1, 4])], [value("y", [1, 4])], [zero])


def of_words():
    table = numpy_helper.from_array(np.random.default_rng(1).random((50, 8), np.float32), "table")
    nodes = [helper.make_node("Gather", ["table", "ids"], ["y"])]
    return model(nodes, [value("ids", ["batch", "sequence"], TensorProto.INT64)], [value("y", ["batch", "sequence", 8])], [table])


def endless():
    """A loop over a large product: it would run for hours."""
    body = helper.make_graph(
        [helper.make_node("MatMul", ["a", "a"], ["b"]), helper.make_node("Identity", ["c"], ["d"])], "body",
        [value("i", [], TensorProto.INT64), value("c", [], TensorProto.BOOL), value("a", [600, 600])],
        [value("d", [], TensorProto.BOOL), value("b", [600, 600])],
    )  # fmt: skip
    count = numpy_helper.from_array(np.array(10**9), "count")
    goes_on = numpy_helper.from_array(np.array(True), "goes_on")
    return model(
        [helper.make_node("Loop", ["count", "goes_on", "x"], ["y"], body=body)], [value("x", [600, 600])], [value("y", [600, 600])], [count, goes_on]
    )


@pytest.fixture(autouse=True)
def anew():
    probing.forget()


def judged(tmp_path, content, **files):
    return Probe().run(subject(tmp_path, {"model.onnx": content, **files}))


@pytest.mark.parametrize("content", [times_two(), of_words(), times_two([3, 4], [3, 4])], ids=["floats", "words", "fixed"])
def test_a_model_that_loads_and_answers_passes(tmp_path, content):
    answer = judged(tmp_path, content)
    assert answer.verdict == "pass", answer.sentence
    assert answer.evidence["models"][0]["outputs"]
    assert answer.evidence["sandbox"] in {"bubblewrap", "landlock", "service/bubblewrap", "service/landlock"}


def test_an_answer_that_is_no_number_fails(tmp_path):
    answer = judged(tmp_path, divides_by_zero())
    assert (answer.verdict, answer.findings[0].message) == ("fail", "model.onnx: The output y holds values that are infinite or no numbers.")


def test_an_answer_of_another_shape_fails(tmp_path):
    found = model([helper.make_node("NonZero", ["x"], ["y"])], [value("x", [1, 4])], [value("y", [2, 7], TensorProto.INT64)])
    answer = judged(tmp_path, found)
    assert answer.verdict == "fail", answer.sentence
    assert answer.findings[0].message == "model.onnx: The output y has the shape [2, 4]; declared is [2, 7]."


def test_a_model_that_its_library_refuses_fails(tmp_path):
    broken = model([helper.make_node("MatMul", ["x", "w"], ["y"])], [value("x", [1, 4])], [value("y", [1, 2])],
                   [numpy_helper.from_array(np.zeros((3, 2), np.float32), "w")])  # fmt: skip
    answer = judged(tmp_path, broken)
    assert answer.verdict == "fail", answer.sentence
    assert "model.onnx" in answer.findings[0].message


def test_a_model_that_does_not_end_is_an_error_and_never_a_pass(tmp_path, settings):
    bounds = yaml.safe_load((HERE / "probe.yaml").read_text()) | {"seconds": 1, "seconds_per_gigabyte": 1}
    (tmp_path / "probe.yaml").write_text(yaml.safe_dump(bounds))
    settings.RULES_FOLDER = str(tmp_path)
    answer = judged(tmp_path, endless())
    assert answer.verdict == "error"
    assert "longer than it may" in answer.sentence


def test_nothing_runs_unless_every_file_is_allowed(tmp_path, monkeypatch):
    refused = subject(tmp_path, {"model.onnx": times_two(), "run.sh": b"#!/bin/sh\n"})
    monkeypatch.setattr(probing.sandbox, "run", lambda *_, **__: pytest.fail("it ran"))
    assert Probe().run(refused).verdict == "na"


def test_a_setting_turns_it_off(tmp_path, settings):
    settings.PROBE_MODELS = False
    answer = judged(tmp_path, times_two())
    assert (answer.verdict, answer.sentence) == ("na", "This marketplace does not run models (PROBE_MODELS is off).")


def test_without_onnxruntime_it_says_so(tmp_path, monkeypatch):
    bare = sandbox.Task(probing.ASK.function, probing.ASK.sources, packages=False, calls=probing.ASK.calls)
    monkeypatch.setattr(probing, "ASK", bare)
    answer = judged(tmp_path, times_two())
    assert (answer.verdict, answer.sentence) == ("na", "Not run: onnxruntime is not installed here (extra “probe”).")


def test_the_same_bytes_are_asked_once_and_named_as_in_their_version(tmp_path, monkeypatch):
    assert judged(tmp_path, times_two()).verdict == "pass"
    again = subject(tmp_path, {"other.onnx": times_two()})
    monkeypatch.setattr(probing.sandbox, "run", lambda *_, **__: pytest.fail("it ran"))
    assert Probe().run(again).evidence["models"][0]["name"] == "other.onnx"


def test_numbers_in_other_files_are_not_run(tmp_path):
    loaded = onnx.load_model_from_string(times_two([1, 2000], [1, 2000]))
    loaded.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((2000,), np.float32), "two"))
    onnx.save_model(loaded, tmp_path / "m.onnx", save_as_external_data=True, location="m.data", size_threshold=0)
    answer = judged(tmp_path, (tmp_path / "m.onnx").read_bytes(), **{"m.data": (tmp_path / "m.data").read_bytes()})
    assert answer.verdict == "na"
    assert "other files" in answer.sentence


def test_other_formats_are_not_run(tmp_path):
    assert Probe().run(subject(tmp_path, {"model.safetensors": safetensors()})).verdict == "na"
