"""Who is told what about reviews and versions, and the panels on other pages."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import RequestFactory
from django.utils import timezone

from catalog.registry.actions import give_grant, move_version
from catalog.registry.models import ModelVersion
from governance.reviews import panels
from governance.reviews.actions import comment, quarantine_version, suspend_version
from governance.reviews.notices import tell_about_version
from governance.reviews.work import warn_of_ends
from governance.validation.actions import submit
from marketplace.activity.models import Event
from marketplace.notifications.models import Notice
from marketplace.web import slots
from marketplace.web.context import Nav
from tests.factories import a_model, a_use_case, an_approved_version
from tests.governance.reviews.conftest import REASON, a_review, deliver_all, vote
from tests.governance.validation.build import ready


def told(about, **more):
    """Who has an unread notice about a thing."""
    return set(Notice.objects.filter(about=about, read_at=None, **more).values_list("user__username", flat=True))


def seen_by(person, slot, name, thing):
    """A panel as somebody sees it."""
    request = RequestFactory().get("/")
    request.user = person
    return slots.panel(slot, name, request, thing).html


def test_the_call_to_decide_goes_away_with_the_decision(cast, starter):
    review = a_review(cast.finance_ml, cast.nina, tier="T2")
    deliver_all()
    assert told(f"review:{review.pk}") == {"tess", "timo", "ada", "sara", "sven"}
    vote(review, cast.tess)
    deliver_all()
    assert told(f"review:{review.pk}") == {"ada", "sara", "sven"}
    vote(review, cast.ada, "security")
    deliver_all()
    assert told(f"review:{review.pk}") == set()


@pytest.mark.parametrize(
    ("choice", "level", "words"),
    [("approve", "affects_you", "was approved"), ("reject", "affects_you", REASON), ("request_changes", "needs_you", REASON)],
)
def test_the_submitter_and_the_owners_get_the_answer_at_once(cast, review, choice, level, words):
    vote(review, cast.tess, choice=choice)
    deliver_all()
    about = f"version:{review.version_id}"
    assert told(about, level=level, urgent=True) == {"nina", "paul", "petra"}
    assert words in Notice.objects.get(about=about, user=cast.nina).text


@pytest.fixture
def used(cast, starter):
    """An approved version that sales and ivo may use."""
    version = an_approved_version(a_model(cast.finance_ml, cast.nina), cast.nina, days=100)
    use_case = a_use_case(cast.sales, cast.sonja)
    until = timezone.now() + timedelta(days=50)
    for subject in ({"team": cast.sales}, {"user": cast.ivo}):
        give_grant(version.model, use_case=use_case, until=until, by=None, **subject)
    deliver_all()
    Notice.objects.all().delete()
    return version


def test_news_that_is_heard_late_takes_nothing_away_and_says_nothing_old(cast, starter):
    version = ready(cast)
    submit(version, by=cast.nina)
    late = Event.objects.get(verb="version.submitted", subject_id=version.pk)
    version.refresh_from_db()
    with transaction.atomic():
        move_version(version, "validation_failed", verb="version.checks_failed", by=None, note="“Formats” failed.")
    deliver_all()
    assert told(f"version:{version.pk}", level="needs_you") == {"nina", "paul", "petra"}
    tell_about_version(late)
    assert told(f"version:{version.pk}", level="needs_you") == {"nina", "paul", "petra"}


def test_people_are_told_the_note_of_the_moment_it_happened(cast, used):
    suspend_version(used, reason=REASON, by=cast.ada)
    ModelVersion.objects.filter(pk=used.pk).update(state_note="")
    deliver_all()
    assert Notice.objects.get(user=cast.bea).text == f"{used}, which you may use, was suspended: {REASON}"


@pytest.mark.parametrize("stop", [suspend_version, quarantine_version])
def test_those_who_may_use_it_hear_that_it_was_stopped(cast, used, stop):
    stop(used, reason=REASON, by=cast.ada)
    deliver_all()
    assert told(f"version:{used.pk}", urgent=True) == {"nina", "paul", "petra", "sonja", "bea", "ivo"}
    assert "which you may use" in Notice.objects.get(user=cast.bea).text


def test_ends_are_told_once_at_each_threshold_to_owners_and_to_users_of_that_use(cast, used):
    approval = used.approvals.get()
    give_grant(used.model, use_case=approval.use_case, until=timezone.now() + timedelta(days=50), by=None, user=cast.bea)
    end = approval.valid_until
    told_at = {days: warn_of_ends(end - timedelta(days=days, hours=-1)) for days in (40, 30, 29, 14, 7, 2, 1)}
    assert told_at == {40: 0, 30: 4, 29: 0, 14: 4, 7: 4, 2: 0, 1: 4}
    assert told(f"approval:{approval.pk}:30") == {"nina", "paul", "petra", "bea"}


def test_the_conversation_tells_the_others(cast, review):
    comment(review, "Which languages?", by=cast.tess)
    comment(review, "All of them.", by=cast.nina)
    deliver_all()
    assert told(f"conversation:{review.pk}") == {"nina", "paul", "petra", "tess"}
    assert Notice.objects.get(user=cast.paul, about=f"conversation:{review.pk}").count == 2


def test_the_figures_of_the_top_bar(cast, review):
    assert (Nav(user=cast.tess).reviewer, Nav(user=cast.tess).open_decisions) == (True, 1)
    assert (Nav(user=cast.rita).reviewer, Nav(user=cast.rita).open_decisions) == (True, 0)
    assert (Nav(user=cast.bea).reviewer, Nav(user=cast.bea).open_decisions) == (False, 0)


def test_the_home_page_says_what_needs_somebody(cast, review):
    assert f"Decide on {review.version}" in seen_by(cast.tess, "home", "needs-you", None)
    assert "Nothing needs you" in seen_by(cast.bea, "home", "needs-you", None)


def test_the_model_page_tells_what_was_decided(cast, review):
    vote(review, cast.tess, conditions=["Log every answer."])
    panel = seen_by(cast.bea, "model", "governance", review.version.model)
    assert "Tess" in panel
    assert "starter@1" in panel
    assert "Log every answer." in panel
    assert f'href="/reviews/{review.number}"' not in panel, "bea may not open the review"
    assert f'href="/reviews/{review.number}"' in seen_by(cast.tess, "model", "governance", review.version.model)


def test_the_version_page_shows_what_is_needed_and_the_steps(cast, review):
    mine = seen_by(cast.nina, "version", "governance", review.version)
    assert "What is still needed" in mine
    assert "Withdraw" in mine
    assert "Suspend" not in mine
    vote(review, cast.tess)
    review.version.refresh_from_db()
    assert "Suspend" in seen_by(cast.ada, "version", "governance", review.version)
    assert "Steps" not in seen_by(cast.bea, "version", "governance", review.version)
    assert panels.open_decisions(cast.tess) == 0


def test_whoever_left_the_team_hears_no_more_of_a_model_that_is_hidden_from_them(cast, starter):
    review = a_review(cast.secret_lab, cast.sam, visibility="team")
    ModelVersion.objects.filter(pk=review.version_id).update(submitted_by=cast.nina)
    review.comments.create(author=cast.nina, text="I sent it.")
    review.comments.create(author=cast.tess, text="I read it.")
    comment(review, "Something for those who may read it.", by=cast.sam)
    quarantine_version(review.version, reason="It leaks what it was trained on.", by=cast.ada)
    deliver_all()
    assert told(f"conversation:{review.pk}") == {"tess"}
    assert told(f"version:{review.version_id}") == {"sam"}
