"""Files inside of files: the way to each is told, limits hold, and what one program unpacks is what all unpack."""

import bz2
import gzip
import io
import lzma
import tarfile
import time
import zipfile
import zlib

import pytest

from catalog.artifacts.readers import read_file
from tests.catalog.artifacts.build import calling, external, good, node, onnx, zip_of

EVIL = calling("os", "system")


def read(tmp_path, data: bytes, name: str):
    (tmp_path / "f").write_bytes(data)
    return read_file(tmp_path / "f", name)


def tar_of(members) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


ARCHIVES = {
    "a.zip": zip_of,
    "b.zip": lambda members: zip_of(members, method=8),
    "a.tar": tar_of,
    "a.tar.gz": lambda members: gzip.compress(tar_of(members)),
    "a.tgz": lambda members: gzip.compress(tar_of(members)),
    "a.tar.bz2": lambda members: bz2.compress(tar_of(members)),
    "a.tar.xz": lambda members: lzma.compress(tar_of(members)),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_the_worst_member_decides_and_its_place_is_told(tmp_path, name):
    pack = ARCHIVES[name]
    members = [("README.md", b"# x\n"), ("w/model.safetensors", good("safetensors"))]
    found = read(tmp_path, pack(members), name)
    assert found.verdict == "allow", found.findings
    assert found.facts["contains"]["value"] == ["safetensors", "text"]
    found = read(tmp_path, pack([*members, ("w/model.pkl", EVIL)]), name)
    assert (found.verdict, found.findings[0].kind) == ("block", "code")
    assert found.findings[0].where.startswith("w/model.pkl: byte ")
    assert "w/model.pkl would import “os.system”" in found.findings[0].message


def test_archives_are_followed_two_deep(tmp_path):
    inner = zip_of([("README.md", b"# x\n")])
    assert read(tmp_path, zip_of([("a.zip", inner)]), "b.zip").verdict == "allow"
    third = read(tmp_path, zip_of([("b.zip", zip_of([("a.zip", inner)]))]), "c.zip")
    assert third.verdict == "block"
    assert "nested" in third.findings[0].message


def test_a_model_in_an_archive_finds_its_numbers_there_or_not(tmp_path):
    model = onnx(node("Add") + external("w.data"))
    assert read(tmp_path, zip_of([("m/model.onnx", model), ("m/w.data", b"\xfe" * 16)]), "m.zip").verdict == "allow"
    found = read(tmp_path, zip_of([("m/model.onnx", model)]), "m.zip")
    assert found.verdict == "block"
    assert "w.data" in found.findings[0].message


def test_packed_names_say_what_is_inside(tmp_path):
    assert read(tmp_path, gzip.compress(b"# x\n"), "README.md.gz").verdict == "allow"
    assert read(tmp_path, gzip.compress(b"# x\n"), "README.md").verdict == "block"
    assert read(tmp_path, gzip.compress(b"--index-url http://x\n"), "requirements.txt.gz").verdict == "block"
    assert read(tmp_path, gzip.compress(EVIL), "notes.txt").findings[-1].kind == "code"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zlib.compress])
def test_a_stream_that_grows_without_end_is_stopped(tmp_path, pack):
    began = time.process_time()
    data = pack(b"\0" * (40 * 1024 * 1024)) if pack is not zlib.compress else pack(b"\0" * (40 * 1024 * 1024), 9)
    found = read(tmp_path, data, {gzip.compress: "x.txt.gz", bz2.compress: "x.txt.bz2", lzma.compress: "x.txt.xz"}.get(pack, "x.pkl"))
    assert (found.verdict, found.findings[0].check) == ("block", "files.bounds")
    assert time.process_time() - began < 5


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_cut_or_continued_stream_is_broken(tmp_path, cut):
    data = gzip.compress(b"hello\n" * 100)
    assert read(tmp_path, data[:-cut], "x.txt.gz").findings[0].kind == "structure"
    assert read(tmp_path, data + b"\0" * cut, "x.txt.gz").findings[0].kind == "structure"


def test_a_folder_with_the_name_of_a_file_is_refused(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", b"x")
        archive.writestr("A.txt/b.txt", b"x")
    assert read(tmp_path, stream.getvalue(), "x.zip").findings[0].kind == "structure"


def test_rules_go_by_the_whole_name_however_long(tmp_path):
    name = "folder/" * 50 + "requirements.txt"
    assert read(tmp_path, b"--index-url http://x\n", name).verdict == "block"
    assert read(tmp_path, b'{"auto_map": {"a": "b.C"}}', "d/" * 200 + "config.json").verdict == "block"
