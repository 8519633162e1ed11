"""What the home page shows: work of mine, what was approved lately, how much there is."""

from typing import Any

from django.db.models import Count, Max, QuerySet

from catalog.registry.models import Approval, ModelVersion
from catalog.registry.queries import approvals_in_force, models_for, versions_for, with_standing
from marketplace.permissions.needs import TeamRole
from marketplace.permissions.queries import roles_of, visible

UNFINISHED = ("draft", "validating", "validation_failed", "changes_requested", "quarantined")


def unfinished_of(viewer: Any) -> QuerySet[ModelVersion]:
    """Versions of the viewer's teams that are not handed in yet or came back, newest first."""
    mine = [team for team, role in roles_of(viewer).items() if role in {TeamRole.CONTRIBUTOR, TeamRole.OWNER}]
    return versions_for(viewer).filter(model__team__in=mine, state__in=UNFINISHED).order_by("-pk")


def recently_approved(viewer: Any, *, count: int = 6) -> list[Approval]:
    """The newest approvals that count now, one a model, of models that the viewer sees."""
    seen = visible(approvals_in_force(), to=viewer, via="version__model").order_by()
    newest = seen.values("version__model").annotate(newest=Max("pk")).values("newest")
    rows = Approval.objects.filter(pk__in=newest).select_related("version__model__team", "use_case")
    return list(rows.order_by("-pk")[:count])


def counts_by_standing(viewer: Any) -> dict[str, int]:
    """How many models the viewer sees, by what may be done with them."""
    rows: Any = with_standing(models_for(viewer).select_related(None).order_by(), viewer)
    return {str(key): count for key, count in rows.values_list("standing_key").annotate(n=Count("pk"))}
