"""The canonical manifest has one spelling, whatever the order and the shape of the input."""

import hashlib
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.artifacts.manifest import hosted_descriptor, hosted_digest, manifest, manifest_digest

ONE = {"path": "model.safetensors", "size": 3, "sha256": "a" * 64}
TWO = {"path": "config.json", "size": 0, "sha256": "b" * 64}
ACCENT = {"path": "é.json", "size": 1, "sha256": "c" * 64}


def test_the_bytes_are_exactly_these():
    assert (
        manifest([ONE, ACCENT, TWO])
        == (
            '[{"path":"config.json","sha256":"' + "b" * 64 + '","size":0},'
            '{"path":"model.safetensors","sha256":"' + "a" * 64 + '","size":3},'
            '{"path":"é.json","sha256":"' + "c" * 64 + '","size":1}]'
        ).encode()
    )
    assert manifest_digest([ONE]) == hashlib.sha256(manifest([ONE])).hexdigest()


@given(st.permutations([ONE, TWO, ACCENT]))
def test_order_and_extra_fields_do_not_matter(files):
    assert manifest([{**item, "note": "x"} for item in files]) == manifest([ONE, TWO, ACCENT])


def test_paths_are_sorted_by_their_bytes():
    names = ["Z", "a", "\ue000", "\U0001f600", "é"]
    names.remove("\ue000")  # private use characters are no file name here
    files = [{"path": name, "size": 1, "sha256": "a" * 64} for name in names]
    assert [row["path"] for row in json.loads(manifest(files))] == sorted(names, key=str.encode)


def test_any_change_changes_the_digest():
    others = [{**ONE, "path": "m.safetensors"}, {**ONE, "size": 4}, {**ONE, "sha256": "d" * 64}]
    assert len({manifest_digest([item]) for item in [ONE, *others]}) == 4
    assert manifest_digest([]) not in {manifest_digest([ONE]), ""}


@pytest.mark.parametrize(
    "bad",
    [
        {**ONE, "path": "../x"},
        {**ONE, "size": -1},
        {**ONE, "size": True},
        {**ONE, "size": 1.0},
        {**ONE, "sha256": "A" * 64},
        {**ONE, "sha256": "a" * 63},
        {**ONE, "sha256": "a" * 64 + "\n"},
    ],
)
def test_a_wrong_row_is_refused(bad):
    with pytest.raises(ValueError):
        manifest([bad])


def test_the_same_path_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        manifest([ONE, {**ONE, "size": 9}])


def test_a_hosted_model_has_a_canonical_descriptor():
    values = {
        "provider": "Acme",
        "endpoint": "https://api.example.com/v1",
        "snapshot": "acme-2-2026-01-01",
        "region": "eu-west-1",
        "contract": "C-17",
    }
    descriptor = hosted_descriptor(**values, retirement_date=date(2027, 1, 31))
    assert json.loads(descriptor) == {**values, "retirement_date": "2027-01-31"}
    assert b" " not in descriptor.replace(b"acme 2", b"")
    assert hosted_digest(descriptor) == hashlib.sha256(descriptor).hexdigest()
    changed = {hosted_digest(hosted_descriptor(**{**values, key: "other"}, retirement_date=None)) for key in values}
    assert len(changed | {hosted_digest(descriptor)}) == 6


@pytest.mark.parametrize("missing", ["provider", "endpoint", "snapshot"])
def test_a_hosted_model_needs_who_where_and_which(missing):
    values = {"provider": "Acme", "endpoint": "https://api.example.com", "snapshot": "1", missing: ""}
    with pytest.raises(ValueError, match=missing):
        hosted_descriptor(**values)
