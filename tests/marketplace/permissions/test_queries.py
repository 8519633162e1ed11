"""Rights of whoever is not there."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from catalog.registry.actions import give_grant
from catalog.registry.models import AccessGrant
from marketplace.accounts.models import User
from marketplace.permissions.queries import held_by
from tests import factories as make


@pytest.mark.django_db
def test_nobody_holds_grants_without_being_signed_in_and_active(cast):
    model, case = make.a_model(cast.finance_ml, cast.nina, "invoice"), make.a_use_case(cast.sales, cast.sonja)
    until = timezone.now() + timedelta(days=10)
    give_grant(model, team=cast.sales, use_case=case, until=until, by=cast.paul)
    assert AccessGrant.objects.filter(held_by(cast.bea)).count() == 1
    User.objects.filter(pk=cast.bea.pk).update(is_active=False)
    for nobody in (AnonymousUser(), User.objects.get(pk=cast.bea.pk)):
        assert not AccessGrant.objects.filter(held_by(nobody)).exists()
