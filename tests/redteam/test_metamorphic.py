"""The same hostile bytes under another name, packed, nested, or with something before or behind, are refused the same; good ones are not."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import PurePosixPath

import pytest

from catalog.artifacts.readers import read_file
from tests.redteam.conftest import cases, files_of, judge, worst

pytestmark = pytest.mark.full
SIZE_LIMIT = 4_000_000


def zipped(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return stream.getvalue()


def tarred(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def as_torch(_name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for inner, content in (("data.pkl", data), ("version", b"3\n"), ("byteorder", b"little")):
            archive.writestr(f"archive/{inner}", content)
    return stream.getvalue()


WRAPS = {
    "gz": lambda name, data: (f"{name}.gz", gzip.compress(data)),
    "bz2": lambda name, data: (f"{name}.bz2", bz2.compress(data)),
    "xz": lambda name, data: (f"{name}.xz", lzma.compress(data, preset=0)),
    "zip": lambda name, data: ("files.zip", zipped(name, data)),
    "tar": lambda name, data: ("files.tar", tarred(name, data)),
    "tar.gz": lambda name, data: ("files.tar.gz", gzip.compress(tarred(name, data))),
    "zip of gz": lambda name, data: ("files.zip", zipped(f"{name}.gz", gzip.compress(data))),
    "torch": lambda name, data: ("model.pt", as_torch(name, data)),
    "prefix": lambda name, data: (name, b"\x00\x01junk" + data),
    "suffix": lambda name, data: (name, data + b"\x00\x01junk"),
    "long suffix": lambda name, data: (name, data + b"\x00\x01junk" * 2000),
    **{
        f"as {ending}": lambda _name, data, ending=ending: (f"model{ending}", data)
        for ending in (".bin", ".safetensors", ".onnx", ".gguf", ".h5", ".keras", ".npy", ".npz", ".pt", ".pkl", ".zip", ".tar", ".pb", ".ubj")
    },
}
# What is an archive or packed already: one more around it is deeper than is followed.
PACKED = ("zip-", "tar-", "packed-", "joblib-zlib", "joblib-gzip", "joblib-bz2", "joblib-xz", "joblib-lzma")
AS_TEXT = (".txt", ".json", ".md", ".yaml", "")


@pytest.mark.parametrize("wrap", WRAPS)
def test_hostile_bytes_in_another_dress_are_refused(artifacts, tmp_path, wrap):
    passed = {}
    for case in cases(artifacts, "malicious"):
        for name, path in files_of(case):
            data = path.read_bytes()
            base = PurePosixPath(name).name
            if len(data) > SIZE_LIMIT or (wrap.startswith("as ") and base.endswith(wrap[3:])):
                continue
            outer, content = WRAPS[wrap](base, data)
            (tmp_path / "f").write_bytes(content)
            verdict = worst(judge([(outer, tmp_path / "f")]))
            if verdict != "block":
                passed[case.name] = verdict
    assert passed == {}


def test_hostile_binaries_are_no_text_whatever_they_are_called(artifacts, tmp_path):
    passed = {}
    for case in cases(artifacts, "malicious"):
        for _name, path in files_of(case):
            if case.name.startswith(("text-", "lightgbm-", "xgboost-", "tar-", "zip-")) or path.stat().st_size > SIZE_LIMIT:
                continue
            for ending in AS_TEXT:
                verdict = read_file(path, f"notes{ending}").verdict
                if verdict != "block":
                    passed[case.name] = (ending, verdict)
    assert passed == {}


def path_is_packed(path) -> bool:
    return path.read_bytes()[:1] == b"x" and path.suffix == ".joblib"


@pytest.mark.parametrize("wrap", ["gz", "zip", "tar", "tar.gz"])
def test_good_bytes_in_an_archive_stay_good(artifacts, tmp_path, wrap):
    different = {}
    for case in cases(artifacts, "benign"):
        files = files_of(case)
        if len(files) > 1 or case.name.startswith(PACKED) or (wrap == "gz" and path_is_packed(files[0][1])):
            continue
        name, path = files[0]
        outer, content = WRAPS[wrap](name, path.read_bytes())
        (tmp_path / "f").write_bytes(content)
        reading = read_file(tmp_path / "f", outer)
        if reading.verdict != worst(judge(files)):
            different[case.name] = (reading.verdict, [finding.message for finding in reading.findings][:2])
    assert different == {}
