"""Who knows of a model: everybody, named teams with those below them, or its owner team; and what a limited token adds to that."""

import pytest
from django.db import IntegrityError, transaction

from catalog.registry.actions import share_model
from catalog.registry.models import RegisteredModel
from catalog.registry.queries import models_for
from marketplace.accounts.actions import create_team, place_team
from marketplace.accounts.models import User
from marketplace.errors import Conflict, Invalid, NotAllowed
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import Limits, allowed
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(cast):
    return make.a_model(cast.finance_ml, cast.nina, "forecast")


def again(person):
    """The same person as a new request reads them."""
    return User.objects.get(pk=person.pk)


def sees(person, model):
    """Whether the person sees the model, in the list and by itself."""
    listed = models_for(again(person)).filter(pk=model.pk).exists()
    assert allowed(again(person), Need.VIEW, RegisteredModel.objects.get(pk=model.pk)) == listed
    return listed


def test_named_teams_see_it_and_others_do_not(cast, model):
    share_model(model, by=cast.paul, visibility="teams", teams=[cast.sales])
    assert sees(cast.bea, model)
    assert sees(cast.nina, model)
    assert not sees(cast.ivo, model)
    assert not sees(cast.stan, model)
    share_model(model, by=cast.paul, visibility="team")
    assert not sees(cast.bea, model)


def test_a_unit_that_is_named_brings_the_teams_below_it(cast, model):
    unit = create_team("Insurance", by=None)
    share_model(model, by=cast.paul, visibility="teams", teams=[unit])
    assert not sees(cast.ivo, model)
    place_team(cast.claims_api, unit, by=cast.root)
    assert sees(cast.ivo, model)
    assert not sees(cast.bea, model)
    place_team(cast.claims_api, None, by=cast.root)
    assert not sees(cast.ivo, model)


def test_only_owners_share(cast, model):
    with pytest.raises(NotAllowed):
        share_model(model, by=cast.nina, visibility="team")


@pytest.mark.parametrize(("visibility", "teams", "field"), [("nobody", [], "visibility"), ("teams", [], "teams"), ("team", ["sales"], "teams")])
def test_what_does_not_fit_is_named(cast, model, visibility, teams, field):
    with pytest.raises(Invalid) as wrong:
        share_model(model, by=cast.paul, visibility=visibility, teams=[getattr(cast, team) for team in teams])
    assert list(wrong.value.fields) == [field]


def test_the_database_keeps_names_of_teams_where_they_belong(model):
    with pytest.raises(IntegrityError, match="only_a_model_for_named_teams_names_some"), transaction.atomic():
        RegisteredModel.objects.filter(pk=model.pk).update(visibility="team", shown_to=[1])


def test_there_is_one_level_of_units(cast):
    unit, other = create_team("Insurance", by=None), create_team("Group", by=None)
    place_team(cast.claims_api, unit, by=cast.root)
    with pytest.raises(Conflict, match="one level"):
        place_team(unit, other, by=cast.root)
    with pytest.raises(Conflict, match="one level"):
        place_team(cast.sales, cast.claims_api, by=cast.root)
    with pytest.raises(Conflict, match="one level"):
        place_team(unit, unit, by=cast.root)
    with pytest.raises(NotAllowed):
        place_team(cast.sales, unit, by=cast.sonja)


@pytest.mark.parametrize("name", ["nina", "gus", "aud", "bea"])
@pytest.mark.parametrize("need", Need.values)
def test_a_limited_token_reaches_only_what_it_names(cast, model, name, need):
    other = make.a_model(cast.legal_tech, cast.jonas, "clauses")
    for limits in (Limits(things=frozenset({model.pk})), Limits(teams=frozenset({cast.finance_ml.pk}))):
        free, limited = again(cast.people[name]), again(cast.people[name])
        limited.limits = limits
        assert allowed(limited, need, model) == allowed(free, need, model)
        assert not allowed(limited, need, other)
        assert set(models_for(limited, need)) == set(models_for(free, need).filter(pk=model.pk))
