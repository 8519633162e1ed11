"""What is said of one model in memory is what the lists say by SQL, for everybody and every need."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.registry.actions import give_grant
from catalog.registry.models import RegisteredModel
from marketplace.accounts.actions import add_member, give_role
from marketplace.accounts.backends import PasswordBackend
from marketplace.permissions.models import Visibility
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import allowed, has_role, roles_of, visible
from tests import factories as make
from tests.cast import everybody

pytestmark = pytest.mark.django_db


@pytest.fixture
def models(cast):
    """One open to all, one of the team alone, one of the team that a track reviews, and one somebody was granted."""
    made = [make.a_model(cast.finance_ml, cast.nina, name) for name in ("open", "closed", "reviewed", "granted")]
    RegisteredModel.objects.filter(pk__in=[m.pk for m in made[1:]]).update(visibility=Visibility.TEAM)
    RegisteredModel.objects.filter(pk=made[2].pk).update(open_to=["track:technical"])
    until = timezone.now() + timedelta(days=30)
    give_grant(made[3], by=cast.paul, user=cast.bea, use_case=make.a_use_case(cast.finance_ml, cast.paul), until=until)
    return list(RegisteredModel.objects.filter(pk__in=[m.pk for m in made]))


@pytest.mark.parametrize("need", Need.values)
def test_one_model_and_the_list_agree(cast, models, need):
    for name in everybody():
        person = getattr(cast, name)
        by_list = set(visible(RegisteredModel.objects.filter(pk__in=[m.pk for m in models]), to=person, need=need))
        assert {model for model in models if allowed(person, need, model)} == by_list, name


def test_a_right_that_was_read_with_the_person_is_forgotten_when_it_changes(cast):
    nina = PasswordBackend().get_user(cast.nina.pk)
    assert has_role(nina, "auditor") is False
    assert roles_of(nina) == {cast.finance_ml.pk: "contributor"}
    give_role(nina, "auditor", by=cast.root)
    add_member(cast.finance_ml, nina, role="owner", by=cast.paul)
    assert has_role(nina, "auditor")
    assert roles_of(nina) == {cast.finance_ml.pk: "owner"}
