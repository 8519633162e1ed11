"""Who knows of a model, and who sees which files it has."""

from collections.abc import Collection

from django.db import transaction
from django.db.models.functions import Now

from catalog.registry.models import RegisteredModel
from catalog.registry.permissions import require_manager
from marketplace.accounts.models import Team, User
from marketplace.activity.actions import record
from marketplace.errors import Invalid
from marketplace.permissions.models import Visibility

MOST_TEAMS = 200


@transaction.atomic
def share_model(
    model: RegisteredModel, *, by: User, visibility: str, teams: Collection[Team] = (), files_on_request: bool | None = None
) -> RegisteredModel:
    """Show a model to everybody, to named teams (with those below them), or to its owner team; it bites with the next request."""
    require_manager(by, model)
    problems = _problems(visibility, teams)
    if problems:
        raise Invalid("Who knows of the model was not changed.", fields=problems)
    wanted = {
        "visibility": visibility,
        "shown_to": sorted({team.pk for team in teams}),
        "files_on_request": model.files_on_request if files_on_request is None else files_on_request,
    }
    before = {name: getattr(model, name) for name in wanted}
    if before != wanted:
        RegisteredModel.objects.filter(pk=model.pk).update(**wanted, updated_at=Now())
        model.refresh_from_db()
        record("model.shared", model, by=by, before=before, after=wanted)
    return model


def _problems(visibility: str, teams: Collection[Team]) -> dict[str, list[str]]:
    if visibility not in Visibility.values:
        return {"visibility": [f"Use one of {', '.join(Visibility.values)}."]}
    if visibility == Visibility.TEAMS and not 1 <= len(teams) <= MOST_TEAMS:
        return {"teams": [f"Name 1 to {MOST_TEAMS} teams, or choose another visibility."]}
    if visibility != Visibility.TEAMS and teams:
        return {"teams": ["Teams are named only where the model is shown to named teams."]}
    return {}
