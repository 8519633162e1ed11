"""The artifacts of the red team, made once per run by the libraries in .venv-redteam."""

import fcntl
import json
import os
import subprocess
from pathlib import Path

import pytest

from catalog.artifacts.readers import Reading, child, together

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-redteam" / "bin" / "python"
# One thread each: the models are tiny, and other tests run beside.
QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "KERAS_BACKEND": "torch", "TF_CPP_MIN_LOG_LEVEL": "3"}


def with_libraries(*arguments) -> subprocess.CompletedProcess:
    """Run a script of ours where the libraries are; it never gets to load anything hostile."""
    return subprocess.run([str(PYTHON), *map(str, arguments)], check=False, capture_output=True, text=True, timeout=280, env=os.environ | QUIET)


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory) -> Path:
    """The folder with benign and malicious artifacts, a folder each."""
    if not PYTHON.exists():
        pytest.skip("the libraries of the red team are not installed: make redteam")
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "redteam"
    with (place.parent / "redteam.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "made.json").exists():
            place.mkdir(exist_ok=True)
            result = with_libraries(ROOT / "tests/redteam/generate.py", place)
            assert result.returncode == 0, result.stderr[-3000:]
    made = json.loads((place / "made.json").read_text())
    assert made["failed"] == []
    return place


def cases(artifacts: Path, side: str) -> list[Path]:
    """The folders of one side."""
    return sorted((artifacts / side).iterdir())


def files_of(case: Path) -> list[tuple[str, Path]]:
    """The files of one artifact, under the names they have in it."""
    return sorted((str(path.relative_to(case)), path) for path in case.rglob("*") if path.is_file())


def judge(files: list[tuple[str, Path]]) -> dict[str, Reading]:
    """Read the files of one version as the bounded child does, and settle what they say of each other."""
    payload = {"files": [{"name": name, "sha256": ""} for name, _ in files]}
    answers = child.read_all(payload, [str(path) for _, path in files])["files"]
    readings = {answer["name"]: Reading.from_json(answer["reading"]) for answer in answers}
    return together.settle(readings, {answer["name"]: answer["size"] for answer in answers})


def worst(readings: dict[str, Reading]) -> str:
    """The verdict of a version."""
    verdicts = {reading.verdict for reading in readings.values()}
    return next(verdict for verdict in ("error", "block", "review", "allow") if verdict in verdicts)
