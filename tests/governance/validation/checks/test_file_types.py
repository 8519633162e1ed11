"""V07: only kinds of files that belong to a model."""

import pytest

from catalog.artifacts.readers.names import NAMES, PACKED
from governance.validation.checks.file_types import FileTypes
from governance.validation.rules import rules
from tests.factories import safetensors
from tests.governance.validation.checks.world import subject


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("run.sh", b"#!/bin/sh\necho hi\n", "a script"),
        ("lib.so", b"\x7fELF" + bytes(60), "a native program or library"),
        ("data.bin", bytes(range(1, 256)) * 4, "of a kind that nobody here can check"),
    ],
)
def test_a_kind_that_is_not_on_the_list_fails(tmp_path, path, content, said):
    answer = FileTypes().run(subject(tmp_path, {path: content, "model.safetensors": safetensors()}))
    assert answer.verdict == "fail"
    assert answer.findings[0].message == f"{path} is {said}."


def test_left_overs_warn(tmp_path):
    answer = FileTypes().run(subject(tmp_path, {"model.safetensors": safetensors(), ".idea/notes.txt": b"x\n"}))
    assert (answer.verdict, answer.findings[0].path) == ("warn", ".idea/notes.txt")


def test_kinds_of_models_pass_with_their_names_as_evidence(tmp_path):
    answer = FileTypes().run(subject(tmp_path, {"model.safetensors": safetensors(), "README.md": b"# hi\n", "config.json": b"{}"}))
    assert answer.verdict == "pass"
    assert answer.evidence["kinds"] == {"json": 1, "safetensors": 1, "text": 1}


def test_every_kind_that_the_readers_may_allow_is_on_the_list():
    assert set(NAMES) | PACKED | {"onnx-data", "empty"} <= set(rules("file_types").data["kinds"])
