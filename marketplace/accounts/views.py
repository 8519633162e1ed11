"""Pages about me and about teams."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.accounts.actions import change_settings, issue_token, revoke_token
from marketplace.accounts.forms import SettingsForm, TokenForm
from marketplace.accounts.models import ApiToken
from marketplace.accounts.queries import all_teams, organization_roles_of, teams_of, token_of, tokens_of
from marketplace.accounts.tokens import SCOPES
from marketplace.web.pages import notice, page, see_other


@dataclass(frozen=True)
class ShownToken:
    """A token in words."""

    token: ApiToken
    words: str
    state: str
    counts: bool

    def __getattr__(self, name: str) -> Any:
        return getattr(self.token, name)


def shown(token: ApiToken) -> ShownToken:
    """Say in words what a token may and whether it still counts."""
    state = "Revoked" if token.revoked_at else "Ended" if token.expires_at <= timezone.now() else "Counts"
    return ShownToken(token, "; ".join(SCOPES.get(scope, scope) for scope in token.scopes), state, state == "Counts")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_tokens(request: HttpRequest) -> HttpResponse:
    """List my tokens; a POST issues one and shows its secret this once."""
    form, secret, status = TokenForm(request.POST or None, initial={"days": 90, "scopes": ["read", "download"]}), "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            _, secret = issue_token(request.user, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
            form, status = TokenForm(initial={"days": 90, "scopes": ["read", "download"]}), 200
    try_it = f'curl -H "Authorization: Bearer {secret}" {settings.PUBLIC_URL}/api/v1/me'
    context = {"tokens": [shown(t) for t in tokens_of(request.user)], "form": form, "secret": secret, "try_it": try_it}  # type: ignore[arg-type]
    response = page(request, "marketplace/accounts/tokens.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def revoke_my_token(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of my tokens at once."""
    token = revoke_token(token_of(request.user, pk), by=request.user)  # type: ignore[arg-type]
    notice(request, f"The token {token.name} no longer counts.")
    return see_other("/me/tokens", request)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_settings(request: HttpRequest) -> HttpResponse:
    """Show and change how pages look for me."""
    user: Any = request.user
    form = SettingsForm(request.POST or None, initial={"theme": user.theme, "mails_digest": user.mails_digest})
    if request.method == "POST" and form.is_valid():
        change_settings(user, by=user, **form.cleaned_data)
        notice(request, "Settings saved.")
        return see_other("/me/settings", request)
    context = {"form": form, "teams": teams_of(user), "roles": organization_roles_of(user)}
    return page(request, "marketplace/accounts/settings.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    """List my teams and all others."""
    user: Any = request.user
    mine = list(teams_of(user))
    others = all_teams().select_related("parent").exclude(pk__in=[team.pk for team in mine])
    return page(request, "marketplace/accounts/teams.html", {"mine": mine, "others": others})
