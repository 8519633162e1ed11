"""Pages about me and about teams."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.accounts.actions import add_member, change_settings, remove_member
from marketplace.accounts.forms import MemberForm, SettingsForm
from marketplace.accounts.models import Team
from marketplace.accounts.permissions import may_manage_team
from marketplace.accounts.queries import all_teams, members_of, organization_roles_of, team_named, teams_of, user_named
from marketplace.errors import DomainError
from marketplace.web.pages import notice, page, see_other
from marketplace.web.slots import panels


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
    others = all_teams().exclude(pk__in=[team.pk for team in mine])
    return page(request, "marketplace/accounts/teams.html", {"mine": mine, "others": others})


@login_required
@require_safe
def team_page(request: HttpRequest, team: str) -> HttpResponse:
    """Show one team: models, members."""
    found = team_named(team)
    return see_other(f"/teams/{found.name}") if found.name != team else _team_page(request, found, MemberForm())


@login_required
@require_POST
def team_members(request: HttpRequest, team: str) -> HttpResponse:
    """Add a member, change a role, or (with an empty role) remove a member."""
    found, user = team_named(team), request.user
    leaving = request.POST.get("role") == ""
    form = MemberForm(request.POST)
    form.fields["role"].required = not leaving
    try:
        if leaving and form.is_valid():
            gone = user_named(form.cleaned_data["username"])
            remove_member(found, gone, by=user)  # type: ignore[arg-type]
            notice(request, f"{gone} is no longer in {found.name}.")
            return see_other(f"/teams/{found.name}", request)
        if form.is_valid():
            person = user_named(form.cleaned_data["username"])
            add_member(found, person, role=form.cleaned_data["role"], by=user)  # type: ignore[arg-type]
            notice(request, f"{person} is now {form.cleaned_data['role']} in {found.name}.")
            return see_other(f"/teams/{found.name}", request)
    except DomainError as error:
        if error.status not in {404, 409, 422}:
            raise
        form.add_error(None, f"{error.sentence} {error.hint}".strip())
    return _team_page(request, found, form, status=422)


def _team_page(request: HttpRequest, team: Team, form: MemberForm, status: int = 200) -> HttpResponse:
    """Render the page of a team."""
    context = {
        "team": team,
        "members": members_of(team),
        "may_manage": may_manage_team(request.user, team),  # type: ignore[arg-type]
        "form": form,
        "panels": panels("team", request, team),
        "crumbs": [{"text": "Teams", "url": "/teams"}, {"text": team.name}],
    }
    return page(request, "marketplace/accounts/team.html", context, status=status)
