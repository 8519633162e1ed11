"""The single door: identified by content, agreeing with the name, never raising, bounded in time and memory."""

import io
import json
import random
import resource
import statistics
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.artifacts.readers import Reading, combine, facts, identify, read_file, reading
from catalog.artifacts.readers.types import Finding
from tests.catalog.artifacts.build import calling, good, tensors, torch_zip, zip_of

ROOT = Path(__file__).parents[3]
ARTIFACTS = ROOT.parent / "shared" / "data" / "duplicates" / "artifacts"


def read(tmp_path, data, name):
    path = tmp_path / "file"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_file(path, name)


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"), io.BytesIO())
    return out.getvalue()


CONTENT = [
    (b"", "empty"),
    (good("safetensors"), "safetensors"),
    (good("gguf"), "gguf"),
    (good("onnx"), "onnx"),
    (good("pickle"), "pickle"),
    (b"cos\nsystem\n(S'x'\ntR.", "pickle"),
    (torch_zip(), "torch-zip"),
    (zip_of([("a.txt", b"x")]), "zip"),
    (b"\x89HDF\r\n\x1a\n" + b"\0" * 90, "hdf5"),
    (b'{"a": 1}', "json"),
    (b"\n[1, 2]", "json"),
    (b"# Title\n\nText.\n", "text"),
    ("Größe\n".encode(), "text"),
    (b"import os\nprint(1)\n", "python"),
    (b"#!/usr/bin/env python3\n", "python"),
    (b"#!/bin/sh\necho\n", "script"),
    (b"\x7fELF\x02\x01", "native"),
    (b"MZ\x90\x00\x03", "native"),
    (b"\xca\xfe\xba\xbe\x00", "native"),
    (tar(), "tar"),
    (b"\x1f\x8b\x08\x00", "gz"),
    (b"\x93NUMPY\x01\x00", "npy"),
    (random.Random(1).randbytes(5000), "unknown"),
    (b"\0" * 100, "unknown"),
]


@pytest.mark.parametrize(("data", "form"), CONTENT, ids=range(len(CONTENT)))
def test_a_file_is_identified_by_its_content(tmp_path, data, form):
    path = tmp_path / "lies.safetensors"
    path.write_bytes(data)
    assert identify(path) == form


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (calling("os", "system"), "evil.safetensors", "code"),
        (calling("os", "system"), "README.md", "code"),
        (b"cos\nsystem\n(S'x'\ntR.", "notes.txt", "code"),
        (good("pickle"), "weights.safetensors", "code"),
        (torch_zip(), "model.onnx", "code"),
        (good("gguf"), "model.safetensors", "structure"),
        (good("safetensors"), "model.gguf", "structure"),
        (good("safetensors"), "pytorch_model.bin", "structure"),
        (good("onnx"), "model.txt", "structure"),
        (b"hello", "config.json", "structure"),
        (b"{}", "model.safetensors", "structure"),
        (b"\x7fELF", "model.bin", "code"),
        (b"import os\n", "notes.txt", "code"),
        (b"x = 1\n", "modeling.py", "code"),
        (b"", "modeling.py", "structure"),
        (b"hello", "run.sh", "code"),
        (json.dumps({"cells": [], "nbformat": 4}).encode(), "x.ipynb", "code"),
        (json.dumps({"cells": [], "nbformat": 4}).encode(), "x.json", "code"),
        (b"", "model.safetensors", "structure"),
        (b"\x89HDF\r\n\x1a\n", "model.h5", "structure"),
        (zip_of([("config.json", b"{}")]), "model.keras", "structure"),
        (random.Random(2).randbytes(900), "weights.bin", "other"),
        (b"hello", "unheard.of", "other"),
        (b"hello", "../x.txt", "structure"),
        (b"hello", "a\0b.txt", "structure"),
        (b"hello", "x" * 2000 + ".txt", "structure"),
    ],
)
def test_name_and_content_must_agree_and_be_checkable(tmp_path, data, name, kind):
    found = read(tmp_path, data, name)
    assert found.verdict == "block"
    assert found.findings[0].kind == kind
    assert found.findings[0].message.endswith(".")


def test_a_pickle_in_disguise_is_named_with_its_imports(tmp_path):
    found = read(tmp_path, calling("os", "system"), "evil.safetensors")
    assert [item.check for item in found.findings] == ["files.identity", "pickle.imports"]
    assert "os.system" in found.findings[1].message


PLAIN = {
    "config.json": {"architectures": ["BertModel"], "hidden_size": 8, "max_position_embeddings": 512, "auto_map": None},
    "tokenizer.json": {"version": "1.0", "model": {"vocab": {"a": 0}}},
    "tokenizer_config.json": {
        "chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}",
        "model_max_length": 1000000000000000019884624838656,
    },
    "model.safetensors.index.json": {"weight_map": {"a": "model-00001-of-00002.safetensors"}},
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_json_is_allowed(tmp_path, name):
    found = read(tmp_path, json.dumps(PLAIN[name]), name)
    assert found.verdict == "allow", found.findings


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "---\nlicense: mit\ntags: [a, b]\n---\n# Hello\n"),
        ("README.md", "No head here. import os is only a word.\n"),
        ("LICENSE", "Permission is hereby granted\n"),
        ("params.yaml", "a: 1\nb: [x, 'y']\n"),
        ("requirements.txt", "numpy>=2,<3\nsafetensors==0.5.3 ; python_version > '3.10'  # fine\n\n# comment\ntorch[extra]\n"),
        ("merges.txt", "#version: 0.2\nĠ t\n"),
        ("vocab.csv", "a,b\n1,2\n"),
        ("chat_template.jinja", "{{ messages[0]['content'] }}"),
        (".gitattributes", "*.safetensors filter=lfs\n"),
    ],
)
def test_plain_text_is_allowed(tmp_path, name, text):
    found = read(tmp_path, text, name)
    assert found.verdict == "allow", found.findings


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("config.json", '{"auto_map": {"AutoModel": "modeling.Model"}}', "code"),
        ("config.json", '{"nested": [{"deep": {"auto_map": {"AutoModel": "x.Y"}}}]}', "code"),
        ("config.json", '{"trust_remote_code": true}', "code"),
        ("conf.json", '{"_target_": "os.system"}', "code"),
        ("conf.yaml", "model:\n  _target_: os.system\n", "code"),
        ("tokenizer_config.json", '{"chat_template": "{{ x.__class__ }}"}', "code"),
        ("tokenizer_config.json", '{"chat_template": [{"name": "a", "template": "{{ x.__class__ }}"}]}', "code"),
        ("chat_template.jinja", "{{ x.__class__ }}", "code"),
        ("model.safetensors.index.json", '{"weight_map": {"a": "../../etc/passwd"}}', "code"),
        ("model.safetensors.index.json", '{"weight_map": {"a": 1}}', "structure"),
        ("config.json", '{"a": 1, "a": 2}', "structure"),
        ("config.json", '{"a": NaN}', "structure"),
        ("config.json", '{"a": 1,}', "structure"),
        ("config.json", '{"a": 1} trailing', "structure"),
        ("config.json", '{"a": 1} // comment', "structure"),
        ("config.json", '{"a":' + "[" * 100_000 + "1", "structure"),
        ("conf.yaml", "a: !!python/object/apply:os.system ['x']\n", "code"),
        ("conf.yaml", "a: &x [1]\nb: *x\n", "structure"),
        ("conf.yaml", "a: [1\n", "structure"),
        ("README.md", "---\na: !!python/name:os.system\n---\n", "code"),
        ("requirements.txt", "--index-url http://x\n", "code"),
        ("requirements.txt", "git+https://example.com/x.git\n", "code"),
        ("requirements.txt", "x" + " " * 600 + "@ https://example.com/x.whl\n", "code"),
        ("requirements.txt", "x @ https://example.com/x.whl\n", "code"),
        ("requirements.txt", "a" + "!a" * 240 + "$\n", "code"),
        ("notes.txt", "a\x1b[31m", "structure"),
    ],
)
def test_text_that_asks_for_code_or_is_not_strict_is_blocked(tmp_path, name, text, kind):
    found = read(tmp_path, text, name)
    assert (found.verdict, found.findings[0].kind) == ("block", kind), found.findings


def test_facts_say_where_they_were_found(tmp_path):
    path = tmp_path / "x"
    path.write_text(json.dumps(PLAIN["config.json"]))
    found = facts(path, "sub/config.json")
    assert found["architecture"] == {"value": "BertModel", "where": "config.json: architectures"}
    assert found["context_length"]["value"] == 512
    path.write_bytes(calling("os", "system"))
    assert facts(path, "m.pkl") == {}


def test_the_facts_of_a_version_add_up_parts_and_do_not_count_copies_twice(tmp_path):
    part = read(tmp_path, tensors({"a": {"dtype": "U8", "shape": [6], "data_offsets": [0, 6]}}, b"123456"), "m.safetensors")
    config = read(tmp_path, json.dumps(PLAIN["config.json"]), "config.json")
    joined = combine(
        {
            "m-00001-of-00002.safetensors": part,
            "m-00002-of-00002.safetensors": part,
            "config.json": config,
            "model.onnx": read(tmp_path, good("onnx"), "model.onnx"),
        }
    )
    assert joined["parameters"]["value"] == 12
    assert joined["tensors"]["value"] == 2
    assert joined["dtypes"]["value"] == {"U8": 2}
    assert joined["architecture"] == {"value": "BertModel", "where": "config.json: architectures"}
    assert joined["opsets"]["where"] == "model.onnx: model"
    assert combine({"a.safetensors": part, "b.safetensors": part})["parameters"]["value"] == 6
    assert combine({}) == {}


@settings(max_examples=400, deadline=None)
@given(
    st.binary(max_size=300)
    | st.tuples(
        st.sampled_from([b"GGUF\x03\0\0\0", b"PK\x03\x04", b"\x80\x04", b"\x08\x08", b"{", b"x\x9c", b"---\n", b"("]), st.binary(max_size=300)
    ).map(b"".join),
    st.sampled_from(
        ["a.safetensors", "a.gguf", "a.onnx", "a.pkl", "a.pt", "a.json", "a.md", "a.yaml", "a.txt", "requirements.txt", "a.bin", "a", "a.py"]
    )
    | st.text(max_size=8),
)
def test_any_bytes_under_any_name_give_a_reading(tmp_path_factory, data, name):
    path = tmp_path_factory.mktemp("fuzz") / "f"
    path.write_bytes(data)
    found = read_file(path, name)
    assert found.verdict in {"allow", "review", "block"}
    assert found.verdict == "allow" or found.findings
    assert Reading.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_a_missing_file_and_a_failing_reader_are_errors_and_never_good(tmp_path, monkeypatch):
    assert read_file(tmp_path / "none", "a.json").verdict == "error"
    assert read_file(tmp_path, "a.json").verdict == "error"

    def fail(window, name):
        raise ZeroDivisionError

    monkeypatch.setitem(reading.READERS, "json", fail)
    found = read(tmp_path, b"{}", "a.json")
    assert (found.verdict, found.format) == ("error", "json")
    assert "could not run" in found.findings[0].message

    def run_out(window, name):
        raise MemoryError

    monkeypatch.setitem(reading.READERS, "json", run_out)
    assert read(tmp_path, b"{}", "a.json").verdict == "error"


@pytest.mark.parametrize(
    "wrong",
    [{}, {"format": 1}, {"verdict": "fine"}, {"findings": [{}]}, {"findings": "x"}, {"facts": []}, {"verdict": "block", "findings": []}, {"extra": 1},
     {"findings": [{"check": "a", "severity": "worst", "message": "", "where": "", "fix": "", "kind": "code"}]}],
)  # fmt: skip
def test_an_answer_of_another_shape_is_refused(wrong):
    answer = {**Reading("json", "allow", [Finding("a", "info", "b")]).to_json(), **wrong} if wrong else {}
    with pytest.raises(ValueError):
        Reading.from_json(answer)


HEAVY = {
    "marks": (b"\x80\x04" + b"(" * 6_000_000, "m.pkl"),
    "memo": (b"\x80\x04N" + b"\x94" * 6_000_000, "m.pkl"),
    "fields": (b"\x08\x08" + b"\x42\x00" * 4_000_000, "m.onnx"),
    "headers": (tensors(b'{"a":' + b"[" * 40_000_000), "m.safetensors"),
    "braces": (b"[" * 30_000_000, "m.json"),
    "numbers": (b"[" + b"1," * 10_000_000 + b"1]", "m.json"),
    "yaml": (b"[" * 400_000, "m.yaml"),
    "card": (b"---\n" + b"- " * 200_000 + b"\n---\n", "README.md"),
    "requirement": (b"a" + b" " * 400_000 + b"@", "requirements.txt"),
    "template": (b"{{" * 120_000, "t.jinja"),
    "lookups": (b"{{ a" + b"[" * 250_000 + b"}}", "t.jinja"),
    "many lookups": (b"{{ a[[[[[[[[[[[[[[[[[[[[[[[[[[ }}" * 7_000, "t.jinja"),
    "macros": (b"{% macro m(a) %}{{ m(a) }}" * 9_000, "t.jinja"),
    "spaces": (b"{% for " + b" " * 250_000 + b"%}{{ ''[x] }}", "t.jinja"),
    "names": (
        b"{% set a = namespace(" + b"a" * 3_000 + b") %}" + b"{% set a = namespace(aaaaaaaaaaaaaaaaaaaaaaaa) %}" * 5_000 + b"{{ 'x'[a] }}",
        "t.jinja",
    ),
}
SCRIPT = """
import resource, sys, time
from pathlib import Path
resource.setrlimit(resource.RLIMIT_DATA, (1024 * 2**20, 1024 * 2**20))
sys.path.insert(0, sys.argv[3])
from catalog.artifacts.readers import read_file
print(read_file(Path(sys.argv[1]), sys.argv[2]).verdict)
assert not {"django", "celery", "rest_framework"} & set(sys.modules)
"""


@pytest.mark.full
@pytest.mark.parametrize("case", HEAVY)
def test_work_and_memory_are_bounded(tmp_path, case):
    data, name = HEAVY[case]
    path = tmp_path / "f"
    path.write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run([sys.executable, "-c", SCRIPT, str(path), name, str(ROOT)], capture_output=True, text=True, timeout=60, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert result.stdout.strip() in ({"allow", "error"} if case == "numbers" else {"block", "error"})
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 20


@pytest.mark.skipif(not ARTIFACTS.is_dir(), reason=f"{ARTIFACTS} is missing: the collection of really trained files is not on this machine")
def test_really_trained_files_are_never_errors_and_good_formats_never_blocked():
    expected = {
        ".safetensors": "allow",
        ".gguf": "allow",
        ".onnx": "allow",
        ".json": "allow",
        ".txt": "allow",
        ".pt": "allow",
        ".h5": "allow",
        ".keras": "allow",
        ".ubj": "allow",
        ".pkl": "review",
        ".joblib": "review",
    }
    files = sorted(ARTIFACTS.iterdir())
    assert files
    times = {}
    for path in files:
        start = time.process_time()
        found = read_file(path, path.name)
        times[path.name] = time.process_time() - start
        assert found.verdict == expected.get(path.suffix, "block"), (path.name, found.findings)
    slowest = max(times, key=times.get)
    print(
        f"{len(times)} files, median {statistics.median(times.values()) * 1000:.1f} ms, slowest {slowest} {times[slowest] * 1000:.1f} ms of processor time"
    )
    assert statistics.median(times.values()) < 0.1
