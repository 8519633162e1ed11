"""A model in review, and how people decide on it."""

import pytest

from governance.policies.actions import ensure_starter
from governance.reviews.actions import decide, open_review
from governance.reviews.models import Review
from governance.reviews.queries import warned
from governance.validation.models import CheckResult, Finding
from marketplace.activity.models import Delivery
from marketplace.activity.work import deliver
from tests import cast as people
from tests.factories import a_finished_run, a_model, a_submitted_version

REASON = "The evidence is complete and the limits are stated."


def pins(review):
    """What somebody signs who has just loaded the page."""
    review.refresh_from_db()
    return {"manifest_digest": review.manifest_digest, "card_revision": review.card_revision, "run": review.run_id}


def vote(review, by, track="technical", choice="approve", **given):
    """Decide as the page does; `acknowledged=True` stands for every warning."""
    if given.get("acknowledged") is True:
        given["acknowledged"] = list(warned(review))
    return decide(review, track, choice, by=by, **({"reason": REASON} | pins(review) | given))


def a_review(team, by, *, tier="T3", outcome="pass", findings=(), **facts) -> Review:
    """A version whose checks are through, in review."""
    version = a_submitted_version(a_model(team, by, **facts), by, tier=tier)
    run = a_finished_run(version, outcome)
    found(run, *findings)
    return open_review(version, run)


def found(run, *severities):
    """Findings of a run."""
    if severities:
        result = CheckResult.objects.create(
            run=run, check_id="paths", check_version="1", stage="Files", title="Paths", verdict="warn", sentence="Found."
        )
        Finding.objects.bulk_create(Finding(result=result, severity=severity, kind="other", message="Something.") for severity in severities)


def deliver_all():
    """Let the listeners hear everything, as the worker would."""
    for event in dict.fromkeys(Delivery.objects.filter(delivered_at=None).order_by("id").values_list("event", flat=True)):
        deliver(event)
    assert not Delivery.objects.filter(attempts__gt=0).exists(), list(Delivery.objects.filter(attempts__gt=0).values_list("fault", flat=True))


@pytest.fixture
def starter(db):
    """The policy that ships."""
    return ensure_starter()


@pytest.fixture
def review(cast, starter):
    """A T3 version of finance-ml by nina, waiting for one technical reviewer."""
    return a_review(cast.finance_ml, cast.nina)


@pytest.fixture
def committed(transactional_db):
    """The cast in a database where commits are real."""
    world = people.load()
    ensure_starter()
    return world
