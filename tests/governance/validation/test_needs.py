"""Each check says which parts of the subject it reads, and reads no other: what stays the same need not be asked again."""

import json
import re

import pytest

from governance.validation.checks import CHECKS
from tests.architecture.source import ROOT
from tests.factories import safetensors
from tests.governance.validation.checks.test_probe import times_two
from tests.governance.validation.checks.world import COMMIT, subject

FREE = {"version", "beat"}  # a name, and a way to say that it takes long
FILES = {"model.safetensors": safetensors(), "config.json": json.dumps({"model_type": "bert"}).encode(), "requirements.txt": b"numpy==1.0\n",
         "model.sig.json": b"{}", "LICENSE": b"MIT\n", "README.md": b"# hi\n"}  # fmt: skip


class Watched:
    """A subject that notes what is read of it."""

    def __init__(self, watched):
        self._watched, self.read = watched, set()

    def __getattr__(self, name):
        self.read.add("tier" if name == "is_strict" else name)
        return getattr(self._watched, name)


@pytest.fixture(scope="module")
def subjects(tmp_path_factory):
    folder = tmp_path_factory.mktemp("subjects")
    record = {"origin": "open", "upstream_commit": COMMIT[:7], "publisher": "meta-1lama"}
    return [
        subject(folder, FILES, tier="T1", **record),
        subject(folder, {"m.onnx": times_two()}),
        subject(folder, hosted=True),
        subject(folder, {"run.sh": b"#!/bin/sh\n"}),
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_check_reads_what_it_says(check, subjects):
    read = set()
    for one in subjects:
        watched = Watched(one)
        check.run(watched)
        read |= watched.read
    assert read - FREE <= check.needs


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_check_can_be_explained_to_people(check):
    assert check.codes
    assert all(code[0] == "V" and code[1:].isdigit() for code in check.codes)
    assert set(check.tiers) <= {"T1", "T2", "T3", "T4"}
    assert check.severity in {"info", "low", "medium", "high", "critical"}
    assert check.explains[0].isupper()
    assert check.explains.endswith(".")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_the_page_for_publishers_explains_every_check_in_the_same_words(check):
    page = " ".join((ROOT / "docs/how-to/checks.md").read_text().split())
    assert f"**{check.title}** (`{check.id}`, {', '.join(check.codes)}). {check.explains}" in page


def test_the_page_explains_no_check_that_is_not_there():
    page = (ROOT / "docs/how-to/checks.md").read_text()
    assert len(re.findall(r"^- \*\*", page, re.MULTILINE)) == len(CHECKS)
