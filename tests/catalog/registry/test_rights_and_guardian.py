"""Our predicate and guardian's rows agree about grants on random worlds, once ended grants are swept; before that ours says no."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from guardian.shortcuts import get_objects_for_user
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from catalog.registry.actions import end_grant, give_grant
from catalog.registry.models import AccessGrant, RegisteredModel
from catalog.registry.queries import models_for
from catalog.registry.work import end_grants
from marketplace.accounts.models import User
from marketplace.permissions.needs import Need
from tests import factories as make

pytestmark = pytest.mark.full

PEOPLE = ("bea", "ivo", "nina", "stan", "gus")
SUBJECTS = ("bea", "ivo", "stan", "sales", "claims-api")
MODELS = 4
A_GRANT = some.tuples(
    some.integers(0, MODELS - 1), some.sampled_from(SUBJECTS), some.integers(0, 1), some.sampled_from(["holds", "ended", "ran out"])
)


@pytest.fixture
def world(cast):
    models = [make.a_model(cast.secret_lab, cast.sam, f"model-{n}", visibility="team") for n in range(MODELS)]
    return models, [make.a_use_case(cast.secret_lab, cast.sam, f"Use {n}") for n in range(2)]


def granted(models, uses, cast, told):
    """Give the grants of a story; some end by hand, some by time, in any order."""
    for place, subject, use, fate in told:
        to = {"team": cast.teams[subject]} if subject in cast.teams else {"user": cast.people[subject]}
        grant = give_grant(models[place], by=cast.sam, use_case=uses[use], until=timezone.now() + timedelta(days=9), **to)
        if fate == "ended":
            end_grant(grant, by=cast.sam)
        if fate == "ran out":
            AccessGrant.objects.filter(pk=grant.pk).update(until=timezone.now() - timedelta(minutes=1))


def by_guardian(person):
    """What guardian's tables give the person, directly and by group."""
    rows = get_objects_for_user(person, "download_registeredmodel", klass=RegisteredModel, accept_global_perms=False, with_superuser=False)
    return set(rows.values_list("pk", flat=True))


def by_us(person):
    return set(models_for(person, Need.DOWNLOAD).values_list("pk", flat=True))


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(told=some.lists(A_GRANT, max_size=8))
def test_both_give_the_same_models(cast, world, told):
    with transaction.atomic():
        granted(*world, cast, told)
        people = [User.objects.get(username=name) for name in PEOPLE]
        before = {person.username: by_us(person) for person in people}
        assert all(by_us(person) <= by_guardian(person) for person in people), "an unswept grant past its end must give nothing"
        while end_grants():
            pass
        assert {p.username: by_us(p) for p in people} == before == {p.username: by_guardian(p) for p in people}
        transaction.set_rollback(True)
