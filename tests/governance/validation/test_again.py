"""Asking checks again: who may, when, what stands, and what follows."""

import pytest

from catalog.registry.actions import move_version
from catalog.registry.states import VersionState
from governance.validation import checks, work
from governance.validation.actions import rerun, submit
from governance.validation.checks.base import CheckAnswer, Found
from governance.validation.models import CheckResult, ValidationRun
from governance.validation.states import RunState, Severity, Verdict
from marketplace.activity.models import Event
from marketplace.errors import Conflict, Invalid, NotAllowed
from tests.governance.reviews.conftest import deliver_all
from tests.governance.validation.build import ready
from tests.governance.validation.work.seeing import Broken, checked, verdicts


@pytest.fixture
def stumbling(monkeypatch):
    """A check that could not run, until it is told to."""
    check = Broken(ZeroDivisionError())
    monkeypatch.setattr(checks, "CHECKS", (*checks.CHECKS, check))
    return check


def again(version, by, **more):
    run = rerun(version, by=by, **more)
    work.run_checks(run.pk)
    run.refresh_from_db()
    version.refresh_from_db()
    return run


def test_what_could_not_run_runs_again_and_the_version_goes_on(cast, stumbling):
    first, version = checked(cast)
    assert (first.outcome, version.state) == (Verdict.ERROR, VersionState.VALIDATION_FAILED)
    stumbling.answer = CheckAnswer(Verdict.PASS, "Fine.")
    run = again(version, cast.nina, check="broken")
    assert (run.outcome, version.state) == (Verdict.PASS, VersionState.VALIDATING)
    carried = dict(CheckResult.objects.filter(run=run).values_list("check_id", "carried_from"))
    assert carried.pop("broken") is None
    assert set(carried.values()) == {first.pk}, "the others were not asked"
    deliver_all()
    version.refresh_from_db()
    assert version.state == VersionState.IN_REVIEW
    assert Event.objects.filter(verb="version.checked_again").count() == 1


def test_all_checks_again_asks_everything(cast, stumbling):
    _, version = checked(cast)
    stumbling.answer = CheckAnswer(Verdict.PASS, "Fine.")
    run = again(version, cast.nina)
    assert set(CheckResult.objects.filter(run=run).values_list("carried_from", flat=True)) == {None}
    assert run.outcome == Verdict.PASS


def test_answers_about_something_else_do_not_stand(cast, stumbling, monkeypatch):
    _, version = checked(cast)
    stumbling.answer = CheckAnswer(Verdict.PASS, "Fine.")
    monkeypatch.setattr(checks.CHECKS[0].__class__, "version", "2")
    run = again(version, cast.nina, check="broken")
    carried = dict(CheckResult.objects.filter(run=run).values_list("check_id", "carried_from"))
    assert {check for check, source in carried.items() if source is None} == {"broken", "integrity"}


def test_findings_are_carried_along(cast, stumbling, monkeypatch):
    class Warns(Broken):
        id = "warns"

    monkeypatch.setattr(checks, "CHECKS", (Warns(CheckAnswer(Verdict.WARN, "Hm.", {}, (Found(Severity.LOW, "other", "Look."),))), *checks.CHECKS))
    _, version = checked(cast)
    stumbling.answer = CheckAnswer(Verdict.PASS, "Fine.")
    run = again(version, cast.nina, check="broken")
    assert run.outcome == Verdict.WARN
    assert [finding.message for result in CheckResult.objects.filter(run=run) for finding in result.findings.all()] == ["Look."]


@pytest.mark.parametrize(
    ("person", "may"), [("nina", True), ("paul", True), ("ada", True), ("bea", False), ("aud", False), ("gus", False), ("ivo", False)]
)
def test_who_may_ask_again(cast, stumbling, person, may):
    _, version = checked(cast)
    by = getattr(cast, person)
    if may:
        assert rerun(version, by=by).requested_by == by
    else:
        with pytest.raises(NotAllowed):
            rerun(version, by=by)
        assert ValidationRun.objects.count() == 1


def test_not_while_they_are_under_way_nor_before_nor_in_quarantine(cast):
    draft = ready(cast)
    with pytest.raises(Conflict, match="draft"):
        rerun(draft, by=cast.nina)
    submit(draft, by=cast.nina)
    with pytest.raises(Conflict, match="under way"):
        rerun(draft, by=cast.nina)
    _, bad = checked(cast, files={"run.py": b"print(1)\n"}, name="bad")
    with pytest.raises(Conflict, match="quarantined"):
        rerun(bad, by=cast.nina)
    _, failed = checked(cast, files={"model.safetensors": b"\x08\x00\x00\x00\x00\x00\x00\x00{}"}, name="failed")
    with pytest.raises(Invalid):
        rerun(failed, by=cast.nina, check="no-such-check")
    assert rerun(failed, by=cast.nina).state == RunState.WAITING


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (CheckAnswer(Verdict.PASS, "Fine."), VersionState.APPROVED),
        (CheckAnswer(Verdict.ERROR, "Away."), VersionState.APPROVED),
        (CheckAnswer(Verdict.FAIL, "Broken."), VersionState.SUSPENDED),
        (CheckAnswer(Verdict.FAIL, "Evil.", quarantines=True), VersionState.QUARANTINED),
    ],
    ids=["fine", "could not run", "fails", "dangerous"],
)
def test_what_is_found_later_only_takes_away(cast, stumbling, answer, state):
    stumbling.answer = CheckAnswer(Verdict.PASS, "Fine.")
    _, version = checked(cast)
    move_version(version, VersionState.IN_REVIEW, verb="version.review_opened", by=None)
    move_version(version, VersionState.APPROVED, verb="version.approved", by=None)
    stumbling.answer = answer
    run = again(version, cast.nina)
    assert (version.state, run.outcome) == (state, answer.verdict)
    assert not Event.objects.filter(verb="version.checked_again").exists()


def test_a_page_asks_again_and_says_why_not(cast, signed_in, stumbling):
    run, version = checked(cast)
    client = signed_in(cast.nina)
    page = client.get(f"/checks/{run.pk}").content.decode()
    assert "Run again" in page
    assert "Run again" not in signed_in(cast.bea).get(f"/checks/{run.pk}").content.decode()
    assert signed_in(cast.bea).post(f"/checks/{run.pk}/again").status_code == 403
    client = signed_in(cast.nina)
    assert client.post(f"/checks/{run.pk}/again", {"check": "nonsense"}).status_code == 422
    answer = client.post(f"/checks/{run.pk}/again", {"check": "broken"})
    assert answer.status_code == 303
    assert client.post(f"/checks/{run.pk}/again", {"check": "broken"}).status_code == 409
    assert "There is a newer run" in client.get(f"/checks/{run.pk}").content.decode()
    assert answer["Location"] == f"/checks/{ValidationRun.objects.filter(version=version).first().pk}"


def test_a_program_asks_again(cast, client, token_of, stumbling):
    _, version = checked(cast)
    path = f"/api/v1/models/{version.model}/versions/{version.version}/checks"
    ask = {"content_type": "application/json", "headers": token_of(cast.nina)}
    assert client.post(path, {"check": "nonsense"}, **ask).status_code == 422
    answer = client.post(path, {"check": "broken"}, **ask)
    assert answer.status_code == 202
    body = answer.json()
    assert (body["state"], body["reason"], body["only"]) == ("waiting", "rerun", "broken")
    work.run_checks(body["run"])
    whole = client.get(f"/api/v1/checks/{body['run']}", headers=token_of(cast.nina, "read")).json()
    assert (whole["outcome"], len(whole["checks"]), len(whole["rules"])) == ("error", whole["total"], 64)
    assert verdicts(ValidationRun.objects.get(pk=body["run"]))["broken"] == "error"
