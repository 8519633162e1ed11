"""The readers run in a bounded child, and whatever happens to it is never taken for good."""

import hashlib
import struct

import pytest

from catalog.artifacts import sandbox
from catalog.artifacts.readers import READERS_VERSION, Reading
from catalog.artifacts.readers.types import Finding
from catalog.artifacts.sandbox import File, inspect, inspect_many
from marketplace import bounded
from tests.catalog.artifacts.build import calling, external, good, node
from tests.catalog.artifacts.build import onnx as model


def put(tmp_path, name: str, data: bytes) -> File:
    path = tmp_path / hashlib.sha256(name.encode()).hexdigest()
    path.write_bytes(data)
    return File(path, name, hashlib.sha256(data).hexdigest())


def test_one_file_is_read_in_the_child(tmp_path):
    file = put(tmp_path, "model.safetensors", good("safetensors"))
    found = inspect(file.path, file.name, sha256=file.sha256)
    assert (found.verdict, found.profile) == ("allow", "rlimits")
    assert found.facts["tensors"]["value"] == 11
    bad = put(tmp_path, "model.pkl", calling("os", "system"))
    found = inspect(bad.path, bad.name)
    assert (found.verdict, found.findings[0].kind, found.profile) == ("block", "code", "rlimits")


def test_all_files_of_a_version_share_one_child(tmp_path, monkeypatch):
    files = [
        put(tmp_path, f"{kind}/{seed}.{ending}", good(kind, seed))
        for kind, ending in (("safetensors", "safetensors"), ("onnx", "onnx"), ("pickle", "pkl"))
        for seed in range(3)
    ]
    calls = []
    real = bounded.call
    monkeypatch.setattr(bounded, "call", lambda *args, **how: calls.append(args) or real(*args, **how))
    found = inspect_many(files)
    assert len(calls) == 1
    assert [found[item.name].verdict for item in files] == ["allow"] * 9
    assert inspect_many([]) == {}
    with pytest.raises(ValueError, match="same name"):
        inspect_many([files[0], files[0]])


def test_other_bytes_than_recorded_are_an_error(tmp_path):
    file = put(tmp_path, "model.safetensors", good("safetensors"))
    found = inspect(file.path, file.name, sha256="0" * 64)
    assert (found.verdict, found.profile) == ("error", "rlimits")
    assert "digest" in found.findings[0].message


def test_a_missing_file_is_an_error_that_tells_no_path(tmp_path):
    found = inspect(tmp_path / "secret-place", "model.gguf")
    assert found.verdict == "error"
    assert "secret-place" not in str(found)
    both = inspect_many([put(tmp_path, "a.json", b"{}"), File(tmp_path / "none", "b.json")])
    assert (both["a.json"].verdict, both["b.json"].verdict) == ("allow", "error")


def test_a_child_without_time_is_an_error(tmp_path):
    file = put(tmp_path, "model.pkl", b"\x80\x04" + b"(" * 6_000_000)
    found = inspect(file.path, file.name, seconds=0.4)
    assert found.verdict == "error"
    assert "longer" in found.findings[0].message
    assert found.findings[0].fix


def test_a_child_without_memory_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "MEMORY_MB", 60)
    header = b'{"a":' + b" " * 90_000_000 + b"1}"
    file = put(tmp_path, "model.safetensors", struct.pack("<Q", len(header)) + header)
    assert inspect(file.path, file.name).verdict == "error"


FAILURES = [
    bounded.TimedOut("late"),
    bounded.Crashed("gone", exit_code=-11, stderr="/a/path of ours"),
    bounded.BadAnswer("noise"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda item: type(item).__name__)
def test_every_failure_of_the_child_becomes_could_not_run(tmp_path, monkeypatch, failure):
    def fail(*args, **how):
        raise failure

    monkeypatch.setattr(bounded, "call", fail)
    found = inspect_many([put(tmp_path, "a.json", b"{}"), put(tmp_path, "b.json", b"{}")])
    assert [item.verdict for item in found.values()] == ["error", "error"]
    assert all("could not run" in item.findings[0].message for item in found.values())
    assert "/a/path" not in str(found)


def test_one_bad_file_blames_only_itself(tmp_path, monkeypatch):
    real = bounded.call

    def crash_on_bad(function, payload, **how):
        if any(entry["name"] == "bad.json" for entry in payload["files"]):
            raise bounded.Crashed("gone", exit_code=-9, stderr="")
        return real(function, payload, **how)

    monkeypatch.setattr(bounded, "call", crash_on_bad)
    found = inspect_many([put(tmp_path, "a.json", b"{}"), put(tmp_path, "bad.json", b"{}"), put(tmp_path, "c.json", b"{}")])
    assert [item.verdict for item in found.values()] == ["allow", "error", "allow"]


def answer(file: File, **changes):
    reading = Reading("json", "allow").to_json()
    entry = {"name": file.name, "size": file.path.stat().st_size, "sha256": file.sha256, "problem": "", "reading": reading}
    return {"version": READERS_VERSION, "files": [entry | changes]}


def test_an_answer_about_this_file_is_taken(tmp_path, monkeypatch):
    file = put(tmp_path, "a.json", b"{}")
    monkeypatch.setattr(bounded, "call", lambda *_args, **_how: answer(file))
    assert inspect(file.path, file.name, sha256=file.sha256).verdict == "allow"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "b.json"},
        {"size": 99},
        {"size": "2"},
        {"sha256": "0" * 64},
        {"reading": {}},
        {"reading": None},
        {"reading": Reading("json", "allow").to_json() | {"verdict": "fine"}},
        {"reading": Reading("json", "block", [Finding("a", "high", "b")]).to_json() | {"findings": []}},
        {"extra": 1},
        {"problem": "OSError"},
    ],
)
def test_a_changed_answer_is_refused(tmp_path, monkeypatch, wrong):
    file = put(tmp_path, "a.json", b"{}")
    monkeypatch.setattr(bounded, "call", lambda *_args, **_how: answer(file, **wrong))
    found = inspect(file.path, file.name, sha256=file.sha256)
    assert (found.verdict, found.profile) == ("error", "rlimits")


@pytest.mark.parametrize(
    "garbage",
    [None, [], {}, "allow", {"version": "0", "files": []}, {"version": READERS_VERSION, "files": []}, {"version": READERS_VERSION, "files": {}}],
)
def test_garbage_is_refused(tmp_path, monkeypatch, garbage):
    file = put(tmp_path, "a.json", b"{}")
    monkeypatch.setattr(bounded, "call", lambda *_args, **_how: garbage)
    assert inspect(file.path, file.name).verdict == "error"


def test_what_a_model_refers_to_must_be_in_the_version(tmp_path):
    main = put(tmp_path, "onnx/model.onnx", model(external("weights.data", offset=8, length=16) + node("Relu")))
    numbers = put(tmp_path, "onnx/weights.data", bytes(range(24)))
    found = inspect_many([main, numbers])
    assert [item.verdict for item in found.values()] == ["allow", "allow"]
    assert {item.profile for item in found.values()} == {"rlimits"}
    alone = inspect_many([main])[main.name]
    assert (alone.verdict, alone.findings[0].kind, alone.findings[0].check) == ("block", "structure", "files.references")
    short = put(tmp_path, "onnx/weights.data", bytes(23))
    assert inspect_many([main, short])[main.name].verdict == "block"
    pickle = put(tmp_path, "onnx/weights.data", calling("os", "system") + bytes(24))
    assert inspect_many([main, pickle])["onnx/weights.data"].verdict == "block"
    assert inspect_many([put(tmp_path, "other.data", bytes(24))])["other.data"].verdict == "block"


def test_the_index_of_a_split_model_names_its_parts(tmp_path):
    index = put(tmp_path, "model.safetensors.index.json", b'{"weight_map": {"a": "part-1.safetensors"}}')
    part = put(tmp_path, "part-1.safetensors", good("safetensors"))
    assert {item.verdict for item in inspect_many([index, part]).values()} == {"allow"}
    assert inspect_many([index])[index.name].verdict == "block"
