"""Opening a review: tracks, due date, automatic approval, tracks that nobody can decide."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from catalog.registry.models import ModelVersion
from governance.reviews.actions import open_review
from governance.reviews.models import Review
from governance.reviews.queries import deciders_of, undecidable
from marketplace.accounts.actions import give_role, take_role
from marketplace.activity.actions import record
from marketplace.activity.models import Event
from marketplace.activity.queries import details_of
from marketplace.errors import Conflict
from marketplace.notifications.models import Notice
from tests.factories import a_card, a_finished_run, a_model, a_submitted_version
from tests.governance.reviews.conftest import a_review, deliver_all, found


@pytest.mark.parametrize(
    ("tier", "tracks"),
    [("T1", {"model_risk", "security", "business_owner"}), ("T2", {"technical", "security"}), ("T3", {"technical"})],
)
def test_a_review_asks_the_tracks_of_the_pinned_policy(cast, starter, tier, tracks):
    review = a_review(cast.finance_ml, cast.nina, tier=tier)
    assert {row.track for row in review.tracks.all()} == tracks
    assert review.version.__class__.objects.get(pk=review.version_id).state == "in_review"
    assert review.due_at.weekday() < 5
    assert review.policy == "starter@1"


def test_opening_twice_gives_the_same_review(cast, starter):
    review = a_review(cast.finance_ml, cast.nina)
    events = Event.objects.count()
    assert open_review(review.version, review.run) == review
    assert Event.objects.count() == events
    assert Review.objects.count() == 1


def test_a_private_model_is_opened_to_the_reviewers_of_its_tracks(cast, starter):
    review = a_review(cast.secret_lab, cast.sam, visibility="team")
    assert review.version.model.__class__.objects.get(pk=review.version.model_id).open_to == ["track:technical"]


@pytest.mark.parametrize("outcome", ["fail", "error"])
def test_checks_that_did_not_pass_open_no_review(cast, starter, outcome):
    version = a_submitted_version(a_model(cast.finance_ml, cast.nina), cast.nina)
    with pytest.raises(Conflict, match="not through"):
        open_review(version, a_finished_run(version, outcome))
    assert not Review.objects.exists()


def test_a_run_of_other_inputs_opens_no_review(cast, starter):
    version = a_submitted_version(a_model(cast.finance_ml, cast.nina), cast.nina)
    run = a_finished_run(version)
    ModelVersion.objects.filter(pk=version.pk).update(card_revision=2)
    with pytest.raises(Conflict, match="something else"):
        open_review(version, run)


@pytest.mark.parametrize("findings", [[], ["info"], ["low", "info"]])
def test_t4_is_approved_automatically_without_a_finding_of_weight(cast, starter, findings):
    version = a_submitted_version(a_model(cast.finance_ml, cast.nina), cast.nina, tier="T4")
    run = a_finished_run(version)
    found(run, *findings)
    assert open_review(version, run) is None
    version.refresh_from_db()
    approval = version.approvals.get()
    assert version.state == "approved"
    assert approval.review is None
    assert timedelta(days=89) < approval.valid_until - timezone.now() <= timedelta(days=90)
    assert Event.objects.get(verb="version.approved").actor is None
    assert open_review(version, run) is None, "rung twice it approves once"
    assert version.approvals.count() == 1


@pytest.mark.parametrize("worst", ["medium", "high", "critical"])
def test_t4_with_a_finding_of_weight_goes_to_a_person(cast, starter, worst):
    review = a_review(cast.finance_ml, cast.nina, tier="T4", outcome="warn", findings=["low", worst])
    assert [row.track for row in review.tracks.all()] == ["technical"]
    assert not review.version.approvals.exists()


def test_a_track_that_nobody_can_decide_fails_loud(cast, starter):
    for name in ("tess", "timo"):
        take_role(cast.people[name], "reviewer", track="technical", by=None)
    review = a_review(cast.finance_ml, cast.nina)
    assert undecidable(review) == ["technical"]
    event = Event.objects.get(verb="review.unreachable")
    assert details_of(event)["details"]["tracks"] == ["technical"]
    deliver_all()
    notice = Notice.objects.get(user=cast.gus)
    assert "Nobody can decide Technical" in notice.text
    assert notice.urgent


def test_the_same_person_is_not_counted_for_two_tracks(cast, starter):
    for name in ("sara", "sven"):
        take_role(cast.people[name], "reviewer", track="security", by=None)
    for name in ("tess", "timo"):
        take_role(cast.people[name], "reviewer", track="technical", by=None)
    give_role(cast.ada, "reviewer", track="technical", by=None)
    review = a_review(cast.finance_ml, cast.nina, tier="T2")
    assert [p.username for p in deciders_of(review, ["security"])["security"].can] == ["ada"]
    assert [p.username for p in deciders_of(review, ["technical"])["technical"].can] == ["ada"]
    assert undecidable(review), "ada alone cannot be two people"


def test_reviewers_hear_of_it_and_those_involved_do_not(cast, starter):
    give_role(cast.petra, "reviewer", track="technical", by=None)
    review = a_review(cast.finance_ml, cast.nina)
    deliver_all()
    told = set(Notice.objects.filter(about=f"review:{review.pk}").values_list("user__username", flat=True))
    assert told == {"tess", "timo"}
    deciders = deciders_of(review, ["technical"])["technical"]
    assert [(p.username, why) for p, why in deciders.cannot] == [("petra", "belongs to the owner team finance-ml")]


def test_the_end_of_a_run_opens_the_review(cast, starter):
    version = a_submitted_version(a_model(cast.finance_ml, cast.nina), cast.nina)
    run = a_finished_run(version)
    with transaction.atomic():
        record("run.finished", run, by=None, outcome="pass")
    deliver_all()
    assert Review.objects.get(run=run).state == "open"


def test_an_older_run_opens_nothing(cast, starter):
    version = a_submitted_version(a_model(cast.finance_ml, cast.nina), cast.nina)
    older = a_finished_run(version)
    a_finished_run(version, "error")
    with transaction.atomic():
        record("run.finished", older, by=None, outcome="pass")
    deliver_all()
    assert not Review.objects.exists()


def test_a_card_that_changed_in_between_is_not_what_was_checked(cast, starter):
    model = a_model(cast.finance_ml, cast.nina)
    version = a_submitted_version(model, cast.nina)
    a_card(model, cast.nina, text="# Newer")
    assert open_review(version, a_finished_run(version)).card_revision == 1
