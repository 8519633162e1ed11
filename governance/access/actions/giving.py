"""Turning a yes into a grant."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from catalog.registry.actions import give_grant
from catalog.registry.models import AccessGrant
from governance.access.models import AccessDecision, AccessPart
from governance.access.states import PART_MOVES, Choice, PartState, Step
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.lifecycle import move


@transaction.atomic
def grant_by_rule(part: AccessPart) -> AccessGrant:
    """Grant at once, because the owners' rule says so; no person is counted for it."""
    request = part.request
    AccessDecision.objects.create(
        part=part,
        step=Step.OWNER,
        choice=Choice.GRANT,
        by=None,
        reason="Granted by the rule of the model.",
        until=request.until,
        environment=request.environment,
        data_class=request.data_class,
    )
    return give(part, until=request.until, environment=request.environment, data_class=request.data_class, owner=None, by=None)


def give(part: AccessPart, *, until: datetime, environment: str, data_class: str, owner: User | None, by: User | None) -> AccessGrant:
    """Give the grant that everybody has agreed to; one that is there for the same use is prolonged, never shortened."""
    request = part.request
    grant = give_grant(
        part.model,
        by=None,
        decided_by=owner,
        user=request.user,
        team=request.team,
        use_case=request.use_case,
        environment=environment,
        data_class=data_class,
        until=until,
    )
    move(part, PartState.GRANTED, allowed=PART_MOVES, grant=grant, closed_at=timezone.now())
    record(
        "access.granted",
        request,
        by=by,
        part=part.pk,
        model=part.model,
        to=request.user or request.team,
        by_rule=owner is None,
        until=grant.until,
        environment=environment,
        data_class=data_class,
        grant=grant.pk,
    )
    return grant
