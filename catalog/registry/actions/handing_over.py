"""What somebody who leaves hands over: the models they answer for and the use cases they own."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models.functions import Now

from catalog.registry.actions.grants import project_grants
from catalog.registry.held import accountable_of, personal_grants_of, use_cases_owned_by
from catalog.registry.models import AccessGrant, RegisteredModel, UseCase
from marketplace.accounts.models import Team, User
from marketplace.accounts.permissions import require_hand_over
from marketplace.activity.actions import record
from marketplace.permissions.queries import roles_of, visible


@transaction.atomic
def hand_over(person: User, *, to: User, by: User | None, team: Team | None = None) -> int:
    """Move what can be moved: models that the receiver sees, and use cases of the receiver's teams; the rest stays."""
    require_hand_over(by, team)
    models = list(visible(accountable_of(person, team), to=to).select_for_update(of=("self",)))
    for model in models:
        RegisteredModel.objects.filter(pk=model.pk).update(accountable=to, updated_at=Now())
        record("model.changed", model, by=by, before={"accountable": person}, after={"accountable": to})
    use_cases = list(use_cases_owned_by(person, team).filter(team__in=list(roles_of(to))).select_for_update(of=("self",)))
    for use_case in use_cases:
        UseCase.objects.filter(pk=use_case.pk).update(owner=to)
        record("use_case.handed_over", use_case, by=by, before=person, after=to)
    return len(models) + len(use_cases)


def end_grants_of(person: User) -> int:
    """End the grants that a person holds alone: whoever left uses nothing any more, also not when they come back."""
    return end_these(personal_grants_of(person))


@transaction.atomic
def end_these(grants: Iterable[AccessGrant]) -> int:
    """End personal grants, each with its event; one that ended meanwhile stays as it is."""
    count = 0
    for grant in grants:
        if AccessGrant.objects.filter(pk=grant.pk, ended_at=None).update(ended_at=Now()):
            project_grants(grant.thing, grant.user)
            record("grant.ended", grant.thing, by=None, to=grant.user, use_case=grant.use_case)
            count += 1
    return count
