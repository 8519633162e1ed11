"""Which file names pass, and which sentence names the problem of the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.artifacts.paths import case_clash, check_path

GOOD = [
    "model.safetensors",
    "onnx/model.onnx",
    "a/b/c/ü.json",
    "LICENSE",
    ".gitattributes",
    "model-00001-of-00002.safetensors",
    "日本語.txt",
    "console.txt",
]
BAD = [
    ("", "empty"),
    ("../model.bin", "another folder"),
    ("a/../b", "another folder"),
    ("a/./b", "another folder"),
    ("/etc/passwd", "absolute"),
    ("C:/model.bin", "absolute"),
    ("a\\b", "backslash"),
    ("a\0b", "NUL"),
    ("a\nb", "control"),
    ("a\u202eb", "control"),
    ("a\u200bb", "invisible"),
    ("a\u1680b", "invisible"),
    ("a\xa0b", "invisible"),
    ("x" * 2000, "2,000 characters"),
    ("x" * 513, "513 characters"),
    ("x" * 300, "300 bytes"),
    ("a//b", "empty part"),
    ("a/", "empty part"),
    (" a", "space"),
    ("a /b", "space"),
    ("a./b", "dot"),
    ("a...", "dot"),
    ("CON", "reserved"),
    ("folder/nul.txt", "reserved"),
    ("com1.json", "reserved"),
    ("u\u0308.json", "NFC"),
    ("what?.txt", "refuse"),
    ("file.txt:stream", "refuse"),
]


@pytest.mark.parametrize("name", GOOD)
def test_ordinary_names_pass_unchanged(name):
    assert check_path(name) == name


@pytest.mark.parametrize(("name", "word"), BAD)
def test_a_bad_name_is_refused_with_a_sentence_that_names_the_problem(name, word):
    with pytest.raises(ValueError) as caught:
        check_path(name)
    assert word in str(caught.value)
    assert str(caught.value).endswith((".", "systems.")), "a whole sentence"


@given(st.text(max_size=600))
def test_any_text_is_either_kept_or_refused_and_never_escapes(name):
    try:
        kept = check_path(name)
    except ValueError:
        return
    assert kept == name
    assert not name.startswith("/")
    assert not {"", ".", ".."} & set(name.split("/"))
    assert "\\" not in name
    assert name.isprintable()


@pytest.mark.parametrize(
    ("path", "existing", "clash"),
    [
        ("README.md", ["readme.md"], "readme.md"),
        ("a/B.txt", ["A/b.txt"], "A/b.txt"),
        ("straße", ["STRASSE"], "STRASSE"),
        ("ﬁle", ["file"], "file"),
        ("a", ["a/b"], "a/b"),
        ("a/b", ["a"], "a"),
        ("Data/x", ["data/y"], "data/y"),
        ("a", ["a"], None),
        ("a/b", ["a/c", "ab"], None),
    ],
)
def test_names_that_some_systems_cannot_tell_apart_clash(path, existing, clash):
    assert case_clash(path, existing) == clash
