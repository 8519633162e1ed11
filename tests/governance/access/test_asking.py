"""Who may ask for what, and what a request must say."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.registry.actions import change_use_case
from catalog.registry.models import AccessGrant
from catalog.registry.queries import approval_for_use
from governance.access.actions import answer_question, withdraw_request
from governance.access.models import AccessDecision, AccessPart, AccessRequest
from governance.access.states import PartState
from governance.access.wishes import day_of, end_of, latest_day
from marketplace.accounts.actions import add_member
from marketplace.activity.models import Event
from marketplace.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.factories import a_service_account, a_use_case
from tests.governance.access.conftest import an_approved_model, ask, decide, in_days, rule, the_part


def test_a_team_asks_and_the_owners_have_three_working_days(cast, model):
    request = ask(model, cast.ivo, note="For the claims pipeline", volume="10,000 a day")
    part = the_part(request)
    assert (request.team, request.number, part.state) == (cast.claims_api, f"A-{request.pk}", PartState.WAITING_OWNER)
    assert timedelta(days=2) < part.due_at - timezone.now() <= timedelta(days=5, seconds=1)
    assert request.until == datetime.combine(in_days(60), datetime.max.time(), tzinfo=UTC)
    assert Event.objects.filter(verb="access.asked", subject_id=str(request.pk)).exists()


def test_nothing_is_granted_by_asking(cast, model):
    ask(model, cast.ivo)
    assert approval_for_use(cast.ivo, model.versions.get()) is None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"until": in_days(-1)}, "until"),
        ({"until": in_days(366)}, "until"),
        ({"environment": "moon"}, "environment"),
        ({"data_class": "top secret"}, "data_class"),
        ({"data_class": "special"}, "use_case"),
        ({"volume": "many\nlines"}, "volume"),
        ({"volume": "x" * 201}, "volume"),
        ({"note": "x" * 2_001}, "note"),
    ],
)
def test_what_does_not_fit_is_named_by_field(cast, model, values, field):
    with pytest.raises(Invalid) as wrong:
        ask(model, cast.ivo, **values)
    assert wrong.value.fields.keys() == {field}
    assert not AccessRequest.objects.exists()


def test_a_use_that_no_approval_covers_is_told_what_to_do(cast, model):
    with pytest.raises(Invalid) as wrong:
        ask(model, cast.ivo, use_case=a_use_case(cast.claims_api, cast.ivo, "Claims intake"))
    [sentence] = wrong.value.fields["use_case"]
    assert "Claims intake" in sentence
    assert "Ask team finance-ml" in sentence
    assert "goes to review" in sentence


def test_the_use_case_of_another_team_that_no_model_is_approved_for_is_refused(cast, model):
    with pytest.raises(Invalid) as wrong:
        ask(model, cast.ivo, use_case=a_use_case(cast.sales, cast.sonja))
    assert "one of your teams" in wrong.value.fields["use_case"][0]


def test_a_closed_use_case_is_refused(cast, model):
    change_use_case(model.use, by=cast.nina, is_open=False)
    with pytest.raises(Invalid) as wrong:
        ask(model, cast.ivo)
    assert "closed" in wrong.value.fields["use_case"][0]


def test_a_hidden_model_is_not_there(cast, model):
    hidden = an_approved_model(cast.secret_lab, cast.sam, visibility="team")
    with pytest.raises(NotFound):
        ask(hidden, cast.ivo)
    with pytest.raises(NotFound):
        ask([model, hidden], cast.ivo)


@pytest.mark.parametrize("who", ["sales", "bea"])
def test_nobody_asks_for_those_they_do_not_stand_for(cast, model, who):
    subject = {"team": cast.sales} if who == "sales" else {"user": cast.bea}
    with pytest.raises(Invalid) as wrong:
        ask(model, cast.ivo, **subject)
    assert wrong.value.fields.keys() <= {"team", "user"}


def test_it_is_for_one_subject(cast, model):
    for subject in ({"user": None, "team": None}, {"user": cast.ivo, "team": cast.claims_api}):
        with pytest.raises(Invalid):
            ask(model, cast.ivo, **subject)
    with pytest.raises(IntegrityError, match="request_has_one_subject"), transaction.atomic():
        AccessRequest.objects.create(use_case=model.use, asked_by=cast.ivo, environment="dev", data_class="public", until=end_of(in_days(1)))


def test_one_asks_for_a_service_account_of_the_team(cast, model):
    with pytest.raises(Invalid) as wrong:
        ask(model, cast.ivo, user=cast.ci_claims)
    assert "names no use case" in wrong.value.fields["use_case"][0]
    a_service_account(cast.claims_api, cast.ivo, user=cast.ci_claims, use_case=model.versions.get().use_case, environment="test")
    request = ask(model, cast.ivo, user=cast.ci_claims)
    decide(the_part(request), cast.paul)
    assert approval_for_use(cast.ci_claims, model.versions.get()) is not None
    assert approval_for_use(cast.ivo, model.versions.get()) is None


@pytest.mark.parametrize(("runs_in", "asked", "opens"), [("production", "test", False), ("test", "dev", False), ("test", "production", True)])
def test_access_below_the_environment_of_a_service_account_is_not_asked_for(cast, model, runs_in, asked, opens):
    a_service_account(cast.claims_api, cast.ivo, user=cast.ci_claims, use_case=model.versions.get().use_case, environment=runs_in)
    if opens:
        assert ask(model, cast.ivo, user=cast.ci_claims, environment=asked).user == cast.ci_claims
        return
    with pytest.raises(Invalid) as wrong:
        ask(model, cast.ivo, user=cast.ci_claims, environment=asked)
    assert wrong.value.fields["environment"][0].endswith(f"would open nothing for it. Ask for {runs_in}.")


def test_the_very_same_is_asked_once_at_a_time(cast, model):
    first = ask(model, cast.ivo)
    with pytest.raises(Conflict, match=first.number):
        ask(model, cast.ivo, until=in_days(90))
    ask(model, cast.ivo, environment="production")
    ask(model, cast.ivo, user=cast.ivo)
    withdraw_request(first, by=cast.ivo)
    ask(model, cast.ivo)


def test_the_database_keeps_it_so(cast, model):
    part = the_part(ask(model, cast.ivo))
    other = the_part(ask(model, cast.ivo, user=cast.ivo))
    with pytest.raises(IntegrityError, match="one_open_request_per_subject_and_use"), transaction.atomic():
        AccessPart.objects.filter(pk=other.pk).update(asks_for=part.asks_for)


def test_what_the_team_has_already_says_until_when_and_whom_to_ask(cast, model):
    decide(the_part(ask(model, cast.ivo, environment="production")), cast.paul)
    with pytest.raises(Conflict) as there:
        ask(model, cast.ivo, until=in_days(30))
    assert there.value.code == "granted-already"
    assert f"{in_days(60):%-d %b %Y}" in there.value.sentence
    assert "Ivo" in there.value.hint


def test_a_longer_end_prolongs_the_one_grant(cast, model):
    decide(the_part(ask(model, cast.ivo)), cast.paul)
    decide(the_part(ask(model, cast.ivo, until=in_days(120))), cast.paul)
    [grant] = AccessGrant.objects.filter(team=cast.claims_api)
    assert grant.until == end_of(in_days(120))


def test_a_rule_grants_at_once_and_counts_for_nobody(cast, model):
    rule(model, cast.paul, is_automatic=True, environment="test", data_class="confidential")
    request = ask(model, cast.ivo)
    part = the_part(request)
    assert part.state == PartState.GRANTED
    assert AccessDecision.objects.get(part=part).by is None
    assert (part.grant.granted_by, part.grant.until) == (None, request.until)
    assert approval_for_use(cast.ivo, model.versions.get()) is not None


@pytest.mark.parametrize("wish", [{"environment": "production"}, {"data_class": "personal"}])
def test_a_rule_grants_nothing_beyond_its_word(cast, model, wish):
    rule(model, cast.paul, is_automatic=True, environment="test", data_class="confidential")
    assert the_part(ask(model, cast.ivo, **wish)).state == PartState.WAITING_OWNER


def test_owners_get_nothing_by_their_own_rule(cast, model):
    rule(model, cast.paul, is_automatic=True, environment="production", data_class="confidential")
    AccessGrant.objects.filter(thing=model).update(ended_at=timezone.now())
    part = the_part(ask(model, cast.paul))
    assert part.state == PartState.WAITING_OWNER
    with pytest.raises(NotAllowed):
        decide(part, cast.paul)
    decide(part, cast.petra)


def test_a_renewal_is_of_the_same_model(cast, model):
    other = an_approved_model(cast.finance_ml, cast.nina)
    with pytest.raises(Invalid) as wrong:
        ask(model, cast.ivo, renews=AccessGrant.objects.get(thing=other))
    assert wrong.value.fields.keys() == {"renews"}


def test_each_owner_decides_on_their_part(cast, model):
    other = an_approved_model(cast.legal_tech, cast.jonas, name="clauses")
    from tests.governance.access.conftest import a_submitted_version_with

    a_submitted_version_with_other = a_submitted_version_with  # the same use, approved for another team's model
    from tests.factories import a_model

    shared = a_model(cast.legal_tech, cast.jonas, "shared")
    a_submitted_version_with_other(shared, cast.jonas, model.use, "production", "personal")
    request = ask([model, shared], cast.ivo)
    decide(the_part(request, model), cast.paul)
    assert the_part(request, shared).state == PartState.WAITING_OWNER
    with pytest.raises(NotAllowed):
        decide(the_part(request, shared), cast.paul)
    with pytest.raises(Invalid):
        ask([model, other], cast.ivo, environment="dev")


def test_owners_of_the_rule_may_shorten_the_longest_end(cast, model):
    rule(model, cast.paul, longest_days=30)
    with pytest.raises(Invalid) as wrong:
        ask(model, cast.ivo, until=in_days(31))
    assert wrong.value.fields.keys() == {"until"}
    ask(model, cast.ivo, until=in_days(30))


def test_today_is_still_in_the_future(cast, model):
    assert ask(model, cast.ivo, until=in_days(0)).until > timezone.now()


def test_a_day_ends_at_midnight_utc_wherever_the_requester_is():
    auckland_morning = datetime(2026, 12, 1, 8, 0, tzinfo=UTC) - timedelta(hours=13)  # 1 December there, still 30 November here
    assert day_of(auckland_morning) == datetime(2026, 11, 30, tzinfo=UTC).date()
    assert latest_day(1, now=auckland_morning) == datetime(2026, 12, 1, tzinfo=UTC).date()
    assert end_of(day_of(auckland_morning)) > auckland_morning
    assert end_of(day_of(auckland_morning)) < datetime(2026, 12, 1, tzinfo=UTC)


def test_a_question_stops_the_clock_until_it_is_answered(cast, model):
    part = the_part(ask(model, cast.ivo))
    decide(part, cast.paul, "ask", reason="For how many claims a day?")
    part.refresh_from_db()
    assert (part.state, part.asked_at_step) == (PartState.ASKED, "owner")
    AccessPart.objects.filter(pk=part.pk).update(paused_at=timezone.now() - timedelta(days=4))
    with pytest.raises(Conflict):
        decide(part, cast.paul)
    with pytest.raises(NotAllowed):
        answer_question(part, "Two hundred.", by=cast.bea)
    answered = answer_question(part, "Two hundred.", by=cast.ivo)
    assert answered.state == PartState.WAITING_OWNER
    assert timedelta(days=3, hours=23) < answered.due_at - part.due_at < timedelta(days=4, hours=1)
    with pytest.raises(Conflict):
        answer_question(part, "Again.", by=cast.ivo)
    decide(part, cast.petra)


def test_a_colleague_who_owns_the_team_answers_and_withdraws_too(cast, model):
    add_member(cast.claims_api, cast.stan, role="owner", by=None)
    request = ask(model, cast.ivo)
    withdraw_request(request, by=cast.stan)
    with pytest.raises(Conflict):
        withdraw_request(request, by=cast.stan)
    with pytest.raises(NotAllowed):
        withdraw_request(ask(model, cast.ivo), by=cast.paul)
