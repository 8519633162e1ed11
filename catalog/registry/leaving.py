"""What people leave in the registry: models they answer for, use cases, drafts, and grants that only they hold."""

from collections.abc import Callable
from typing import Any

from django.db.models import Case, Model, QuerySet, Value, When

from catalog.registry.actions import hand_over
from catalog.registry.held import accountable_of, personal_grants_of, unfinished_by, use_cases_owned_by
from catalog.registry.models import AccessGrant, Approval, ModelVersion, RegisteredModel, UseCase
from marketplace.accounts.leaving import Duty, DutyKind, Found, offer
from marketplace.accounts.models import Team, User
from marketplace.permissions.queries import roles_of, visible

Viewer = Any
MOST = 500


def parted(rows: QuerySet[Any], seen: QuerySet[Any], duty: Callable[[Any], Duty]) -> Found:
    """Name the rows that are also in `seen`, and count the others, in one query."""
    yes, no = Value(True), Value(False)  # noqa: FBT003 - SQL values
    found = list(rows.annotate(is_seen=Case(When(pk__in=seen.order_by().values("pk"), then=yes), default=no))[:MOST])
    return Found([duty(row) for row in found if row.is_seen], sum(not row.is_seen for row in found))


def seen_through(model: type[Model], viewer: Viewer, via: str = "") -> QuerySet[Any]:
    """The rows of a table that the viewer may see."""
    return visible(model._default_manager.order_by(), to=viewer, via=via)


def accountable(person: User, viewer: Viewer, team: Team | None) -> Found:
    """The models that the person answers for."""
    return parted(accountable_of(person, team), seen_through(RegisteredModel, viewer), lambda row: Duty(str(row), f"/m/{row}"))


def use_cases(person: User, viewer: Viewer, team: Team | None) -> Found:
    """The use cases that the person owns: seen by members of their team, and by whoever sees a model approved for them."""
    approved = seen_through(Approval, viewer, "version__model").values("use_case")
    known = UseCase.objects.filter(team__in=list(roles_of(viewer))) | UseCase.objects.filter(pk__in=approved)
    return parted(use_cases_owned_by(person, team), known, lambda row: Duty(row.name, f"/teams/{row.team.name}", f"of team {row.team.name}"))


def drafts(person: User, viewer: Viewer, team: Team | None) -> Found:
    """The versions that the person made and that are not decided yet."""
    rows, seen = unfinished_by(person, team), seen_through(ModelVersion, viewer, "model")
    return parted(rows, seen, lambda row: Duty(str(row), f"/m/{row.model}/v/{row.version}", row.get_state_display()))


def grants(person: User, viewer: Viewer, team: Team | None) -> Found:
    """The grants that the person holds alone, for a team's use cases or all."""
    return parted(personal_grants_of(person, team), seen_through(AccessGrant, viewer, "thing"), _grant)


def _grant(row: AccessGrant) -> Duty:
    return Duty(str(row.thing), f"/m/{row.thing}", f"for {row.use_case}, {row.get_environment_display()}, until {row.until:%-d %b %Y}")


def connect() -> None:
    """Offer the kinds of this room."""
    stays = "Hand them over to somebody who sees the model; until then the name on its page is that of somebody who left."
    owned = "Hand them over to somebody in the team; until then they have no active owner."
    made = "They stay with their team: its contributors go on with them."
    ends = "They end when the person leaves. Whoever goes on needs a grant of their own."
    offer(DutyKind("accountable", "Models they answer for", 20, stays, accountable, hand_over))
    offer(DutyKind("use-cases", "Use cases they own", 30, owned, use_cases, hand_over))
    offer(DutyKind("drafts", "Versions not decided yet", 40, made, drafts))
    offer(DutyKind("grants", "Grants that only they hold", 60, ends, grants))
