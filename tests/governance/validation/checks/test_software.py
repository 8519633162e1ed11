"""V50: required software, its bill of materials, and what is known against it."""

import json
import zipfile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from governance.validation.checks.software import Software
from tests.governance.validation.checks.world import subject

REQUIREMENTS = b"numpy==1.26.4\ntorch>=2.1  # any\npillow==9.0.0\n"


def advisory(identity, package, *, modified="2026-10-20T00:00:00Z", severity="HIGH", fixed="10.0.1", **more):
    events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
    affected = {"package": {"ecosystem": "PyPI", "name": package}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    return {"id": identity, "modified": modified, "summary": f"{package} can be crashed.", "affected": [affected],
            "database_specific": {"severity": severity}} | more  # fmt: skip


@pytest.fixture
def known(settings, tmp_path, time_machine):
    """A copy of the database with these advisories, packed as OSV gives it out."""
    time_machine.move_to("2026-11-01 12:00")

    def keep(*advisories, packed=True):
        folder = tmp_path / f"osv{len(list(tmp_path.iterdir()))}" / "PyPI"
        folder.mkdir(parents=True)
        if packed:
            with zipfile.ZipFile(folder / "all.zip", "w") as archive:
                for item in advisories:
                    archive.writestr(f"{item['id']}.json", json.dumps(item))
        else:
            for item in advisories:
                (folder / f"{item['id']}.json").write_text(json.dumps(item))
        settings.OSV_FOLDER = str(folder.parent)

    return keep


def judged(tmp_path, content=REQUIREMENTS, path="requirements.txt", **more):
    return Software().run(subject(tmp_path, {path: content, "README.md": b"# hi\n"}, **more))


def test_without_a_copy_of_the_database_the_list_is_evidence_and_nothing_is_judged(tmp_path):
    answer = judged(tmp_path)
    assert answer.verdict == "na"
    assert "OSV_FOLDER" in answer.sentence
    bill = answer.evidence["sbom"]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None
    assert [(item["name"], item.get("version")) for item in bill["components"]] == [("numpy", "1.26.4"), ("pillow", "9.0.0"), ("torch", None)]
    assert judged(tmp_path).evidence["sbom"] == bill, "the same files give the same list"


@pytest.mark.parametrize("packed", [True, False])
def test_nothing_known_passes_and_says_of_which_day(tmp_path, known, packed):
    known(advisory("GHSA-1", "something-else"), packed=packed)
    answer = judged(tmp_path)
    assert (answer.verdict, answer.evidence["osv"]) == ("pass", "2026-10-20")
    assert Software().engine() == "OSV 2026-10-20"


@pytest.mark.parametrize(
    ("tier", "severity", "verdict"), [("T3", "HIGH", "warn"), ("T1", "HIGH", "fail"), ("T1", "LOW", "warn"), ("T2", "CRITICAL", "fail")]
)
def test_a_known_vulnerability_is_named_with_the_version_that_mends_it(tmp_path, known, tier, severity, verdict):
    known(advisory("GHSA-1", "Pillow", severity=severity, aliases=["CVE-2026-1"]), advisory("GHSA-2", "numpy", fixed="1.26.4"))
    answer = judged(tmp_path, tier=tier)
    assert answer.verdict == verdict
    assert [found.where for found in answer.findings] == ["pillow"]
    assert "CVE-2026-1" in answer.findings[0].message
    assert answer.findings[0].fix == "Ask for version 10.0.1 or newer."


def test_withdrawn_advisories_and_other_versions_do_not_count(tmp_path, known):
    known(advisory("GHSA-1", "pillow", withdrawn="2026-10-01T00:00:00Z"), advisory("GHSA-2", "numpy", fixed="1.0"))
    assert judged(tmp_path).verdict == "pass"


def test_a_package_made_to_do_harm_quarantines_also_without_a_version(tmp_path, known):
    known(advisory("MAL-2026-1", "torch", fixed=""))
    answer = judged(tmp_path)
    assert (answer.verdict, answer.quarantines) == ("fail", True)


def test_what_is_not_pinned_warns_when_something_is_known(tmp_path, known):
    known(advisory("GHSA-1", "torch", fixed="2.2"))
    answer = judged(tmp_path)
    assert (answer.verdict, answer.findings[0].severity) == ("warn", "low")


def test_an_old_copy_says_too_little_to_pass(tmp_path, known):
    known(advisory("GHSA-1", "something-else", modified="2026-08-01T00:00:00Z"))
    answer = judged(tmp_path)
    assert answer.verdict == "warn"
    assert "92 days old" in answer.sentence


@pytest.mark.parametrize("content", [b"", b"no zip at all"])
def test_a_copy_that_cannot_be_read_is_an_error(tmp_path, known, settings, content):
    known()
    answer = judged(tmp_path)
    assert answer.verdict == "error"
    (tmp_path / "broken" / "PyPI").mkdir(parents=True)
    (tmp_path / "broken" / "PyPI" / "all.zip").write_bytes(content)
    settings.OSV_FOLDER = str(tmp_path / "broken")
    assert judged(tmp_path).verdict == "error"


@pytest.mark.parametrize(
    ("path", "content", "names"),
    [
        (
            "conda.yaml",
            b"channels: [defaults]\ndependencies:\n- python=3.11\n- numpy=1.26.4\n- pip:\n  - torch==2.4.0\n",
            ["numpy", "python", "torch"],
        ),
        ("python_env.yaml", b"python: '3.11'\ndependencies:\n- -r requirements.txt\n- mlflow==3.1.0\n", ["mlflow"]),
        ("requirements-dev.txt", b"A.B_c==1.0 \\\n    --hash=sha256:00\n", ["a-b-c"]),
    ],
)
def test_other_lists_of_software_are_read_too(tmp_path, path, content, names):
    assert [item["name"] for item in judged(tmp_path, content, path).evidence["sbom"]["components"]] == names


def test_lines_that_are_no_requirement_are_named(tmp_path):
    answer = judged(tmp_path, b"numpy==1.26.4\ngit+https://example.org/x\n-r other.txt\n")
    assert (answer.verdict, answer.findings[0].message) == (
        "warn",
        "requirements.txt has 2 lines with no plain requirement, about which nothing can be said.",
    )
