"""When the rules change, everything stored is looked at again: the most used first, a few at a time, and people are told."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from catalog.registry.actions import give_grant
from catalog.registry.models import Approval, ModelVersion, RegisteredModel
from catalog.registry.queries import approvals_in_force
from catalog.registry.states import VersionState
from governance.reviews.models import Review
from governance.validation import checks, queries, tasks, work
from governance.validation.actions import submit
from governance.validation.checks.base import CheckAnswer, Found
from governance.validation.models import CheckResult, ValidationRun
from governance.validation.ruleset import present
from governance.validation.states import Reason, RunState, Severity, Verdict
from governance.validation.work import rescanning
from marketplace.activity.models import Event
from marketplace.celery import app
from marketplace.notifications.models import Notice
from tests.factories import a_model, an_approved_version
from tests.governance.reviews.conftest import REASON, deliver_all, pins
from tests.governance.validation.build import edited_card
from tests.governance.validation.work.seeing import Broken, checked

pytestmark = pytest.mark.full

FINE = CheckAnswer(Verdict.PASS, "Fine.")
EVIL = CheckAnswer(Verdict.FAIL, "Evil.", {}, (Found(Severity.CRITICAL, "code", "It runs code.", "model.safetensors"),), quarantines=True)


@pytest.fixture
def newer(monkeypatch):
    """A check that later rules have; it says what it is told."""
    check = Broken(FINE)

    def arrives(answer):
        check.answer = answer
        monkeypatch.setattr(checks, "CHECKS", (*[c for c in checks.CHECKS if c is not check], check))

    return arrives


def approved(cast, name="sorter", **options):
    """A version that went all the way, under the rules of now."""
    run, version = checked(cast, name=name, **options)
    deliver_all()
    from governance.reviews.actions import decide

    review = Review.objects.get(version=version)
    decide(review, "technical", "approve", by=cast.tess, reason=REASON, **pins(review))
    version.refresh_from_db()
    assert version.state == VersionState.APPROVED
    return version


def look_again():
    made = work.ask_for_rescans()
    for run in made:
        work.run_checks(run)
    deliver_all()
    return list(ValidationRun.objects.filter(pk__in=made).order_by("pk"))


def told(person):
    return list(Notice.objects.filter(user=person, read_at=None).values_list("text", flat=True))


def test_under_the_same_rules_nothing_is_looked_at_again(cast):
    approved(cast)
    assert work.ask_for_rescans() == []


def test_new_rules_look_at_what_is_stored_and_leave_what_is_fine(cast, newer):
    version = approved(cast)
    newer(FINE)
    [run] = look_again()
    version.refresh_from_db()
    assert (run.reason, run.outcome, run.requested_by) == (Reason.RESCAN, Verdict.PASS, None)
    assert version.state == VersionState.APPROVED
    assert run.rule_set_id == present().digest
    assert look_again() == []
    assert Review.objects.filter(version=version).count() == 1


def test_what_is_dangerous_now_is_locked_away_at_once_and_its_users_are_told(cast, newer):
    version = approved(cast)
    give_grant(version.model, team=cast.claims_api, use_case=version.use_case, until=timezone.now() + timedelta(days=9), by=cast.paul)
    newer(EVIL)
    look_again()
    version.refresh_from_db()
    assert version.state == VersionState.QUARANTINED
    assert not approvals_in_force().filter(version=version).exists()
    assert Approval.objects.get(version=version).void_reason == "Quarantined."
    for person in (cast.nina, cast.ivo, cast.ada):
        assert any("quarantined" in text for text in told(person)), person
    assert Event.objects.filter(verb="version.quarantined").count() == 1
    assert look_again() == [], "it is not looked at again in quarantine"


def test_what_fails_now_is_stopped_until_two_of_security_lift_it(cast, newer):
    version = approved(cast)
    newer(CheckAnswer(Verdict.FAIL, "Broken."))
    look_again()
    version.refresh_from_db()
    assert (version.state, version.suspended_by) == (VersionState.SUSPENDED, None)
    assert "checked again" in version.state_note
    assert any("stopped by a check" in text for text in told(cast.ada))
    assert look_again() == []


def test_what_a_card_lacks_today_stops_nobody(cast, newer, monkeypatch):
    version = approved(cast)
    monkeypatch.setattr(Broken, "stage", "Card")
    newer(CheckAnswer(Verdict.FAIL, "A new duty."))
    [run] = look_again()
    version.refresh_from_db()
    assert (run.outcome, version.state) == (Verdict.FAIL, VersionState.APPROVED)


def test_what_could_not_be_looked_at_stays_and_is_tried_three_times(cast, newer):
    version = approved(cast)
    newer(CheckAnswer(Verdict.ERROR, "Away."))
    for _ in range(3):
        [run] = look_again()
        assert run.outcome == Verdict.ERROR
        assert look_again() == [], "not at once"
        ValidationRun.objects.filter(reason=Reason.RESCAN).update(finished_at=Now() - queries.TRY_AGAIN)
    assert look_again() == [], "three, then no more under these rules"
    version.refresh_from_db()
    assert version.state == VersionState.APPROVED
    assert any("could not be checked" in text for text in told(cast.ada))
    newer(FINE)
    monkey = checks.CHECKS[-1]
    monkey.version = "2"
    [run] = look_again()
    assert run.outcome == Verdict.PASS
    assert not any("could not be checked" in text for text in told(cast.ada)), "the call is taken back"


def test_the_most_used_come_first_and_only_some_at_a_time(cast, starter_world, newer, monkeypatch):
    few, many, some = starter_world
    RegisteredModel.objects.filter(pk=many.model_id).update(pulls_30d=900)
    RegisteredModel.objects.filter(pk=some.model_id).update(pulls_30d=30)
    monkeypatch.setattr(rescanning, "PER_TICK", 2)
    runs = work.ask_for_rescans()
    assert [ValidationRun.objects.get(pk=run).version_id for run in runs] == [many.pk, some.pk]
    assert [ValidationRun.objects.get(pk=run).version_id for run in work.ask_for_rescans()] == [few.pk]
    monkeypatch.setattr(rescanning, "MOST_OPEN", 3)
    assert work.ask_for_rescans() == []


@pytest.fixture
def starter_world(cast):
    from governance.policies.actions import ensure_starter

    ensure_starter()
    return [an_approved_version(a_model(cast.finance_ml, cast.nina, name), cast.nina) for name in ("few", "many", "some")]


def test_asked_twice_at_once_it_is_one_rescan(cast, starter_world, monkeypatch):
    first = rescanning._ask(starter_world[0], 1, "0")
    assert rescanning._ask(starter_world[0], 1, "0") is None
    assert first is not None


def test_a_rescan_stands_in_nobodys_way(cast, newer):
    run, version = checked(cast, files={"model.safetensors": b"\x08\x00\x00\x00\x00\x00\x00\x00{}"})
    assert version.state == VersionState.VALIDATION_FAILED
    ModelVersion.objects.filter(pk=version.pk).update(state=VersionState.CHANGES_REQUESTED)
    newer(FINE)
    [pending] = work.ask_for_rescans()
    version.refresh_from_db()
    edited_card(version, cast.nina, **{"risk.limitations": "Other words."})
    mine = submit(version, by=cast.nina)
    assert queries.latest_run(version).pk == mine.pk
    work.run_checks(pending)
    version.refresh_from_db()
    assert version.state == VersionState.VALIDATING, "a rescan of what was there before moves nothing"
    work.run_checks(mine.pk)
    assert queries.latest_run_of_model(version.model).pk == mine.pk


def test_while_a_rescan_waits_the_last_answer_stands(cast, signed_in, newer):
    version = approved(cast)
    newer(FINE)
    work.ask_for_rescans()
    page = signed_in(cast.nina).get(f"/m/{version.model}/v/{version.version}").content.decode()
    assert "Checks under way" not in page
    counted = CheckResult.objects.filter(run__version=version, run__state="finished").exclude(verdict="na").count()
    assert f"{counted} of {counted} checks passed" in page


def test_the_clock_rings_for_rescans(cast, newer, monkeypatch):
    approved(cast)
    newer(FINE)
    rung = []
    monkeypatch.setattr(tasks.run_checks, "apply_async", lambda args, **_: rung.extend(args))
    tasks.look_again()
    assert rung == [str(ValidationRun.objects.get(reason=Reason.RESCAN).pk)]
    assert ValidationRun.objects.get(reason=Reason.RESCAN).state == RunState.WAITING
    assert app.conf.beat_schedule["look again at what older rules judged"]["task"] == tasks.look_again.name
    tasks.clear_old_answers()


def test_versions_in_review_are_not_approved_over_a_newer_failure(cast, newer):
    from governance.reviews.actions import decide
    from marketplace.errors import Conflict

    _, version = checked(cast, name="in-review")
    deliver_all()
    review = Review.objects.get(version=version)
    newer(CheckAnswer(Verdict.FAIL, "Broken."))
    look_again()
    with pytest.raises(Conflict, match="failed"):
        decide(review, "technical", "approve", by=cast.tess, reason=REASON, **pins(review))
    assert decide(review, "technical", "request_changes", by=cast.tess, reason=REASON, **pins(review))
