"""The demo world's files are real files of their formats, made the same way every time."""

import io
import json
import pickletools

import gguf
import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from safetensors.numpy import load

from catalog.artifacts.paths import check_path
from catalog.artifacts.readers import read_file
from governance.management.demo.artifacts import MAKERS, artifact_files

VERDICTS = {"safetensors": "allow", "onnx": "allow", "gguf": "allow", "pickle": "allow", "malicious": "block"}


@pytest.mark.parametrize("kind", MAKERS)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(kind):
    first = artifact_files(kind, 3, name="A")
    assert first == artifact_files(kind, 3, name="A")
    assert first[0] != artifact_files(kind, 4, name="A")[0]
    assert all(check_path(path) for path, _ in first)
    assert 20_000 < len(first[0][1]) < 300_000


@pytest.mark.parametrize("kind", MAKERS)
def test_the_gate_judges_each_as_meant(tmp_path, kind):
    for path, data in artifact_files(kind, 5, name="Größe: “x”", license="mit", summary="Ein Modell."):
        (tmp_path / "f").write_bytes(data)
        found = read_file(tmp_path / "f", path)
        assert found.verdict == (VERDICTS[kind] if path.startswith("model.") else "allow"), found.findings
        if path == "README.md":
            assert found.facts["license"]["value"] == "mit"


def test_safetensors_opens_in_its_library_and_fits_its_config():
    files = dict(artifact_files("safetensors", 1, hidden=32, layers=3, vocabulary=50, architecture="TinyModel"))
    weights, config = load(files["model.safetensors"]), json.loads(files["config.json"])
    assert weights["embeddings.weight"].shape == (config["vocab_size"], config["hidden_size"]) == (50, 32)
    assert config["architectures"] == ["TinyModel"]
    assert sum(name.endswith("dense.weight") for name in weights) == config["num_hidden_layers"] == 3


def test_onnx_passes_the_checker_and_computes():
    model = onnx.load_model_from_string(dict(artifact_files("onnx", 1))["model.onnx"])
    onnx.checker.check_model(model, full_check=True)
    answer = ReferenceEvaluator(model).run(None, {"features": np.ones((2, 32), np.float32)})[0]
    assert answer.shape == (2, 3)
    assert np.allclose(answer.sum(axis=1), 1)


def test_gguf_opens_in_its_library(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(dict(artifact_files("gguf", 1, name="Tiny"))["model.gguf"])
    found = gguf.GGUFReader(path)
    expected = load(dict(artifact_files("safetensors", 1))["model.safetensors"])
    assert {item.name for item in found.tensors} == set(expected)
    for item in found.tensors:
        assert np.array_equal(np.asarray(item.data).reshape(expected[item.name].shape), expected[item.name])
    assert found.get_field("general.name").contents() == "Tiny"


def test_the_plain_pickle_imports_nothing_and_the_malicious_one_is_well_formed():
    names = {op.name for op, _, _ in pickletools.genops(dict(artifact_files("pickle", 1))["model.pkl"])}
    assert not names & {"GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "REDUCE", "BUILD"}
    bad = dict(artifact_files("malicious", 1))["model.pkl"]
    out = io.StringIO()
    pickletools.dis(bad, out=out)  # raises when the stack does not work out; runs nothing
    assert "STACK_GLOBAL" in out.getvalue()
    assert "REDUCE" in out.getvalue()


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="no kind"):
        artifact_files("hdf5", 1)
