"""Who decides on access, what they may change, and that one decision wins."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, close_old_connections, transaction
from django.utils import timezone

from catalog.registry.models import AccessGrant, UseCase
from catalog.registry.queries import approval_for_use
from governance.access.actions import grant_together
from governance.access.models import AccessDecision, AccessPart
from governance.access.permissions import deciders_of
from governance.access.states import PART_MOVES, STILL_OPEN, PartState
from governance.access.wishes import end_of
from marketplace.accounts.actions import add_member, give_role, remove_member
from marketplace.activity.models import Event
from marketplace.errors import Conflict, Invalid, NotAllowed
from marketplace.lifecycle import move
from marketplace.notifications.models import Notice
from tests.governance.access.conftest import an_approved_model, ask, decide, deliver_all, in_days, rule, the_part


def take_from_owners(model):
    """Let the owner team hold nothing, so that it can ask like others."""
    AccessGrant.objects.filter(thing=model, team=model.team).update(ended_at=timezone.now())


def test_nothing_is_granted_for_a_use_case_that_was_closed_meanwhile(cast, model):
    part = the_part(ask(model, cast.ivo))
    UseCase.objects.filter(pk=model.use.pk).update(is_open=False)
    with pytest.raises(Conflict, match="was closed meanwhile"):
        decide(part, cast.paul)
    assert decide(part, cast.paul, "deny").choice == "deny"


def test_an_owner_grants_and_the_team_may_use_it(cast, model):
    part = the_part(ask(model, cast.ivo))
    decide(part, cast.paul)
    part.refresh_from_db()
    assert (part.state, part.grant.team, part.grant.granted_by) == (PartState.GRANTED, cast.claims_api, cast.paul)
    assert approval_for_use(cast.ivo, model.versions.get()) is not None
    assert Event.objects.filter(verb="access.granted").exists()
    assert Event.objects.filter(verb="grant.given", actor=cast.paul.person).exists()


def test_a_yes_may_be_shorter_and_narrower_and_the_requester_reads_it(cast, model):
    part = the_part(ask(model, cast.ivo, environment="production", data_class="confidential"))
    decide(part, cast.paul, until=in_days(10), environment="test", data_class="internal")
    part.refresh_from_db()
    assert (part.grant.until, part.grant.environment, part.grant.data_class) == (end_of(in_days(10)), "test", "internal")
    deliver_all()
    notice = Notice.objects.get(user=cast.ivo)
    assert "Less than was asked for" in notice.text
    assert notice.urgent


@pytest.mark.parametrize(
    "more",
    [{"until": "61"}, {"until": "-1"}, {"environment": "production"}, {"data_class": "personal"}, {"environment": "moon"}],
)
def test_a_yes_is_never_for_more(cast, model, more):
    part = the_part(ask(model, cast.ivo))
    given = {k: in_days(int(v)) if k == "until" else v for k, v in more.items()}
    with pytest.raises(Invalid) as wrong:
        decide(part, cast.paul, **given)
    assert wrong.value.fields.keys() == more.keys()
    assert not AccessDecision.objects.exists()


@pytest.mark.parametrize("who", ["nina", "bea", "ivo", "root", "gus", "priya", "aud"])
def test_others_have_no_vote(cast, model, who):
    with pytest.raises(NotAllowed):
        decide(the_part(ask(model, cast.ivo)), getattr(cast, who))
    assert Event.objects.filter(verb="access.refused").count() == 1


def test_nobody_decides_on_what_they_asked_for(cast, model):
    add_member(cast.claims_api, cast.paul, role="contributor", by=None)
    part = the_part(ask(model, cast.paul, team=cast.claims_api))
    with pytest.raises(NotAllowed, match="asked for it"):
        decide(part, cast.paul)
    decide(part, cast.petra)


def test_nobody_decides_on_what_they_would_get(cast, model):
    add_member(cast.claims_api, cast.paul, role="contributor", by=None)
    take_from_owners(model)
    part = the_part(ask(model, cast.ivo, user=cast.paul))
    with pytest.raises(NotAllowed, match="would get it"):
        decide(part, cast.paul)
    assert list(deciders_of(part, "owner")) == [cast.petra]


def test_where_nobody_can_decide_governance_is_told(cast, starter):
    model = an_approved_model(cast.platform_ai, cast.pia)
    take_from_owners(model)
    part = the_part(ask(model, cast.pia))
    assert not deciders_of(part, "owner").exists()
    assert Event.objects.filter(verb="access.unreachable").exists()
    deliver_all()
    notice = Notice.objects.get(user=cast.gus)
    assert "name another owner of team platform-ai" in notice.text
    add_member(cast.platform_ai, cast.stan, role="owner", by=None)
    decide(part, cast.stan)


@pytest.mark.parametrize("data_class", ["personal"])
def test_personal_data_needs_data_privacy_too(cast, model, data_class):
    part = the_part(ask(model, cast.ivo, data_class=data_class))
    with pytest.raises((NotAllowed, Conflict)):
        decide(part, cast.priya, step="privacy")
    decide(part, cast.paul, until=in_days(50))
    part.refresh_from_db()
    assert (part.state, part.grant) == (PartState.WAITING_PRIVACY, None)
    assert approval_for_use(cast.ivo, model.versions.get()) is None
    deliver_all()
    assert Notice.objects.filter(user=cast.priya, level="needs_you", read_at=None).exists()
    assert not Notice.objects.filter(user=cast.paul, level="needs_you", read_at=None).exists()
    with pytest.raises(Invalid):
        decide(part, cast.priya, step="privacy", until=in_days(55))
    decide(part, cast.priya, step="privacy")
    part.refresh_from_db()
    assert (part.grant.until, part.grant.granted_by) == (end_of(in_days(50)), cast.paul)
    deliver_all()
    assert not Notice.objects.filter(user=cast.priya, level="needs_you", read_at=None).exists()


def test_an_owner_who_narrows_to_harmless_data_needs_no_privacy(cast, model):
    part = the_part(ask(model, cast.ivo, data_class="personal"))
    decide(part, cast.paul, data_class="internal")
    part.refresh_from_db()
    assert part.state == PartState.GRANTED


def test_one_person_counts_once(cast, model):
    give_role(cast.paul, "reviewer", track="data_privacy", by=None)
    part = the_part(ask(model, cast.ivo, data_class="personal"))
    decide(part, cast.paul)
    part.refresh_from_db()
    with pytest.raises(NotAllowed, match="counts once"):
        decide(part, cast.paul, step="privacy")
    decide(part, cast.priya, step="privacy")


def test_the_owner_s_yes_stays_when_the_owner_leaves(cast, model):
    part = the_part(ask(model, cast.ivo, data_class="personal"))
    decide(part, cast.paul)
    remove_member(cast.finance_ml, cast.paul, by=None)
    decide(part, cast.priya, step="privacy")
    assert AccessGrant.objects.filter(team=cast.claims_api).exists()


def test_a_denial_has_a_reason_and_a_day_to_ask_again(cast, model):
    part = the_part(ask(model, cast.ivo))
    with pytest.raises(Invalid):
        decide(part, cast.paul, "deny", reason="No.")
    with pytest.raises(Invalid):
        decide(part, cast.paul, "deny", again_after=in_days(-1))
    decide(part, cast.paul, "deny", reason="The contract with the supplier forbids it.")
    part.refresh_from_db()
    assert (part.state, part.again_after) == (PartState.DENIED, in_days(30))
    with pytest.raises(Conflict) as lately:
        ask(model, cast.ivo)
    assert lately.value.code == "denied-lately"
    deliver_all()
    assert "forbids it" in Notice.objects.get(user=cast.ivo).text
    AccessPart.objects.filter(pk=part.pk).update(again_after=in_days(0))
    ask(model, cast.ivo)


def test_deciding_twice_is_a_conflict(cast, model):
    part = the_part(ask(model, cast.ivo))
    decide(part, cast.paul)
    with pytest.raises(Conflict):
        decide(part, cast.petra, "deny")
    with pytest.raises(Conflict):
        decide(part, cast.petra)


def test_an_owner_who_is_too_late_does_not_decide_for_data_privacy(cast, model):
    give_role(cast.petra, "reviewer", track="data_privacy", by=None)
    part = the_part(ask(model, cast.ivo, data_class="personal"))
    decide(part, cast.paul)
    with pytest.raises(Conflict):
        decide(part, cast.petra, step="owner")
    part.refresh_from_db()
    assert part.state == PartState.WAITING_PRIVACY


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_at_once_one_wins(committed):
    cast = committed
    model = an_approved_model(cast.finance_ml, cast.nina)
    part, seen, start = the_part(ask(model, cast.ivo)), [], threading.Barrier(2)

    def say(by, choice):
        close_old_connections()
        start.wait()
        try:
            decide(part, by, choice)
            seen.append("won")
        except Conflict:
            seen.append("409")
        finally:
            from django.db import connection

            connection.close()

    pair = [threading.Thread(target=say, args=args) for args in ((cast.paul, "grant"), (cast.petra, "deny"))]
    [thread.start() for thread in pair]
    [thread.join() for thread in pair]
    assert sorted(seen) == ["409", "won"]
    assert AccessDecision.objects.filter(part=part).count() == 1


def test_several_for_the_same_use_are_granted_together(cast, model):
    parts = [the_part(ask(model, cast.ivo)), the_part(ask(model, cast.sonja))]
    grant_together(parts, by=cast.paul)
    assert AccessGrant.objects.filter(team__in=[cast.claims_api, cast.sales]).count() == 2


def test_together_means_the_same_model_and_use_and_all_or_none(cast, model):
    other = an_approved_model(cast.finance_ml, cast.nina)
    mixed = [the_part(ask(model, cast.ivo)), the_part(ask(other, cast.ivo))]
    with pytest.raises(Invalid):
        grant_together(mixed, by=cast.paul)
    with pytest.raises(Invalid):
        grant_together([], by=cast.paul)
    take_from_owners(model)
    mine = the_part(ask(model, cast.paul, team=cast.finance_ml, until=in_days(300), environment="dev"))
    with pytest.raises(NotAllowed):
        grant_together([mixed[0], mine], by=cast.paul)
    assert not AccessDecision.objects.exists()


def test_a_decision_never_changes(cast, model):
    decision = decide(the_part(ask(model, cast.ivo)), cast.paul)
    for change in (lambda: AccessDecision.objects.filter(pk=decision.pk).update(reason="Else"), decision.delete):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            change()


def test_a_wish_whose_day_has_passed_is_not_granted(cast, model):
    request = ask(model, cast.ivo)
    type(request).objects.filter(pk=request.pk).update(created_at=timezone.now() - timedelta(days=9), until=timezone.now() - timedelta(days=1))
    with pytest.raises(Invalid) as wrong:
        decide(the_part(request), cast.paul)
    assert "passed" in wrong.value.fields["until"][0]


@pytest.mark.parametrize("here", PartState)
@pytest.mark.parametrize("there", PartState)
def test_only_the_moves_of_the_table_are_possible(cast, model, here, there):
    part = the_part(ask(model, cast.ivo))
    part.state = here
    if there in PART_MOVES.get(here, ()):
        assert here in STILL_OPEN
    else:
        with pytest.raises(Conflict):
            move(part, there, allowed=PART_MOVES)


def test_a_rule_never_grants_personal_data(cast, model):
    with pytest.raises(Invalid) as wrong:
        rule(model, cast.paul, is_automatic=True, data_class="personal")
    assert "never granted automatically" in wrong.value.fields["data_class"][0]
    made = rule(model, cast.paul)
    with pytest.raises(IntegrityError, match="privacy_is_never_automatic"), transaction.atomic():
        type(made).objects.filter(pk=made.pk).update(is_automatic=True, data_class="special")


def test_only_owners_set_the_rule(cast, model):
    for who in (cast.nina, cast.ivo, cast.root):
        with pytest.raises(NotAllowed):
            rule(model, who)
