"""The readers run in the sandbox, and whatever happens to it is never taken for good."""

import hashlib
import os
import signal
import struct
import threading
import time
from pathlib import Path

import pytest

from catalog.artifacts import sandbox
from catalog.artifacts.readers import READERS_VERSION, Reading
from catalog.artifacts.readers.types import Finding
from catalog.artifacts.sandbox import File, inspect, inspect_many
from marketplace import sandbox as box
from marketplace.sandbox import Answer, BadAnswer, Crashed, Task, TimedOut
from tests.catalog.artifacts.build import calling, external, good, node
from tests.catalog.artifacts.build import onnx as model

HERE = "tests.marketplace.sandbox.attempts"


@pytest.fixture(scope="module")
def profile():
    """What files are read in on this machine."""
    found = box.choice()
    assert found.safe, found.sentence()
    return found.profile


def put(tmp_path, name: str, data: bytes) -> File:
    path = tmp_path / hashlib.sha256(name.encode()).hexdigest()
    path.write_bytes(data)
    return File(path, name, hashlib.sha256(data).hexdigest())


def test_one_file_is_read_in_the_sandbox(tmp_path, profile):
    file = put(tmp_path, "model.safetensors", good("safetensors"))
    found = inspect(file.path, file.name, sha256=file.sha256)
    assert (found.verdict, found.profile) == ("allow", profile)
    assert found.facts["tensors"]["value"] == 11
    bad = put(tmp_path, "model.pkl", calling("os", "system"))
    found = inspect(bad.path, bad.name)
    assert (found.verdict, found.findings[0].kind, found.profile) == ("block", "code", profile)


def test_all_files_of_a_version_share_one_sandbox(tmp_path, monkeypatch):
    files = [
        put(tmp_path, f"{kind}/{seed}.{ending}", good(kind, seed))
        for kind, ending in (("safetensors", "safetensors"), ("onnx", "onnx"), ("pickle", "pkl"))
        for seed in range(3)
    ]
    calls = []
    real = box.run
    monkeypatch.setattr(box, "run", lambda *args, **how: calls.append(args) or real(*args, **how))
    found = inspect_many(files)
    assert len(calls) == 1
    assert [found[item.name].verdict for item in files] == ["allow"] * 9
    assert inspect_many([]) == {}
    with pytest.raises(ValueError, match="same name"):
        inspect_many([files[0], files[0]])


def test_many_files_take_few_sandboxes(tmp_path, monkeypatch):
    files = [put(tmp_path, f"{number}.json", b"{}") for number in range(7)]
    calls = []
    real = box.run
    monkeypatch.setattr(box, "run", lambda *args, **how: calls.append(args) or real(*args, **how))
    monkeypatch.setattr(sandbox, "AT_ONCE", 3)
    assert {item.verdict for item in inspect_many(files).values()} == {"allow"}
    assert len(calls) == 3


def test_other_bytes_than_recorded_are_an_error(tmp_path, profile):
    file = put(tmp_path, "model.safetensors", good("safetensors"))
    found = inspect(file.path, file.name, sha256="0" * 64)
    assert (found.verdict, found.profile) == ("error", profile)
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


ENDINGS = [
    "a segmentation fault", "an endless sleep", "no JSON", "NaN said", "half a character", "a large answer", "a second answer",
    "a flood of last words", "an end without an answer",
]  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_reader_that_somebody_took_over_ends_in_an_error(tmp_path, monkeypatch, profile, ending):
    monkeypatch.setattr(sandbox, "READ", Task(f"{HERE}.instead_of_reading", (HERE,)))
    file = put(tmp_path, f"{ending}.json", b"{}")
    found = inspect_many([file], seconds=1.0)[file.name]
    assert (found.verdict, found.profile) == ("error", profile)
    assert "could not run" in found.findings[0].message


def test_an_answer_about_another_digest_from_inside_is_an_error(tmp_path, monkeypatch, profile):
    monkeypatch.setattr(sandbox, "READ", Task(f"{HERE}.reads_another", (HERE,)))
    monkeypatch.setattr(sandbox, "READERS_VERSION", "1")
    file = put(tmp_path, "model.json", b"{}")
    found = inspect(file.path, file.name, sha256=file.sha256)
    assert (found.verdict, found.profile) == ("error", profile)
    assert "digest" in found.findings[0].message
    assert inspect(file.path, file.name).verdict == "allow", "the answer is whole but for the digest"


def test_a_child_that_is_killed_from_outside_is_an_error(tmp_path, profile):
    file = put(tmp_path, "model.pkl", b"\x80\x04" + b"(" * 6_000_000)
    killer = threading.Thread(target=kill_children_soon)
    killer.start()
    found = inspect(file.path, file.name)
    killer.join()
    assert (found.verdict, found.profile) == ("error", profile)
    assert "stopped or crashed" in found.findings[0].message


def kill_children_soon():
    """Kill whatever this process starts within the next seconds, as the kernel does when memory is short."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for line in Path("/proc/self/task").glob("*/children"):
            for pid in line.read_text().split():
                if b"start.py" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    time.sleep(0.2)
                    os.kill(int(pid), signal.SIGKILL)
                    return
        time.sleep(0.01)


class TestWithoutASandbox:
    """A machine on which no profile holds."""

    @pytest.fixture(autouse=True)
    def nowhere(self, monkeypatch, settings):
        monkeypatch.setattr("marketplace.sandbox.world.PROGRAMS", "/nowhere")
        settings.SANDBOX_PROFILE = "bubblewrap"
        box.forget()
        yield
        box.forget()

    def test_nothing_is_read_and_every_file_says_what_to_do(self, tmp_path):
        found = inspect_many([put(tmp_path, "a.json", b"{}"), put(tmp_path, "b.json", b"{}")])
        assert [(item.verdict, item.profile) for item in found.values()] == [("error", "none")] * 2
        finding = found["a.json"].findings[0]
        assert finding.message == "The check of a.json could not run. No sandbox works here (bubblewrap: bubblewrap is not installed)."
        assert finding.fix.startswith("Install bubblewrap")

    def test_development_may_read_without_one_and_every_reading_says_so(self, tmp_path, settings):
        settings.ALLOW_UNSANDBOXED_SCAN = True
        found = inspect_many([put(tmp_path, "a.json", b"{}"), put(tmp_path, "b.pkl", calling("os", "system"))])
        assert [(item.verdict, item.profile) for item in found.values()] == [("allow", "unsandboxed"), ("block", "unsandboxed")]


FAILURES = [
    TimedOut("late"),
    Crashed("gone", exit_code=-11, stderr="/a/path of ours"),
    BadAnswer("noise"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda item: type(item).__name__)
def test_every_failure_of_the_child_becomes_could_not_run(tmp_path, monkeypatch, failure):
    def fail(*args, **how):
        raise failure

    monkeypatch.setattr(box, "run", fail)
    found = inspect_many([put(tmp_path, "a.json", b"{}"), put(tmp_path, "b.json", b"{}")])
    assert [item.verdict for item in found.values()] == ["error", "error"]
    assert all("could not run" in item.findings[0].message for item in found.values())
    assert "/a/path" not in str(found)


def test_one_bad_file_blames_only_itself(tmp_path, monkeypatch):
    real = box.run

    def crash_on_bad(task, payload, **how):
        if any(entry["name"] == "bad.json" for entry in payload["files"]):
            raise Crashed("gone", exit_code=-9, stderr="")
        return real(task, payload, **how)

    monkeypatch.setattr(box, "run", crash_on_bad)
    found = inspect_many([put(tmp_path, "a.json", b"{}"), put(tmp_path, "bad.json", b"{}"), put(tmp_path, "c.json", b"{}")])
    assert [item.verdict for item in found.values()] == ["allow", "error", "allow"]


def answer(file: File, **changes):
    reading = Reading("json", "allow").to_json()
    entry = {"name": file.name, "size": file.path.stat().st_size, "sha256": file.sha256, "problem": "", "reading": reading}
    return {"version": READERS_VERSION, "files": [entry | changes]}


def test_an_answer_about_this_file_is_taken(tmp_path, monkeypatch):
    file = put(tmp_path, "a.json", b"{}")
    monkeypatch.setattr(box, "run", lambda *_args, **_how: Answer(answer(file), "landlock"))
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
def test_a_changed_answer_is_refused(tmp_path, monkeypatch, profile, wrong):
    file = put(tmp_path, "a.json", b"{}")
    monkeypatch.setattr(box, "run", lambda *_args, **_how: Answer(answer(file, **wrong), profile))
    found = inspect(file.path, file.name, sha256=file.sha256)
    assert (found.verdict, found.profile) == ("error", profile)


@pytest.mark.parametrize(
    "garbage",
    [None, [], {}, "allow", {"version": "0", "files": []}, {"version": READERS_VERSION, "files": []}, {"version": READERS_VERSION, "files": {}}],
)
def test_garbage_is_refused(tmp_path, monkeypatch, garbage):
    file = put(tmp_path, "a.json", b"{}")
    monkeypatch.setattr(box, "run", lambda *_args, **_how: Answer(garbage, "landlock"))
    assert inspect(file.path, file.name).verdict == "error"


def test_what_a_model_refers_to_must_be_in_the_version(tmp_path, profile):
    main = put(tmp_path, "onnx/model.onnx", model(external("weights.data", offset=8, length=16) + node("Relu")))
    numbers = put(tmp_path, "onnx/weights.data", bytes(range(24)))
    found = inspect_many([main, numbers])
    assert [item.verdict for item in found.values()] == ["allow", "allow"]
    assert {item.profile for item in found.values()} == {profile}
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
