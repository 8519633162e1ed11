"""Who sees what, who may use what, and that lists, badges and pages give the same answer."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone

from catalog.registry.actions import give_grant, move_version, open_to_tracks, set_alias
from catalog.registry.models import Approval, RegisteredModel
from catalog.registry.queries import (
    STANDINGS,
    approval_for_use,
    grants_seen,
    judged_approvals,
    model_by_path,
    model_named,
    models_for,
    standing_from,
    standing_of,
    standing_on,
    use_cases_for,
    use_cases_to_grant,
    version_named,
    versions_for,
    with_standing,
)
from catalog.registry.states import DataClass, Environment, VersionState
from marketplace.errors import NotFound
from marketplace.permissions.needs import Need
from tests import cast as people
from tests.factories import a_model, a_submitted_version, a_use_case, a_version, an_approved_version

SOON = timedelta(days=10)
# The short run asks for a reader, an owner, an auditor and a security reviewer.
IN_TURN = [pytest.param(name, marks=() if name in {"bea", "paul", "aud", "sara"} else pytest.mark.full) for name in people.everybody()]
TEAM = {"sam"}
OVERSEERS = {name for name, roles in people.ROLES.items() if {"security", "governance", "auditor"} & {role for role, _ in roles}}
READS_BYTES = {name for name, roles in people.ROLES.items() if {"security", "auditor"} & {role for role, _ in roles}}


def names_of(rows):
    return {model.name for model in rows}


@pytest.fixture
def world(cast):
    """Four models: open, hidden, hidden but in review by legal, hidden but granted to claims-api."""
    open_one = a_model(cast.finance_ml, cast.nina, "open")
    hidden = a_model(cast.secret_lab, cast.sam, "hidden", visibility="team")
    reviewed = open_to_tracks(a_model(cast.secret_lab, cast.sam, "reviewed", visibility="team"), ["legal"], by=None)
    granted = a_model(cast.secret_lab, cast.sam, "granted", visibility="team")
    give_grant(granted, team=cast.claims_api, use_case=a_use_case(cast.secret_lab, cast.sam), until=timezone.now() + SOON, by=cast.sam)
    return [open_one, hidden, reviewed, granted]


def seen_by(name):
    """Which of the four somebody of this name may see."""
    if name in TEAM | OVERSEERS:
        return {"open", "hidden", "reviewed", "granted"}
    return {"open"} | ({"reviewed"} if name == "lea" else set()) | ({"granted"} if name in {"ivo", "ci-claims"} else set())


@pytest.mark.parametrize("name", IN_TURN)
def test_everybody_sees_exactly_what_they_may(cast, world, name):
    person = cast.people[name]
    for model in world:
        a_version(model, model.created_by)
    listed = names_of(models_for(person))
    assert not listed - seen_by(name), f"leaked to {name}: {listed - seen_by(name)}"
    assert listed == seen_by(name)
    assert {version.model.name for version in versions_for(person)} == seen_by(name)
    for model in world:
        if model.name in seen_by(name):
            assert model_by_path(person, str(model).upper()).pk == model.pk
        else:
            with pytest.raises(NotFound):
                model_named(person, model.team.name, model.name)


@pytest.mark.parametrize("name", IN_TURN)
@pytest.mark.parametrize("need", [Need.WORK, Need.EDIT, Need.MANAGE, Need.DOWNLOAD])
def test_seeing_gives_no_other_right(cast, world, name, need):
    expected = {
        Need.WORK: (TEAM | READS_BYTES, {"lea": {"reviewed"}, "nina": {"open"}, "paul": {"open"}, "petra": {"open"}}, {"open"}),
        Need.EDIT: (TEAM, {"nina": {"open"}, "paul": {"open"}, "petra": {"open"}}, set()),
        Need.MANAGE: (TEAM, {"paul": {"open"}, "petra": {"open"}}, set()),
        Need.DOWNLOAD: (set(), {"ivo": {"granted"}, "ci-claims": {"granted"}}, set()),
    }[need]
    whole, some, overseen = expected
    theirs = {"hidden", "reviewed", "granted"} | (overseen if name not in TEAM else set())
    assert names_of(models_for(cast.people[name], need)) == (theirs if name in whole else some.get(name, set()))


def test_nobody_without_an_account_sees_anything(cast, world):
    cast.aud.is_active = False
    for viewer in (AnonymousUser(), cast.aud):
        assert not models_for(viewer).exists()
        assert not use_cases_for(viewer).exists()


def test_a_superuser_gets_nothing_by_being_one(cast, world):
    cast.stan.is_superuser = cast.stan.is_staff = True
    cast.stan.save()
    assert names_of(models_for(cast.stan)) == {"open"}


def test_versions_are_found_by_name_and_alias_whatever_the_case(cast):
    model = a_model(cast.finance_ml, cast.nina, "fields")
    version = an_approved_version(model, cast.nina, "1.0.0-RC")
    set_alias(model, "Production", version, by=cast.paul)
    for name in ("1.0.0-RC", "1.0.0-rc", "@production", "@PRODUCTION"):
        assert version_named(model, name) == version
    for name in ("", "@", "@1.0.0-RC", "production", "1.0.0-RC\0"):
        with pytest.raises(NotFound):
            version_named(model, name)


@pytest.fixture
def lives(cast):
    """One model in each standing that ivo can meet."""

    def model_in(name, state=None):
        model = a_model(cast.finance_ml, cast.nina, name)
        if state:
            version = a_submitted_version(model, cast.nina)
            with transaction.atomic():
                move_version(version, VersionState.IN_REVIEW, verb="version.review_opened", by=None)
                if state != VersionState.IN_REVIEW:
                    move_version(version, state, verb="version.rejected", by=None)
        return model

    use = a_use_case(cast.finance_ml, cast.nina)
    ready, needs = a_model(cast.finance_ml, cast.nina, "ready"), a_model(cast.finance_ml, cast.nina, "needs_access")
    for model in (ready, needs):
        an_approved_version(model, cast.nina, use_case=use)
    a_submitted_version(ready, cast.nina, "2.0.0")
    give_grant(ready, user=cast.ivo, use_case=use, until=timezone.now() + SOON, by=cast.paul)
    model_in("in_review", VersionState.IN_REVIEW)
    model_in("not_approved")
    model_in("stopped", VersionState.REJECTED)
    RegisteredModel.objects.filter(pk=model_in("listed").pk).update(state="listed")


def test_each_model_has_one_standing_and_every_way_of_asking_agrees(cast, lives):
    for model in with_standing(models_for(cast.ivo), cast.ivo):
        assert model.standing_key == model.name
        assert standing_on(model, cast.ivo).key == model.name
        states = {version.state for version in model.versions.all()}
        judged = list(judged_approvals(cast.ivo, model))
        is_approved, is_usable = any(row.counts_now for row in judged), any(row.is_mine for row in judged)
        assert standing_from(model, states, is_approved=is_approved, is_usable=is_usable).key == model.name
    assert set(models_for(cast.ivo).values_list("name", flat=True)) == set(STANDINGS)


def test_an_unknown_standing_is_never_good():
    assert standing_of("").badge == "Unknown"
    assert standing_of("readyish").key != "ready"


@pytest.mark.parametrize("granted", Environment.values)
@pytest.mark.parametrize("approved", Environment.values)
def test_an_approval_covers_its_environment_and_the_lesser_ones(cast, approved, granted):
    check_cover(cast, approved, granted, Environment, "environment")


@pytest.mark.parametrize("granted", DataClass.values)
@pytest.mark.parametrize("approved", DataClass.values)
def test_an_approval_covers_its_data_class_and_the_lesser_ones(cast, approved, granted):
    check_cover(cast, approved, granted, DataClass, "data_class")


def check_cover(cast, approved, granted, choices, field):
    model = a_model(cast.finance_ml, cast.nina, "fields")
    version = an_approved_version(model, cast.nina)
    Approval.objects.filter(version=version).update(**{field: approved})
    give_grant(model, user=cast.bea, use_case=version.use_case, until=timezone.now() + SOON, by=None, **{field: granted})
    order = list(choices.values)
    covers = order.index(granted) <= order.index(approved)
    assert (approval_for_use(cast.bea, version) is not None) == covers
    assert (standing_on(model, cast.bea).key == "ready") == covers


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _, now: Approval.objects.update(valid_from=now - 2 * SOON, valid_until=now - SOON),
        lambda _, now: Approval.objects.update(voided_at=now),
        lambda _, now: Approval.objects.update(valid_from=now + SOON),
        lambda v, _: type(v).objects.filter(pk=v.pk).update(state="suspended"),
        lambda v, _: type(v).objects.filter(pk=v.pk).update(state="quarantined"),
        lambda v, _: type(v).objects.filter(pk=v.pk).update(state="retired"),
    ],
    ids=["ended", "voided", "not yet", "suspended", "quarantined", "retired"],
)
def test_an_approval_that_does_not_count_gives_nobody_a_use(cast, spoil):
    version = an_approved_version(a_model(cast.finance_ml, cast.nina, "fields"), cast.nina)
    assert approval_for_use(cast.nina, version) is not None
    spoil(version, timezone.now())
    version.refresh_from_db()
    assert approval_for_use(cast.nina, version) is None
    assert standing_on(version.model, cast.nina).key != "ready"


def test_a_grant_for_another_use_case_is_no_leave(cast):
    model = a_model(cast.finance_ml, cast.nina, "fields")
    version = an_approved_version(model, cast.nina)
    give_grant(model, user=cast.bea, use_case=a_use_case(cast.finance_ml, cast.nina), until=timezone.now() + SOON, by=cast.paul)
    assert approval_for_use(cast.bea, version) is None
    assert standing_on(model, cast.bea).key == "needs_access"


def test_grants_are_known_to_owners_overseers_and_holders(cast):
    model = a_model(cast.finance_ml, cast.nina, "fields")
    use = a_use_case(cast.finance_ml, cast.paul)
    for subject in ({"user": cast.bea}, {"team": cast.claims_api}):
        give_grant(model, use_case=use, until=timezone.now() + SOON, by=cast.paul, **subject)
    known = {
        name: grants_seen(cast.people[name], model).count() for name in ("paul", "gus", "aud", "bea", "ivo", "ci-claims", "nina", "stan", "root")
    }
    assert known == {"paul": 2, "gus": 2, "aud": 2, "bea": 1, "ivo": 1, "ci-claims": 1, "nina": 0, "stan": 0, "root": 0}


def test_a_grant_may_name_use_cases_of_its_approvals_and_of_the_owners_teams(cast):
    model = a_model(cast.finance_ml, cast.nina, "fields")
    approved = an_approved_version(model, cast.nina, use_case=a_use_case(cast.sales, cast.bea, "Elsewhere")).use_case
    mine, closed, foreign = (
        a_use_case(team, by) for team, by in ((cast.finance_ml, cast.paul), (cast.finance_ml, cast.paul), (cast.hr_ml, cast.hugo))
    )
    type(closed).objects.filter(pk=closed.pk).update(is_open=False)
    offered = set(use_cases_to_grant(cast.paul, model))
    assert {approved, mine} <= offered
    assert not {closed, foreign} & offered
