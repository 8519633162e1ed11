"""What I and my teams may use, and until when; and what a team owns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.registry.models import AccessGrant
from catalog.registry.permissions import may_speak_for
from catalog.registry.queries import grants_given_by, grants_of_team, grants_spoken_for, models_for, standing_of, with_standing
from catalog.storefront import use_cases
from catalog.storefront.uses import MOST, uses_of
from catalog.usage.queries import last_uses
from marketplace.accounts.models import Team
from marketplace.accounts.permissions import knows_team
from marketplace.web import slots
from marketplace.web.pages import page


@dataclass(frozen=True)
class HeldGrant:
    """A grant as its holder sees it."""

    grant: AccessGrant
    may_act: bool
    last_used: datetime | None

    @property
    def days(self) -> int:
        """For how many days it is given."""
        return max(1, (self.grant.until - self.grant.created_at).days)

    @property
    def left(self) -> int:
        """How many days are left."""
        return max(0, min(self.days, (self.grant.until - timezone.now()).days))


@login_required
@require_safe
def my_access(request: HttpRequest) -> HttpResponse:
    """List my grants, those of my teams and of their service accounts that count now, and what other rooms tell about access."""
    grants = list(grants_spoken_for(request.user)[:MOST])
    used = last_uses(grants)
    rows = [HeldGrant(grant, may_speak_for(request.user, grant), used.get(grant.pk)) for grant in grants]  # type: ignore[arg-type]
    return page(request, "catalog/storefront/my_access.html", {"rows": rows, "panels": slots.panels("my-access", request)})


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
    slots.fill("team", "use-cases", title="Use cases", order=25, render=use_cases.team_panel, may_see=use_cases.is_member)
    slots.fill("team", "access", title="Access", order=30, render=team_access, may_see=knows_team)
