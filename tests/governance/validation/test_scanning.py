"""`manage.py scan`: what it says of files, in which order, with which exit status; nothing here has a database."""

import io
import json
import os
import subprocess
import sys

import pytest
from django.core.management import call_command

from catalog.artifacts import sandbox
from catalog.artifacts.readers.types import Reading
from governance.validation import checks, scanning
from governance.validation.checks.base import CheckAnswer, Found
from governance.validation.states import Severity, Verdict
from marketplace.local.folders import REPOSITORY
from tests.catalog.artifacts.build import stack_global
from tests.factories import safetensors

# A class that every security reviewer knows, and nothing else.
KNOWN = b"\x80\x04" + stack_global("sklearn.linear_model._base", "LinearRegression") + b")\x81."
EVIL = b"cos\nsystem\n(S'id'\ntR."


def scanned(*paths):
    """The lines of a scan, and its exit status."""
    out = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("scan", *[str(path) for path in paths], "--json", stdout=out, stderr=io.StringIO())
    return [json.loads(line) for line in out.getvalue().splitlines()], end.value.code


@pytest.mark.parametrize(
    ("name", "content", "verdict", "status"),
    [
        ("model.safetensors", safetensors(), "allow", 0),
        ("model.pkl", KNOWN, "review", 1),
        ("model.pkl", EVIL, "block", 2),
        ("model.safetensors", EVIL, "block", 2),
        ("model.safetensors", safetensors()[:-1], "block", 2),
        ("model.xyz", b"\x00\x01\x02", "block", 2),
    ],
)
def test_each_verdict_has_its_status(tmp_path, name, content, verdict, status):
    place = tmp_path / name
    place.write_bytes(content)
    [line], code = scanned(place)
    assert (line["path"], line["verdict"], code) == (str(place), verdict, status)
    assert line.keys() == {"path", "verdict", "format", "findings"}
    assert bool(line["findings"]) is (verdict != "allow")
    assert all(finding.keys() == {"check", "severity", "message", "where"} for finding in line["findings"])


def test_a_folder_is_walked_in_order_and_the_worst_decides(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "model.safetensors").write_bytes(safetensors())
    (tmp_path / "a.pkl").write_bytes(KNOWN)
    lines, code = scanned(tmp_path, tmp_path / "a.pkl", tmp_path / "missing")
    names = [line["path"].removeprefix(f"{tmp_path}/") for line in lines]
    assert sorted(names) == ["a.pkl", "b/model.safetensors", "missing"], "each file once"
    assert {line["verdict"] for line in lines} == {"allow", "review", "error"}
    assert code == 3


def test_paths_are_shown_as_they_were_given(tmp_path, monkeypatch):
    (tmp_path / "model.safetensors").write_bytes(safetensors())
    monkeypatch.chdir(tmp_path)
    assert [line["path"] for line in scanned(".")[0]] == ["model.safetensors"] or [line["path"] for line in scanned(".")[0]] == [
        "./model.safetensors"
    ]
    assert [line["path"] for line in scanned("model.safetensors")[0]] == ["model.safetensors"]


def test_files_of_one_directory_are_judged_together(tmp_path):
    index = {"metadata": {}, "weight_map": {"w": "model-00001-of-00002.safetensors", "v": "model-00002-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(safetensors())
    lines, code = scanned(tmp_path)
    verdicts = {line["path"].rpartition("/")[2]: line["verdict"] for line in lines}
    assert verdicts["model.safetensors.index.json"] == "block", "a part is missing"
    assert code == 2
    (tmp_path / "model-00002-of-00002.safetensors").write_bytes(safetensors(2))
    assert scanned(tmp_path)[1] == 0


def test_what_is_no_plain_file_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.bin")
    (tmp_path / "passwords.txt").symlink_to("/etc/passwd")
    (tmp_path / "folder").symlink_to("/etc")
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    lines, code = scanned(tmp_path)
    assert {line["path"].rpartition("/")[2]: line["verdict"] for line in lines} == {
        "pipe.bin": "block",
        "passwords.txt": "block",
        "folder": "block",
        "loop.txt": "error",
    }
    assert code == 3


def test_links_into_the_blobs_of_the_same_model_are_followed(tmp_path):
    model = tmp_path / "models--a--b"
    (model / "blobs").mkdir(parents=True)
    (model / "snapshots" / "abc").mkdir(parents=True)
    (model / "blobs" / "1234").write_bytes(safetensors())
    (model / "snapshots" / "abc" / "model.safetensors").symlink_to("../../blobs/1234")
    [line], code = scanned(model / "snapshots" / "abc")
    assert (line["verdict"], code) == ("allow", 0)


def test_an_empty_folder_is_no_good_answer(tmp_path):
    lines, code = scanned(tmp_path)
    assert (lines[0]["verdict"], code) == ("error", 3)


@pytest.mark.parametrize("name", ["mod\x1b[2Jel.safetensors", "a b.safetensors", "\u202emodel.safetensors"])
def test_a_hostile_name_moves_no_cursor(tmp_path, name):
    (tmp_path / name).write_bytes(safetensors())
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("scan", str(tmp_path), stdout=out)
    assert out.getvalue().replace("\n", "").isprintable()


def test_a_reader_that_fails_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "model.safetensors").write_bytes(safetensors())
    monkeypatch.setattr(sandbox, "inspect_many", lambda *_: (_ for _ in ()).throw(OSError("gone")))
    assert scanned(tmp_path)[1] == 3
    monkeypatch.setattr(sandbox, "inspect_many", lambda *_: (_ for _ in ()).throw(RuntimeError("bug")))
    assert scanned(tmp_path)[1] == 3


class OnFiles:
    """A check for which files are enough."""

    id, version, stage, title, scans = "on-files", "1", "Security", "On files", True

    def __init__(self, verdict, path):
        self.verdict, self.path = verdict, path

    def run(self, subject):
        return CheckAnswer(self.verdict, "Said.", {}, (Found(Severity.HIGH, "secret", "A key is in here.", self.path),))


@pytest.mark.parametrize(
    ("verdict", "path", "expected"),
    [
        (Verdict.PASS, "one.txt", ["allow", "allow"]),
        (Verdict.WARN, "one.txt", ["review", "allow"]),
        (Verdict.FAIL, "one.txt", ["block", "allow"]),
        (Verdict.ERROR, "", ["error", "error"]),
        ("nonsense", "", ["error", "error"]),
    ],
)
def test_other_checks_of_files_are_asked_too(tmp_path, monkeypatch, verdict, path, expected):
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text("words")
    monkeypatch.setattr(checks, "CHECKS", (OnFiles(verdict, path),))
    assert [line["verdict"] for line in scanned(tmp_path)[0]] == expected


def test_without_a_sandbox_every_line_says_so(tmp_path, monkeypatch):
    (tmp_path / "model.safetensors").write_bytes(safetensors())
    monkeypatch.setattr(sandbox, "inspect_many", lambda files: {item.name: Reading("text", "allow", [], {}, "unsandboxed") for item in files})
    [line], _ = scanned(tmp_path)
    assert "without a sandbox" in line["findings"][0]["message"]
    assert scanning.NOT_HELD.severity == "medium"


def test_it_needs_neither_database_nor_secrets(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(safetensors())
    command = [sys.executable, "manage.py", "scan", str(tmp_path), "--json"]
    bare = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "DEBUG": "0"}
    done = subprocess.run(command, cwd=REPOSITORY, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] == "allow"
