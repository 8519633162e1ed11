"""Looking at text in the sandbox: whatever goes wrong there is told, and blames one file only."""

import pytest

from governance.validation import looking
from governance.validation.looking import Item, look
from marketplace import sandbox


def item(tmp_path, name, content=b"words\n", sha256=""):
    place = tmp_path / name
    place.write_bytes(content)
    return Item(place, name, sha256)


def test_files_and_texts_are_looked_at_together(tmp_path):
    files, texts = look([item(tmp_path, "a.txt"), item(tmp_path, "b.bin", b"\x00\x01")], {"card": "words"})
    assert (files["a.txt"].whole, files["b.bin"].whole, texts["card"].problem) == (True, False, "")
    assert {seen.profile for seen in files.values()} <= {"bubblewrap", "landlock", "service/bubblewrap", "service/landlock"}


def test_other_bytes_than_those_asked_about_are_no_answer(tmp_path):
    files, _ = look([item(tmp_path, "a.txt", sha256="0" * 64)], {})
    assert files["a.txt"].problem == "The answer spoke of other bytes."


def test_more_files_than_one_sandbox_takes(tmp_path, monkeypatch):
    monkeypatch.setattr(looking, "AT_ONCE", 2)
    files, texts = look([item(tmp_path, f"{number}.txt") for number in range(5)], {"card": "words"})
    assert len(files) == 5
    assert set(texts) == {"card"}


FAULTS = [
    sandbox.TimedOut("late"),
    sandbox.Crashed("gone", exit_code=9, stderr=""),
    sandbox.BadAnswer("garbage"),
    OSError("away"),
    sandbox.Unavailable("No sandbox works here."),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_sandbox_that_fails_is_said_of_every_file(tmp_path, monkeypatch, fault):
    def fail(*_, **__):
        raise fault

    monkeypatch.setattr(looking.sandbox, "run", fail)
    files, texts = look([item(tmp_path, "a.txt"), item(tmp_path, "b.txt")], {"card": "words"})
    assert all(seen.problem for seen in files.values())
    assert texts["card"].problem


SHAPES = [None, [], {}, {"files": [], "texts": {}}, {"files": [{}], "texts": {}}, {"files": [{"name": "b"}], "texts": {}}, {"files": 3, "texts": {}}]


@pytest.mark.parametrize("answer", SHAPES, ids=str)
def test_an_answer_of_another_shape_is_no_answer(tmp_path, monkeypatch, answer):
    monkeypatch.setattr(looking.sandbox, "run", lambda *_, **__: sandbox.Answer(answer, "landlock"))
    files, _ = look([item(tmp_path, "a.txt")], {})
    assert files["a.txt"].problem


def test_one_bad_file_blames_only_itself(tmp_path, monkeypatch):
    real = sandbox.run

    def run(task, payload, **more):
        if "bad.txt" in payload["files"]:
            raise sandbox.Crashed("gone", exit_code=9, stderr="")
        return real(task, payload, **more)

    monkeypatch.setattr(looking.sandbox, "run", run)
    files, texts = look([item(tmp_path, name) for name in ("a.txt", "bad.txt", "c.txt")], {"card": "words"})
    assert {name for name, seen in files.items() if seen.problem} == {"bad.txt"}
    assert not texts["card"].problem
