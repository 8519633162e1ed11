"""What I and my teams may use, and until when; and what a team owns."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from catalog.registry.queries import grants_given_by, grants_held_by, grants_of_team, models_for, standing_of, with_standing
from catalog.storefront.uses import MOST, uses_of
from marketplace.accounts.models import Team
from marketplace.accounts.permissions import knows_team
from marketplace.web import slots
from marketplace.web.pages import page


@login_required
@require_safe
def my_access(request: HttpRequest) -> HttpResponse:
    """List my grants and those of my teams that count now."""
    return page(request, "catalog/storefront/my_access.html", {"grants": grants_held_by(request.user)})


def team_models(request: HttpRequest, team: Team) -> str:
    """Render the models of a team that the viewer may see."""
    rows: Any = with_standing(models_for(request.user).filter(team=team), request.user).order_by("name")[:200]
    shown = [(model, standing_of(model.standing_key)) for model in rows]
    return render_to_string("catalog/storefront/_team_models.html", {"rows": shown, "team": team}, request=request)


def team_uses(request: HttpRequest, team: Team) -> str:
    """Render the models of others that a team uses, and how far behind it is."""
    return render_to_string("catalog/storefront/_team_uses.html", {"uses": uses_of(request.user, team), "team": team}, request=request)


def team_access(request: HttpRequest, team: Team) -> str:
    """Render the grants a team holds, and those that its models gave."""
    given = grants_given_by(request.user, team)
    shown = {"held": grants_of_team(request.user, team)[:MOST], "given": given[:MOST] if given is not None else None, "team": team}
    return render_to_string("catalog/storefront/_team_access.html", shown, request=request)


def connect() -> None:
    """Offer the tabs to the page of a team."""
    slots.fill("team", "models", title="Models", order=10, render=team_models)
    slots.fill("team", "uses", title="Uses", order=20, render=team_uses, may_see=knows_team)
    slots.fill("team", "access", title="Access", order=30, render=team_access, may_see=knows_team)
