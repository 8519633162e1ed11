"""Where a run leads, with real files and the real bounded child; a check that stumbles has not passed."""

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.storage import default_storage

from catalog.artifacts.models import ModelFile
from catalog.artifacts.storage import key
from catalog.registry.states import VersionState
from governance.validation import checks, queries, work
from governance.validation.actions import submit
from governance.validation.checks.base import CheckAnswer
from governance.validation.models import Finding
from governance.validation.states import Verdict
from marketplace.activity.models import Event
from tests.catalog.artifacts.build import good, stack_global
from tests.factories import safetensors
from tests.governance.validation.build import edited_card, ready, whole_card
from tests.governance.validation.work.seeing import Broken, checked, verdicts


def test_a_good_version_passes_and_waits_for_its_review(cast):
    run, version = checked(cast)
    assert (run.state, run.outcome, run.done, run.total, run.attempts, run.fence) == ("finished", "pass", *[len(checks.CHECKS)] * 2, 1, 1)
    assert set(verdicts(run)) == {check.id for check in checks.CHECKS}
    assert version.state == VersionState.VALIDATING
    assert run.finished_at >= run.started_at
    assert queries.run_that_passed(run.pk) == run
    event = Event.objects.get(verb="run.finished")
    assert '"applies":true' in event.body


def test_facts_are_noted_on_the_files_and_offered_to_the_card(cast):
    run, version = checked(cast)
    file = ModelFile.objects.get(version=version)
    assert file.format == "safetensors"
    facts = queries.found_facts(version)
    assert facts["technical.parameter_count"][0] == 16
    assert facts["technical.precision"][0] == ["F32"]
    assert facts["technical.format"] == (["safetensors"], "model.safetensors")
    assert facts["security.remote_code"][0] == "no"
    assert "model.safetensors" in facts["technical.parameter_count"][1]


KNOWN = b"\x80\x04" + stack_global("sklearn.linear_model._base", "LinearRegression") + b")\x81."


@pytest.mark.parametrize(
    ("files", "outcome", "state", "bad"),
    [
        ({"model.safetensors": safetensors()[:-3]}, "fail", VersionState.VALIDATION_FAILED, {"formats"}),
        ({"model.safetensors": safetensors(), "run.py": b"print('hello')\n"}, "fail", VersionState.QUARANTINED, {"formats", "code"}),
        ({"model.pkl": good("malicious")}, "fail", VersionState.QUARANTINED, {"formats", "pickles"}),
        ({"model.safetensors": good("malicious")}, "fail", VersionState.QUARANTINED, {"formats", "pickles"}),
        ({"model.pkl": KNOWN}, "warn", VersionState.VALIDATING, set()),
        ({"model.pkl": good("pickle")}, "pass", VersionState.VALIDATING, set()),
    ],
    ids=["cut off", "python", "pickle", "pickle in disguise", "known pickle", "plain pickle"],
)
def test_where_the_outcome_leads(cast, files, outcome, state, bad):
    run, version = checked(cast, files=files)
    assert (run.outcome, version.state) == (outcome, state), list(queries.findings_of(run))
    assert {check for check, verdict in verdicts(run).items() if verdict == "fail"} == bad
    assert run.quarantines is (state == VersionState.QUARANTINED)
    if bad:
        assert version.state_note
        assert queries.run_that_passed(run.pk) is None
        assert Finding.objects.filter(result__run=run).exclude(fix="").exists()


def test_a_hosted_model_passes_by_its_card_alone(cast):
    run, version = checked(cast, kind="hosted", origin="vendor")
    said = verdicts(run)
    assert run.outcome in {"pass", "warn"}, list(queries.findings_of(run))
    about_words = {check.id for check in checks.CHECKS if not {"files", "readings"} & check.needs} - {"upstream"} | {"licence", "links"}
    assert {check for check, verdict in said.items() if verdict == "na"} == set(said) - about_words
    assert queries.found_facts(version) == {}


def test_missing_bytes_could_not_be_checked(cast):
    version = ready(cast)
    run = submit(version, by=cast.nina)
    default_storage.delete(key(version.files.get().blob_id))
    work.run_checks(run.pk)
    run.refresh_from_db()
    version.refresh_from_db()
    assert (run.outcome, version.state) == (Verdict.ERROR, VersionState.VALIDATION_FAILED)
    assert "could not run" in version.state_note


def test_what_the_files_do_not_tell_is_asked_after_the_run(cast):
    card = {key: value for key, value in whole_card().items() if key != "technical.architecture"}
    run, version = checked(cast, card=card)
    assert (run.outcome, version.state) == ("fail", VersionState.VALIDATION_FAILED)
    assert queries.findings_of(run)[0].where == "technical.architecture"
    assert "card.technical.architecture" in queries.to_do(version).missing
    edited_card(version, cast.nina, **{"technical.architecture": "Linear"})
    again = submit(version, by=cast.nina)
    work.run_checks(again.pk)
    again.refresh_from_db()
    assert again.outcome in {"pass", "warn"}
    fixed = queries.compare_with_previous(queries.latest_run(version), queries.findings_of(again))
    assert [finding.where for finding in fixed.fixed] == ["technical.architecture"]
    assert fixed.before == run.pk


@pytest.mark.parametrize(
    "answer",
    [ZeroDivisionError("x"), MemoryError(), None, "pass", CheckAnswer("good", "New word."), CheckAnswer(Verdict.PASS, "")],
    ids=repr,
)
def test_a_check_that_crashes_or_talks_nonsense_is_never_passed(cast, monkeypatch, answer):
    monkeypatch.setattr(checks, "CHECKS", (*checks.CHECKS, Broken(answer)))
    run, version = checked(cast)
    assert verdicts(run)["broken"] == Verdict.ERROR
    assert (run.outcome, version.state) == (Verdict.ERROR, VersionState.VALIDATION_FAILED)
    assert verdicts(run)["card"] != Verdict.ERROR


def test_a_run_that_takes_too_long_ends_as_error_at_once(cast, monkeypatch):
    monkeypatch.setattr(checks, "CHECKS", (Broken(SoftTimeLimitExceeded()), *checks.CHECKS))
    run, version = checked(cast)
    assert (run.outcome, version.state) == (Verdict.ERROR, VersionState.VALIDATION_FAILED)
    unanswered = {check.id for check in checks.CHECKS if check.stage not in {"Intake", "Integrity"}}
    assert {check for check, verdict in verdicts(run).items() if verdict == Verdict.ERROR} == unanswered
