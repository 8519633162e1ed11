"""Access grants: who may use a model for what, until when; guardian's rows are their projection."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from catalog.registry.models import PROJECTED_RIGHTS, AccessGrant, RegisteredModel, UseCase
from catalog.registry.permissions import may_speak_for, require_manager, require_other_hands
from marketplace.accounts.models import Team, User
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid, NotAllowed
from marketplace.permissions.actions import project, withdraw
from marketplace.permissions.queries import in_force

Judge = Callable[[RegisteredModel, str, datetime], Mapping[str, list[str]]]  # model, data class, end -> what is wrong
_judges: list[Judge] = []


def limit_what_owners_give(judge: Judge) -> None:
    """Let a room above say what owners do not give without being asked; called from `apps.ready()`."""
    if judge not in _judges:
        _judges.append(judge)


@transaction.atomic
def give_grant(
    model: RegisteredModel,
    *,
    use_case: UseCase,
    until: datetime,
    by: User | None,
    user: User | None = None,
    team: Team | None = None,
    environment: str = "production",
    data_class: str = "internal",
    decided_by: User | None = None,
) -> AccessGrant:
    """Give a person or a team the right to use a model for a use case; an existing one for the same use is prolonged.

    `decided_by` names who said yes where a room above has checked that they may; then `by` is nobody.
    """
    if by is not None:
        require_manager(by, model)
        require_other_hands(by, model, user=user, team=team)
    if (user is None) == (team is None):
        raise Invalid("A grant is for one person or one team.", fields={"subject": ["Name either a person or a team."]})
    if until <= timezone.now():
        raise Invalid("The grant was not given.", fields={"until": ["It must end in the future."]})
    if by is not None and (wrong := {field: told for judge in _judges for field, told in judge(model, data_class, until).items()}):
        raise Invalid("The grant was not given.", fields=wrong)
    use = {"thing": model, "user": user, "team": team, "use_case": use_case, "environment": environment, "data_class": data_class}
    if AccessGrant.objects.filter(**use, ended_at=None, until__lte=Now()).update(ended_at=Now()):
        record("grant.ended", model, by=None, to=user or team, use_case=use_case)
    grant, is_new = AccessGrant.objects.get_or_create(**use, ended_at=None, defaults={"until": until, "granted_by": by or decided_by})
    if not is_new and until > grant.until:
        # Somebody has just decided about it anew: whether it is still needed need not be asked now.
        AccessGrant.objects.filter(pk=grant.pk).update(until=until, confirmed_at=Now(), confirm_by=None)
        grant.refresh_from_db(fields=["until", "confirmed_at", "confirm_by"])
    project_grants(model, user or team)
    record(
        "grant.given",
        model,
        by=by or decided_by,
        to=user or team,
        use_case=use_case,
        environment=environment,
        data_class=data_class,
        until=grant.until,
    )
    return grant


@transaction.atomic
def end_grant(grant: AccessGrant, *, by: User | None, reason: str = "") -> AccessGrant:
    """End a grant before its time: it bites with the next request. Its holder may, and owners of the model; nobody: the marketplace itself."""
    if by is not None and not may_speak_for(by, grant):
        require_manager(by, grant.thing)
    if not AccessGrant.objects.filter(pk=grant.pk, ended_at=None).update(ended_at=Now()):
        raise Conflict("This grant has already ended.", hint="Reload the page.")
    project_grants(grant.thing, grant.user or grant.team)
    record("grant.ended", grant.thing, by=by, to=grant.user or grant.team, use_case=grant.use_case, grant=grant.pk, reason=reason)
    grant.refresh_from_db()
    return grant


@transaction.atomic
def ask_to_confirm(grant: AccessGrant, *, answer_by: datetime) -> bool:
    """Ask the holder of a grant whether it is still needed; False when that was asked already, or the grant has ended."""
    asked = AccessGrant.objects.filter(pk=grant.pk, ended_at=None, confirm_by=None).update(confirm_by=answer_by)
    if asked:
        grant.confirm_by = answer_by
        record("grant.questioned", grant.thing, by=None, to=grant.user or grant.team, use_case=grant.use_case, grant=grant.pk, answer_by=answer_by)
    return bool(asked)


@transaction.atomic
def confirm_grant(grant: AccessGrant, *, by: User) -> AccessGrant:
    """Say that a grant is still in use and its purpose unchanged; only its holder does."""
    if not may_speak_for(by, grant):
        holder = f"an owner of team {grant.team.name}" if grant.team else str(grant.user)
        raise NotAllowed("Only the holder of a grant says whether it is still needed.", hint=f"Ask {holder}.")
    if not AccessGrant.objects.filter(pk=grant.pk, ended_at=None, until__gt=Now()).update(confirmed_at=Now(), confirm_by=None):
        raise Conflict("This grant has already ended.", hint="Ask for access again.")
    record("grant.confirmed", grant.thing, by=by, to=grant.user or grant.team, use_case=grant.use_case, grant=grant.pk)
    grant.refresh_from_db()
    return grant


def project_grants(model: RegisteredModel, subject: Any) -> None:
    """Make guardian's rows of one subject say what its grants in force say."""
    is_team = isinstance(subject, Team)
    holds = AccessGrant.objects.filter(in_force(), thing=model, **{"team" if is_team else "user": subject}).exists()
    for right in PROJECTED_RIGHTS:
        (project if holds else withdraw)(right, model, subject=subject.group if is_team else subject)
