"""The second opinion: asked in the child after our own verdict, and told where the two disagree."""

import io
import pickle
import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np

from catalog.artifacts.readers import Reading, opinion, read_file
from catalog.artifacts.sandbox import inspect
from tests.catalog.artifacts.build import calling

ROOT = Path(__file__).parents[3]


def put(tmp_path, data: bytes) -> Path:
    path = tmp_path / "model.pkl"
    path.write_bytes(data)
    return path


def test_where_the_second_scanner_sees_danger_a_person_decides(tmp_path):
    path = put(tmp_path, pickle.dumps({"id": uuid.uuid4()}))
    assert read_file(path, "model.pkl").verdict == "allow"
    found = inspect(path, "model.pkl")
    assert (found.verdict, found.findings[-1].check, found.findings[-1].severity) == ("review", "pickle.opinion", "high")
    assert "uuid.UUID" in found.findings[-1].message


def test_where_both_agree_nothing_is_added(tmp_path):
    assert inspect(put(tmp_path, pickle.dumps({"w": np.arange(6.0)})), "model.pkl").findings == []
    bad = inspect(put(tmp_path, calling("os", "system")), "model.pkl")
    assert {finding.check for finding in bad.findings} == {"pickle.imports"}


def test_a_scanner_that_fails_is_no_agreement(tmp_path):
    """A zip that ours never allows makes the other stumble; a reading that calls it good anyway becomes one for a person."""
    stream = io.BytesIO(b"PK\x05\x06" + b"\xff" * 18)
    path = tmp_path / "x.zip"
    path.write_bytes(stream.getvalue())
    doubted = opinion.second(path, "x.zip", Reading("zip", "allow"))
    assert doubted.verdict == "review"


def test_it_is_asked_about_nothing_else_and_never_loaded_with_the_readers(tmp_path):
    path = put(tmp_path, b"{}")
    assert opinion.second(path, "x.json", Reading("json", "allow")) == Reading("json", "allow")
    script = "import sys; sys.path.insert(0, sys.argv[1]); from catalog.artifacts.readers import child; assert 'picklescan' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", script, str(ROOT)], check=True, env={"DJANGO_SETTINGS_MODULE": "x"})
