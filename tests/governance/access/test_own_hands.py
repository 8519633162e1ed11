"""Nobody grants themselves access: not through a program of theirs, not by a rule they made, not past those who would be asked."""

import pytest

from catalog.registry.actions import give_grant
from catalog.registry.models import AccessGrant
from governance.access.models import AccessPart
from governance.access.permissions import deciders_of, may_decide
from governance.access.queries import asks_me
from governance.access.states import PartState
from governance.access.wishes import end_of
from marketplace.accounts.actions import add_member, issue_token
from marketplace.errors import Invalid, NotAllowed
from tests.factories import a_service_account
from tests.governance.access.conftest import ask, decide, in_days, rule, the_part


@pytest.fixture
def unheld(cast, model):
    """A model whose own team holds no grant, so that it can ask like others."""
    AccessGrant.objects.filter(thing=model).delete()
    return model


@pytest.fixture
def program(cast, unheld):
    """A service account of the owner team, for which nina answers; paul issued its token."""
    account = a_service_account(cast.finance_ml, cast.paul, use_case=unheld.use, environment="test")
    type(account).objects.filter(pk=account.pk).update(accountable=cast.nina)
    issue_token(account.user, by=cast.paul, name="CI", scopes=["publish"])
    return account.user


@pytest.mark.parametrize("whom", ["itself", "its team"])
def test_an_owner_does_not_decide_on_what_a_program_of_theirs_asked_for(cast, unheld, program, whom):
    part = the_part(ask(unheld, program, **({"user": program} if whom == "itself" else {"team": cast.finance_ml})))
    with pytest.raises(NotAllowed, match="acts through the service account"):
        decide(part, cast.paul)
    assert not may_decide(cast.paul, part)
    assert set(deciders_of(part, "owner")) == {cast.petra}
    assert not AccessPart.objects.filter(asks_me(cast.paul)).exists()
    assert AccessPart.objects.filter(asks_me(cast.petra)).exists()
    decide(part, cast.petra)


def test_an_owner_does_not_decide_on_access_of_a_program_of_theirs_that_a_colleague_asked_for(cast, unheld, program):
    part = the_part(ask(unheld, cast.nina, user=program))
    with pytest.raises(NotAllowed, match="acts through the service account"):
        decide(part, cast.paul)


def test_a_rule_serves_neither_its_makers_nor_their_team_nor_their_programs_whoever_asks(cast, unheld, program):
    rule(unheld, cast.paul, is_automatic=True, environment="production", data_class="confidential")
    for by, whom in ((cast.nina, {"user": cast.petra}), (cast.nina, {"team": cast.finance_ml}), (program, {"user": program})):
        assert the_part(ask(unheld, by, **whom)).state == PartState.WAITING_OWNER
    assert the_part(ask(unheld, cast.nina, user=cast.nina)).state == PartState.GRANTED


def test_a_program_asks_for_another_team_than_its_own_makers(cast, unheld, program):
    rule(unheld, cast.paul, is_automatic=True, environment="production", data_class="confidential")
    add_member(cast.claims_api, program, role="viewer", by=cast.ivo)
    assert the_part(ask(unheld, program, team=cast.claims_api)).state == PartState.WAITING_OWNER
    assert the_part(ask(unheld, cast.ivo, environment="dev")).state == PartState.GRANTED


def give(model, by, **more):
    """Give a grant without being asked, as an owner does on the settings page."""
    wish = {"use_case": model.use, "until": end_of(in_days(60)), "environment": "test", "data_class": "internal"} | more
    return give_grant(model, by=by, **wish)


def test_an_owner_gives_nothing_to_themselves_their_team_or_a_program_of_it(cast, unheld, program):
    for subject in ({"user": cast.paul}, {"team": cast.finance_ml}, {"user": program}):
        with pytest.raises(NotAllowed, match="Four-eyes rule"):
            give(unheld, cast.paul, **subject)
    assert give(unheld, cast.paul, team=cast.claims_api).granted_by == cast.paul


@pytest.mark.parametrize("more", [{"data_class": "personal"}, {"data_class": "special"}, {"until": end_of(in_days(366))}])
def test_an_owner_gives_no_more_than_a_request_could_get_from_them(cast, unheld, more):
    with pytest.raises(Invalid) as wrong:
        give(unheld, cast.paul, user=cast.bea, **more)
    assert wrong.value.fields.keys() == more.keys()
    give(unheld, cast.paul, user=cast.bea, until=end_of(in_days(365)), data_class="confidential")
