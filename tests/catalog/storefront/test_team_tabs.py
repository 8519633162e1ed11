"""What a team uses of others and how far behind it is, and the access it holds and gave."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.registry.actions import give_grant, move_version, share_model
from catalog.registry.models import RegisteredModel
from catalog.registry.states import VersionState
from catalog.storefront.uses import uses_of
from catalog.usage.models import DailyUse, UsageEvent, UsageKind
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def granted(cast):
    """A model of finance-ml that claims-api may use, with two approved versions."""
    model = make.a_model(cast.finance_ml, cast.nina, "forecast")
    first = make.an_approved_version(model, cast.nina)
    second = make.an_approved_version(model, cast.nina, "1.1.0")
    give_grant(model, by=cast.paul, team=cast.claims_api, use_case=first.use_case, until=timezone.now() + timedelta(days=30))
    return model, first, second


def used(cast, version, *, days_ago=5):
    """claims-api used this version that day."""
    day = (timezone.now() - timedelta(days=days_ago)).date()
    DailyUse.objects.create(day=day, model=version.model, version=version, team=cast.claims_api, sessions=1)


def test_a_team_sees_which_version_it_uses_and_how_far_behind_it_is(cast, granted):
    _, first, second = granted
    assert [(use.used, use.newest, use.behind) for use in uses_of(cast.ivo, cast.claims_api)] == [(None, "1.1.0", 0)]
    used(cast, first)
    assert [(use.used, use.newest, use.behind) for use in uses_of(cast.ivo, cast.claims_api)] == [(first, "1.1.0", 1)]
    used(cast, second, days_ago=3)
    assert [(use.used, use.behind) for use in uses_of(cast.ivo, cast.claims_api)] == [(second, 0)]
    UsageEvent.objects.create(
        kind=UsageKind.USE, model=first.model, version=first, path="a", sha256="0" * 64, bytes=1, person=cast.ivo.person, team=cast.claims_api
    )
    assert [(use.used, use.behind) for use in uses_of(cast.ivo, cast.claims_api)] == [(first, 1)], "a read of today counts at once"


def test_the_tab_says_behind_deprecated_and_until_when(cast, granted, signed_in):
    _, first, _ = granted
    used(cast, first)
    move_version(first, VersionState.DEPRECATED, verb="version.deprecated", by=None)
    html = signed_in(cast.ivo).get("/teams/claims-api/uses").content.decode()
    assert 'href="/m/finance-ml/forecast/v/1.0.0"' in html
    assert "behind by 1" in html
    assert "Deprecated" in html


def test_ended_grants_and_models_one_may_not_see_are_not_told(cast, granted, signed_in):
    model, _, _ = granted
    share_model(RegisteredModel.objects.get(pk=model.pk), by=cast.paul, visibility="team")
    assert "forecast" in signed_in(cast.ivo).get("/teams/claims-api/uses").content.decode(), "the grant shows it"
    assert "forecast" not in signed_in(cast.root).get("/teams/claims-api/uses").content.decode()
    assert "forecast" not in signed_in(cast.root).get("/teams/claims-api/access").content.decode()
    model.grants.update(ended_at=timezone.now())
    assert "forecast" not in signed_in(cast.ivo).get("/teams/claims-api/uses").content.decode()


def test_only_owners_and_overseers_see_what_the_models_gave(cast, granted, signed_in):
    for name in ("paul", "gus", "aud"):
        html = signed_in(cast.people[name]).get("/teams/finance-ml/access").content.decode()
        assert "Team claims-api" in html, name
    for name in ("nina", "root"):
        html = signed_in(cast.people[name]).get("/teams/finance-ml/access").content.decode()
        assert "Team claims-api" not in html, name
        assert "is shown to its owners" in html
    assert signed_in(cast.ivo).get("/teams/finance-ml/access").status_code == 403
