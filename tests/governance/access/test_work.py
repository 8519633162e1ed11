"""Late decisions are reminded of, and access that nobody needs any more ends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.registry.models import AccessGrant
from catalog.registry.queries import approval_for_use
from governance.access import work
from governance.access.actions import ask_for_access, give_back, say_still_needed
from governance.access.models import AccessPart
from marketplace.activity.models import Event
from marketplace.activity.queries import details_of
from marketplace.errors import Conflict, NotAllowed
from marketplace.notifications.models import Notice
from tests.factories import a_service_account
from tests.governance.access.conftest import ask, decide, in_days, rule, the_part

DAY = timedelta(days=1)


@pytest.fixture
def grant(cast, model):
    """What claims-api was granted."""
    decide(the_part(ask(model, cast.ivo, until=in_days(365))), cast.paul)
    return AccessGrant.objects.get(team=cast.claims_api)


def questions_to(person):
    return Notice.objects.filter(user=person, about__startswith="still-needed:")


def the_day_after(grant, days):
    return grant.created_at + days * DAY + timedelta(minutes=1)


def test_before_the_review_period_nobody_is_asked(cast, grant):
    assert work.watch_over_use(the_day_after(grant, 179)) == (0, 0)
    assert not questions_to(cast.ivo).exists()


def test_silence_ends_a_grant_after_two_warnings(cast, grant, model):
    asked_at = the_day_after(grant, 180)
    asked, ended = work.watch_over_use(asked_at)
    assert (asked, ended) == (2, 0)  # the owner team holds one too
    grant.refresh_from_db()
    assert grant.confirm_by == asked_at + 14 * DAY
    assert questions_to(cast.ivo).count() == 1
    for later, told in ((5, 1), (7, 2), (8, 2), (13, 3), (13.9, 3)):
        work.watch_over_use(asked_at + later * DAY)
        assert questions_to(cast.ivo).count() == told, later
    assert approval_for_use(cast.ivo, model.versions.get()) is not None
    assert work.watch_over_use(asked_at + 14 * DAY) == (0, 2)
    assert approval_for_use(cast.ivo, model.versions.get()) is None
    grant.refresh_from_db()
    assert grant.ended_at is not None
    reasons = [details_of(e)["details"]["reason"] for e in Event.objects.filter(verb="grant.ended")]
    assert reasons == ["nobody said that it is still needed"] * 2
    assert not questions_to(cast.ivo).filter(read_at=None).exists()
    assert Notice.objects.filter(user=cast.ivo, about=f"lapsed:{grant.pk}").exists()
    assert work.watch_over_use(asked_at + 15 * DAY) == (0, 0)


def test_a_worker_that_slept_still_gives_two_weeks(cast, grant):
    work.watch_over_use(the_day_after(grant, 300))
    grant.refresh_from_db()
    assert grant.ended_at is None
    assert grant.confirm_by == the_day_after(grant, 314)


def test_a_yes_lets_it_go_on_for_another_period(cast, grant):
    asked_at = the_day_after(grant, 180)
    work.watch_over_use(asked_at)
    grant.refresh_from_db()
    say_still_needed(grant, by=cast.ivo)
    assert (grant.confirm_by, grant.confirmed_at is not None) == (None, True)
    assert not questions_to(cast.ivo).filter(read_at=None).exists()
    work.watch_over_use(asked_at + 14 * DAY)
    grant.refresh_from_db()
    assert grant.ended_at is None
    assert Event.objects.filter(verb="grant.confirmed").count() == 1


def test_the_rule_of_the_model_sets_the_period(cast, grant, model):
    rule(model, cast.paul, review_days=30)
    assert work.watch_over_use(the_day_after(grant, 29))[0] == 0
    assert work.watch_over_use(the_day_after(grant, 30))[0] == 2


def test_only_the_holder_says_so(cast, grant):
    for who in (cast.paul, cast.bea, cast.ci_claims, cast.root):
        with pytest.raises(NotAllowed):
            say_still_needed(grant, by=who)
        if who != cast.paul:
            with pytest.raises(NotAllowed):
                give_back(grant, by=who)


def test_for_a_service_account_the_owners_of_its_team_are_asked(cast, model):
    a_service_account(cast.claims_api, cast.ivo, user=cast.ci_claims, use_case=model.versions.get().use_case, environment="test")
    decide(the_part(ask(model, cast.ivo, user=cast.ci_claims, until=in_days(300))), cast.paul)
    work.watch_over_use(timezone.now() + 181 * DAY)
    assert questions_to(cast.ivo).count() == 1
    grant = AccessGrant.objects.get(user=cast.ci_claims)
    say_still_needed(grant, by=cast.ivo)
    assert grant.confirm_by is None


def test_what_is_given_back_ends_at_once(cast, grant, model):
    give_back(grant, by=cast.ivo)
    assert approval_for_use(cast.ivo, model.versions.get()) is None
    assert details_of(Event.objects.get(verb="grant.ended"))["details"]["reason"] == "given back"
    with pytest.raises(Conflict):
        give_back(grant, by=cast.ivo)
    with pytest.raises(Conflict):
        say_still_needed(grant, by=cast.ivo)


def test_renewing_asks_again_and_the_rule_may_grant_it(cast, grant, model):
    rule(model, cast.paul, is_automatic=True, environment="test")
    AccessGrant.objects.filter(pk=grant.pk).update(until=timezone.now() + 5 * DAY)
    wish = {"use_case": grant.use_case, "environment": grant.environment, "data_class": grant.data_class, "until": in_days(180)}
    model.refresh_from_db()
    request = ask_for_access([model], by=cast.ivo, team=cast.claims_api, renews=grant, **wish)
    grant.refresh_from_db()
    assert grant.until == request.until
    assert the_part(request).grant == grant


def test_the_late_are_reminded_once_a_day(cast, model):
    part = the_part(ask(model, cast.ivo))
    assert work.remind_of_overdue(part.due_at - timedelta(minutes=1)) == 0
    late = part.due_at.replace(hour=8) + DAY
    assert work.remind_of_overdue(late) == 2  # paul and petra
    assert work.remind_of_overdue(late + timedelta(hours=9)) == 0
    assert work.remind_of_overdue(late + DAY) == 2


def test_the_clock_of_a_question_reminds_nobody(cast, model):
    part = the_part(ask(model, cast.ivo))
    decide(part, cast.paul, "ask", reason="Which claims do you mean?")
    assert work.remind_of_overdue(part.due_at + 30 * DAY) == 0
    assert AccessPart.objects.get(pk=part.pk).state == "asked"
