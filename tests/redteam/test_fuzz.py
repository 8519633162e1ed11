"""Good files with bytes changed, cut, repeated and moved: no reader stumbles, none takes long, and none allows what a library refuses."""

import json
import random
import shutil
import time

import gguf
import numpy as np
import onnx
import pytest
import safetensors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.artifacts.readers import read_file
from tests.redteam.conftest import ROOT, cases, files_of, with_libraries

pytestmark = pytest.mark.full
SIZE_LIMIT = 120_000
PER_FORMAT = 6
CHANGES = st.lists(
    st.tuples(st.sampled_from(["set", "flip", "cut", "repeat", "move", "grow", "word"]), st.integers(0, 2**31), st.integers(0, 2**31)),
    min_size=1,
    max_size=6,
)
WORDS = (
    b"\xff" * 8,
    b"\0" * 8,
    b"\x7f\xff\xff\xff",
    b"\x00\x00\x00\x80",
    b"PK\x03\x04",
    b"\x80\x04",
    b"[[[[",
    b"{{",
    b"!!",
    b"../",
    b"\n\n",
    b"-1",
    b"e999",
)


def changed(data: bytes, changes) -> bytes:
    """Apply some changes, each at a place and with a value."""
    out = bytearray(data)
    for kind, place, value in changes:
        # Headers lie at the beginning and at the end of files: change those more often than the numbers between.
        size = len(out) or 1
        at = (place % min(size, 600)) if place % 3 == 0 else size - 1 - place % min(size, 600) if place % 3 == 1 else place % size
        if kind == "set" and out:
            out[at] = value % 256
        elif kind == "flip" and out:
            out[at] ^= 1 << value % 8
        elif kind == "cut":
            del out[at : at + 1 + value % 40]
        elif kind == "repeat":
            out[at:at] = out[at : at + 1 + value % 40]
        elif kind == "move":
            piece = out[at : at + 1 + value % 40]
            del out[at : at + len(piece)]
            out[value % (len(out) + 1) : value % (len(out) + 1)] = piece
        elif kind == "grow":
            out += bytes([value % 256]) * (1 + value % 9)
        else:
            word = WORDS[value % len(WORDS)]
            out[at : at + len(word)] = word
    return bytes(out)


@pytest.fixture(scope="module")
def seeds(artifacts) -> dict[str, list[tuple[str, bytes]]]:
    """Small benign files by the format they have."""
    found: dict[str, list[tuple[str, bytes]]] = {}
    for case in cases(artifacts, "benign"):
        for name, path in files_of(case):
            if path.stat().st_size < SIZE_LIMIT:
                found.setdefault(read_file(path, name).format, []).append((name, path.read_bytes()))
    chooser = random.Random(7)
    return {form: chooser.sample(files, min(PER_FORMAT, len(files))) for form, files in found.items()}


def test_every_format_has_seeds(seeds):
    assert {"pickle", "torch-zip", "npy", "npz", "hdf5", "keras", "onnx", "gguf", "safetensors", "tensorflow", "ubjson", "lightgbm", "json", "text",
            "xml", "zip", "tar"} <= seeds.keys()  # fmt: skip


@settings(max_examples=4000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), CHANGES)
def test_no_reader_stumbles_and_none_takes_long(seeds, tmp_path_factory, data, changes):
    form = data.draw(st.sampled_from(sorted(seeds)))
    name, content = data.draw(st.sampled_from(seeds[form]))
    path = tmp_path_factory.getbasetemp() / "fuzzed"
    content = changed(content, changes)
    path.write_bytes(content)
    began = time.process_time()
    reading = read_file(path, name)
    assert time.process_time() - began < 2
    assert reading.verdict != "error", reading.findings
    assert reading.verdict == "allow" or reading.findings
    if reading.verdict == "allow" and reading.format in LIBRARIES:
        LIBRARIES[reading.format](path)


def open_npy(path):
    np.load(path, allow_pickle=False)


def open_npz(path):
    with np.load(path, allow_pickle=False) as arrays:
        for key in arrays:
            assert arrays[key] is not None


def open_safetensors(path):
    with safetensors.safe_open(path, framework="numpy") as file:
        for key in file.keys():  # noqa: SIM118 - no mapping
            file.get_slice(key).get_shape()


def open_onnx(path):
    onnx.load(path, load_external_data=False)


def open_gguf(path):
    gguf.GGUFReader(path)


LIBRARIES = {"npy": open_npy, "npz": open_npz, "safetensors": open_safetensors, "onnx": open_onnx, "gguf": open_gguf}


def test_what_is_allowed_is_opened_by_hdf5_and_torch_too(seeds, tmp_path):
    """Those two are not here: what we allow is written to a folder, and opened where they are."""
    chooser, kept = random.Random(11), 0
    kinds = ["set", "flip", "cut", "repeat", "move", "grow", "word"]
    for _ in range(6000):
        form = chooser.choice(["hdf5", "torch-zip", "pickle", "keras"])
        name, content = chooser.choice(seeds[form])
        changes = [(chooser.choice(kinds), chooser.randrange(2**31), chooser.randrange(2**31)) for _ in range(chooser.randrange(1, 4))]
        path = tmp_path / f"{kept}-{name.rpartition('/')[2]}"
        path.write_bytes(changed(content, changes))
        if path.read_bytes() != content and read_file(path, name).verdict == "allow":
            kept += 1
        else:
            path.unlink()
    result = with_libraries(ROOT / "tests/redteam/open_all.py", tmp_path)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    answer = json.loads(result.stdout.strip().splitlines()[-1])
    print(f"{kept} changed files allowed, {answer['opened']} opened by their libraries")
    shutil.rmtree(tmp_path, ignore_errors=True)
    assert answer["opened"] > 100
    assert not answer["refused"], "\n".join(f"{name}: {why}" for name, why in answer["refused"].items())
