"""Pages about me and about teams."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from marketplace.accounts.actions import change_settings, welcome_person
from marketplace.accounts.forms import SettingsForm, WelcomeForm
from marketplace.accounts.identity.queries import issuer
from marketplace.accounts.people import holdings_of
from marketplace.accounts.queries import all_teams, organization_roles_of, teams_of
from marketplace.web.pages import notice, page, see_other


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
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """After the first sign-in: are teams and roles right, and what should be mailed? Whoever skips it is not asked again."""
    user: Any = request.user
    wish = request.POST.get("next") or request.GET.get("next", "")
    onward = wish if url_has_allowed_host_and_scheme(wish, allowed_hosts=None) else "/"
    skips = request.method == "POST" and "skip" in request.POST
    form = WelcomeForm(None if skips else request.POST or None, initial={"mails": "digest" if user.mails_digest else "urgent"})
    if skips or form.is_valid():
        welcome_person(user, by=user, mails_digest=None if skips else form.cleaned_data["mails"] == "digest")
        return see_other(onward, request)
    places, roles = holdings_of(user)
    context = {"form": form, "places": places, "roles": roles, "next": onward, "directory": settings.OIDC_NAME if issuer() else ""}
    return page(request, "marketplace/accounts/welcome.html", context, status=422 if form.is_bound else 200)


@login_required
@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    """List my teams and all others."""
    user: Any = request.user
    mine = list(teams_of(user))
    others = all_teams().select_related("parent").exclude(pk__in=[team.pk for team in mine])
    return page(request, "marketplace/accounts/teams.html", {"mine": mine, "others": others})
