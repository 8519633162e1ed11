"""The part of the red team that needs no library but those for development: it runs every time."""

import subprocess
import sys

import pytest

from tests.redteam.conftest import ROOT, cases, files_of, judge, worst


@pytest.fixture(scope="module")
def handmade(tmp_path_factory):
    """Artifacts that were written field by field, or by small libraries."""
    place = tmp_path_factory.mktemp("handmade")
    subprocess.run([sys.executable, str(ROOT / "tests/redteam/generate.py"), str(place), "short"], check=True, capture_output=True, timeout=120)
    return place


def test_hostile_files_are_refused_with_place_and_remedy(handmade):
    found = {case.name: judge(files_of(case)) for case in cases(handmade, "malicious")}
    assert len(found) > 350
    assert {name: worst(readings) for name, readings in found.items() if worst(readings) != "block"} == {}
    findings = [finding for readings in found.values() for reading in readings.values() for finding in reading.findings]
    assert all(finding.where and finding.message for finding in findings)
    assert sum(bool(finding.fix) for finding in findings) > 0.9 * len(findings)


def test_good_files_pass(handmade):
    found = {case.name: judge(files_of(case)) for case in cases(handmade, "benign")}
    assert len(found) > 70
    stopped = {
        name: [item.message for r in readings.values() for item in r.findings] for name, readings in found.items() if worst(readings) != "allow"
    }
    assert stopped == {}
