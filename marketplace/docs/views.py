"""The page about the interface for programs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from marketplace.accounts.queries import team_roles_of
from marketplace.api.reference import reference
from marketplace.web.pages import page

ANY_TEAM = "your-team"
FIRST = """export MARKETPLACE={site}
read -rs MARKETPLACE_TOKEN    # paste the secret; it is not shown
export MARKETPLACE_TOKEN"""
SECOND = """curl -sS -H "Authorization: Bearer $MARKETPLACE_TOKEN" \\
  "$MARKETPLACE/api/v1/models?team={team}&limit=5\""""
THIRD = """MODEL={team}/name-from-the-list
AT="$MARKETPLACE/api/v1/models/$MODEL/versions/@production"
curl -sS -H "Authorization: Bearer $MARKETPLACE_TOKEN" "$AT/files"
curl -fsSLO -H "Authorization: Bearer $MARKETPLACE_TOKEN" "$AT/files/model.safetensors\""""


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Show how to begin, and every operation; open to everybody, as the document it is made from."""
    user: Any = request.user
    teams = team_roles_of(user) if user.is_authenticated else {}
    team = next(iter(teams), ANY_TEAM)
    steps = {name: text.format(site=settings.PUBLIC_URL, team=team) for name, text in (("token", FIRST), ("list", SECOND), ("download", THIRD))}
    return page(request, "marketplace/docs/api.html", {"reference": reference(), "steps": steps, "team": team, "is_mine": bool(teams)})
