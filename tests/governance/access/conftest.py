"""Models that are approved, somebody who asks for them, and a world where commits are real."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.registry.models import ModelVersion
from governance.access.actions import ask_for_access, decide_part, set_access_rule
from governance.policies.actions import ensure_starter
from marketplace.activity.models import Delivery
from marketplace.activity.work import deliver
from tests import cast as people
from tests.factories import a_model, a_submitted_version, a_use_case, an_approved_version

WHY = "We look at it together with the team."
RULE = {"is_automatic": False, "environment": "dev", "data_class": "internal", "review_days": 180}


def in_days(days):
    """A day, UTC."""
    return timezone.now().date() + timedelta(days=days)


def an_approved_model(team, by, *, data_class="personal", environment="production", **facts):
    """A model that may be used for `model.use` up to this environment and data class."""
    model = a_model(team, by, **facts)
    model.use = a_use_case(team, by, data_class=data_class)
    a_submitted_version_with(model, by, model.use, environment, data_class)
    return model


def a_submitted_version_with(model, by, use, environment, data_class):
    """Approve a version for exactly this use."""
    from django.db import transaction

    from catalog.registry.actions import give_approval, move_version
    from catalog.registry.states import VersionState
    from tests.factories import a_finished_run

    made = a_submitted_version(model, by, use_case=use)
    ModelVersion.objects.filter(pk=made.pk).update(environment=environment, data_class=data_class)
    made.refresh_from_db()
    run = a_finished_run(made)
    with transaction.atomic():
        move_version(made, VersionState.IN_REVIEW, verb="version.review_opened", by=None)
        move_version(made, VersionState.APPROVED, verb="version.approved", by=None)
        until = timezone.now() + timedelta(days=700)
        give_approval(made, by=None, valid_until=until, grace_days=30, conditions=[], checks_run=run.pk, policy="starter@1", review=None)
    return made


def ask(models, by, **more):
    """Ask as ivo's team does, unless said otherwise."""
    models = models if isinstance(models, list) else [models]
    team = None if "user" in more else more.pop("team", None) or by.memberships.get().team
    wish = {"use_case": models[0].use, "environment": "test", "data_class": "internal", "until": in_days(60), "team": team} | more
    return ask_for_access(models, by=by, **wish)


def the_part(request, model=None):
    """The only part of a request, or that of one model, as it is now."""
    rows = request.parts.select_related("model__team", "request")
    return rows.get(model=model) if model else rows.get()


def decide(part, by, choice="grant", step="owner", **more):
    """Decide as the page does."""
    return decide_part(part, by=by, step=step, choice=choice, **({"reason": WHY} | more))


def rule(model, by, **more):
    """Set a rule."""
    return set_access_rule(model, by=by, **(RULE | more))


def deliver_all():
    """Let the listeners hear everything, as the worker would."""
    for event in dict.fromkeys(Delivery.objects.filter(delivered_at=None).order_by("id").values_list("event", flat=True)):
        deliver(event)
    assert not Delivery.objects.filter(attempts__gt=0).exists(), list(Delivery.objects.filter(attempts__gt=0).values_list("fault", flat=True))


@pytest.fixture
def starter(db):
    """The policy that ships."""
    return ensure_starter()


@pytest.fixture
def model(cast, starter):
    """A model of finance-ml, approved for production and personal data."""
    return an_approved_model(cast.finance_ml, cast.nina, name="invoice")


@pytest.fixture
def committed(transactional_db):
    """The cast in a database where commits are real."""
    world = people.load()
    ensure_starter()
    return world


__all__ = ["an_approved_version"]
