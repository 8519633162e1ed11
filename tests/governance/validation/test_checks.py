"""What each check answers; the verdict table; the worst of all verdicts."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.artifacts.manifest import manifest_digest
from catalog.artifacts.readers.types import Finding, Reading
from catalog.cards.schema import schema_for
from governance.policies import rules
from governance.validation.checks import CHECKS
from governance.validation.checks.base import Subject, SubjectCard, SubjectFile, worst_of
from governance.validation.checks.card import CardDuties
from governance.validation.checks.code import Code
from governance.validation.checks.formats import Formats
from governance.validation.checks.integrity import Integrity
from governance.validation.checks.names import Names
from governance.validation.checks.pickles import Pickles
from governance.validation.looking import Look, TextLook
from governance.validation.states import Verdict
from governance.validation.subject import waivers
from tests.governance.validation.build import whole_card

BYTES = b"weights"
STARTER = rules.load_policy(rules.starter_text())


def finding(kind, severity="high"):
    return Finding("x", severity, f"Something about {kind}.", "byte 0", "Mend it.", kind)


def reading(verdict="allow", kind="structure", form="safetensors"):
    return Reading(form, verdict, [] if verdict == "allow" else [finding(kind)], {}, "landlock")


SEEN = Look(whole=True, profile="landlock")


def subject(tmp_path, readings=None, *, hosted=False, tier="T3", card=None, paths=("model.safetensors",), waiver=None, digest=None):
    local = tmp_path / "bytes"
    local.write_bytes(BYTES)
    names = list(readings) if readings is not None else list(paths)
    files = () if hosted else tuple(SubjectFile(name, len(BYTES), hashlib.sha256(BYTES).hexdigest(), local) for name in names)
    try:
        pinned = manifest_digest({"path": f.path, "size": f.size, "sha256": f.sha256} for f in files)
    except ValueError:
        pinned = "0" * 64
    return Subject(
        version="finance-ml/m@1", hosted=hosted, tier=tier, manifest_digest=digest or pinned, files=files,
        readings=readings if readings is not None else {name: reading() for name in names},
        card=SubjectCard(1, whole_card(tier) if card is None else card, {}, schema_for(tier, hosted=hosted)),
        waivers={"pickle": waiver}, beat=lambda: None, looks=dict.fromkeys(names, SEEN), texts={"text": TextLook()},
    )  # fmt: skip


TABLE = [
    # what the reader says about the one file -> the checks formats, code, pickles; quarantined?
    (reading("allow"), ("pass", "pass", "pass"), False),
    (reading("review", "code", "pickle"), ("pass", "na", "warn"), False),
    (reading("review", "other"), ("pass", "warn", "pass"), False),
    (reading("block", "code", "python"), ("fail", "fail", "pass"), True),
    (reading("block", "secret", "json"), ("fail", "fail", "pass"), True),
    (reading("block", "licence", "text"), ("fail", "fail", "pass"), True),
    (reading("block", "code", "pickle"), ("fail", "na", "fail"), True),
    (reading("block", "structure"), ("fail", "na", "pass"), False),
    (reading("block", "other", "zip"), ("fail", "na", "pass"), False),
    (reading("block", "structure", "pickle"), ("fail", "na", "fail"), False),
    (reading("error", "other", "unknown"), ("error", "error", "error"), False),
    (reading("error", "other", "pickle"), ("error", "na", "error"), False),
    (reading("something new", "other"), ("error", "error", "pass"), False),
]


@pytest.mark.parametrize(("said", "expected", "quarantined"), TABLE, ids=lambda value: str(value)[:40])
def test_the_verdict_table(tmp_path, said, expected, quarantined):
    given_subject = subject(tmp_path, {"a.bin": said})
    answers = [check.run(given_subject) for check in (Formats(), Code(), Pickles())]
    assert tuple(answer.verdict for answer in answers) == expected
    assert any(answer.quarantines for answer in answers) is quarantined
    for answer in answers:
        assert answer.sentence
        if answer.quarantines:
            assert answer.verdict == Verdict.FAIL
    if said.verdict != "allow":
        assert sum(len(answer.findings) for answer in answers) >= 1


def test_one_bad_file_among_good_ones_decides(tmp_path):
    many = {"a.safetensors": reading(), "b.onnx": reading(form="onnx"), "c.py": reading("block", "code", "python")}
    answer = Code().run(subject(tmp_path, many))
    assert (answer.verdict, answer.quarantines, answer.findings[0].path) == (Verdict.FAIL, True, "c.py")


@pytest.mark.parametrize(
    ("tier", "words", "extra"), [("T1", "needed", True), ("T2", "needed", True), ("T3", "not possible", False), ("T4", "not possible", False)]
)
def test_a_reviewed_pickle_needs_a_waiver_where_the_policy_says_so(tmp_path, tier, words, extra):
    waiver = waivers(tier, STARTER)["pickle"]
    answer = Pickles().run(subject(tmp_path, {"m.pkl": reading("review", "code", "pickle")}, tier=tier, waiver=waiver))
    assert answer.verdict == Verdict.WARN
    assert answer.evidence["waiver"] == words
    assert answer.evidence["acknowledge"] == "security"
    assert any("waiver" in found.message for found in answer.findings) is extra


@pytest.mark.parametrize("check", [Integrity(), Names(), Formats(), Code(), Pickles()], ids=lambda check: check.id)
def test_file_checks_of_a_hosted_model_are_not_applicable_with_the_reason(tmp_path, check):
    answer = check.run(subject(tmp_path, {}, hosted=True))
    assert (answer.verdict, answer.sentence) == (Verdict.NA, "A vendor serves this model; there are no files here.")


@pytest.mark.parametrize("check", [Integrity(), Names(), Formats(), Code(), Pickles()], ids=lambda check: check.id)
def test_no_files_is_never_a_pass(tmp_path, check):
    assert check.run(subject(tmp_path, {})).verdict == Verdict.ERROR


@pytest.mark.parametrize("check", [Formats(), Code(), Pickles()], ids=lambda check: check.id)
def test_a_file_without_a_reading_is_never_a_pass(tmp_path, check):
    given_subject = subject(tmp_path)
    unread = Subject(**{name: getattr(given_subject, name) for name in given_subject.__dataclass_fields__} | {"readings": {}})
    assert check.run(unread).verdict == Verdict.ERROR


def test_integrity_passes_the_very_bytes(tmp_path):
    answer = Integrity().run(subject(tmp_path))
    assert answer.verdict == Verdict.PASS
    assert answer.evidence["bytes"] == len(BYTES)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda path: path.write_bytes(b"Weights"), Verdict.FAIL),
        (lambda path: path.write_bytes(b"weights and more"), Verdict.FAIL),
        (lambda path: path.write_bytes(b""), Verdict.FAIL),
        (Path.unlink, Verdict.ERROR),
    ],
)
def test_integrity_sees_changed_and_missing_bytes(tmp_path, change, verdict):
    given_subject = subject(tmp_path)
    change(tmp_path / "bytes")
    answer = Integrity().run(given_subject)
    assert answer.verdict == verdict
    assert answer.findings[0].path == "model.safetensors"


def test_integrity_sees_another_manifest(tmp_path):
    assert Integrity().run(subject(tmp_path, digest="0" * 64)).verdict == Verdict.FAIL


@pytest.mark.parametrize("paths", [("../a",), ("/a",), ("a\\b",), ("CON.txt",), ("Model.bin", "model.bin"), ("a", "a/b")])
def test_names_are_judged_alone_and_together(tmp_path, paths):
    assert Names().run(subject(tmp_path, paths=paths)).verdict == Verdict.FAIL


def test_good_names_pass(tmp_path):
    assert Names().run(subject(tmp_path, paths=("a/b.json", "c.safetensors"))).verdict == Verdict.PASS


@pytest.mark.parametrize(
    ("change", "verdict", "field"),
    [
        ({}, "pass", None),
        ({"risk.limitations": "TBD"}, "fail", "risk.limitations"),
        ({"evaluation.metrics": None}, "fail", "evaluation.metrics"),
        ({"risk.risks": None}, "warn", "risk.risks"),
        ({"no.such_field": 1}, "fail", "no.such_field"),
        ({"technical.parameter_count": "many"}, "fail", "technical.parameter_count"),
    ],
)
def test_card_duties(tmp_path, change, verdict, field):
    answer = CardDuties().run(subject(tmp_path, card=whole_card("T3") | change))
    assert answer.verdict == verdict, answer.findings
    assert [found.where for found in answer.findings] == ([field] if field else [])
    assert not answer.quarantines


def test_hosted_models_owe_their_card_too(tmp_path):
    assert CardDuties().run(subject(tmp_path, {}, hosted=True, card={})).verdict == Verdict.FAIL


WORDS = st.sampled_from([*Verdict.values, "new word", ""])


@given(st.lists(WORDS))
def test_a_run_is_the_worst_of_its_checks(verdicts):
    outcome = worst_of(verdicts)
    counting = set(verdicts) - {"na"}
    assert outcome in {"pass", "warn", "fail", "error"}
    if not counting or counting - {"pass", "warn", "fail"}:
        assert outcome == "error"
    else:
        assert outcome == ("fail" if "fail" in counting else "warn" if "warn" in counting else "pass")


@given(st.lists(WORDS), st.sampled_from(Verdict.values))
def test_one_more_check_never_makes_a_run_better(verdicts, more):
    order = ["pass", "warn", "fail", "error"]
    if set(verdicts) - {"na"}:
        assert order.index(worst_of([*verdicts, more])) >= order.index(worst_of(verdicts))


def test_every_check_is_named_once_and_fits_its_columns():
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert all(isinstance(said, str) for said in (check.id, check.version, check.stage, check.title))
        assert 0 < len(check.id) <= 40
        assert 0 < len(check.version) <= 20
        assert 0 < len(check.stage) <= 20
        assert 0 < len(check.title) <= 120


def test_the_report_says_when_files_were_read_without_a_sandbox(tmp_path):
    """It is allowed for development only, and must not go unnoticed."""
    asked = Formats().run(subject(tmp_path, {"a.safetensors": replace(reading(), profile="unsandboxed"), "b.safetensors": reading()}))
    assert asked.sentence.endswith("Read without a sandbox, as ALLOW_UNSANDBOXED_SCAN lets this installation.")
    assert asked.evidence["sandbox"] == ["landlock", "unsandboxed"]
    assert "without a sandbox" not in Formats().run(subject(tmp_path)).sentence


@pytest.mark.parametrize(("form", "check"), [("pickle", Pickles()), ("torch-zip", Pickles()), ("npz", Code())])
def test_where_two_scanners_disagree_a_reviewer_looks(tmp_path, form, check):
    doubt = Finding("pickle.opinion", "high", "A second scanner calls imports of it dangerous.", "picklescan", "Ask a reviewer.", "other")
    answer = check.run(subject(tmp_path, {"m.bin": Reading(form, "review", [doubt], {}, "landlock")}))
    assert answer.verdict == "warn"
    assert doubt.message in [found.message for found in answer.findings]


def test_a_pickle_that_cannot_be_read_to_its_end_never_passes(tmp_path):
    for verdict, kind in (("error", "other"), ("block", "structure")):
        assert Pickles().run(subject(tmp_path, {"m.pkl": reading(verdict, kind, "pickle")})).verdict in {"error", "fail"}
