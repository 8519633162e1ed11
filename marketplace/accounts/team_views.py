"""The page of a team: its members, and the tabs that other rooms offer; what an owner does with members."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.accounts.actions import add_member, hand_over, remove_member
from marketplace.accounts.forms import MemberForm
from marketplace.accounts.leaving import duties_of
from marketplace.accounts.models import Team
from marketplace.accounts.people import log_of, why
from marketplace.accounts.people_forms import HandOverForm
from marketplace.accounts.people_views import named, words_of_hand_over
from marketplace.accounts.permissions import knows_team, may_manage_team, require_team_manager
from marketplace.accounts.queries import last_ownerships_of, member_of, members_known_to, members_of, owners_of, team_named, units_of, user_named
from marketplace.errors import Conflict, NotAllowed, NotFound
from marketplace.web.forms import attempt
from marketplace.web.pages import notice, page, see_other
from marketplace.web.slots import ShownPanel, panels

MEMBERS = "members"


@login_required
@require_safe
def team_page(request: HttpRequest, team: str, tab: str = MEMBERS) -> HttpResponse:
    """Show one tab of a team; another spelling of its name leads to the stored one."""
    found = team_named(team)
    if found.name != team:
        return see_other(f"/teams/{found.name}" if tab == MEMBERS else f"/teams/{found.name}/{tab}")
    return show(request, found, tab, form=MemberForm())


def show(request: HttpRequest, team: Team, tab: str, *, form: MemberForm, status: int = 200) -> HttpResponse:
    """Render a tab of a team; each other tab is a panel that some room offers, and only the current one is made."""
    offered = panels("team", request, team)
    context: dict[str, Any] = {
        "team": team,
        "size": len(members_of(team)),
        "tabs": [{"text": "Members", "name": MEMBERS, "url": f"/teams/{team.name}"}, *(_tab(team, panel) for panel in offered)],
        "current": tab,
        "owners": list(owners_of(team.pk).order_by("username")),
        "knows": knows_team(request.user, team),  # type: ignore[arg-type]
        "may_manage": may_manage_team(request.user, team),  # type: ignore[arg-type]
        "units": list(units_of(team)),
        "crumbs": [{"text": "Teams", "url": "/teams"}, {"text": team.name}],
    }
    if tab == MEMBERS:
        members = [(member, why(member)) for member in members_known_to(request.user, team)]  # type: ignore[arg-type]
        context |= {"members": members, "form": form, "log": log_of(team) if context["knows"] else []}
    else:
        context["panel"] = _named(offered, tab, team)
    return page(request, "marketplace/accounts/team.html", context, status=status)


def _tab(team: Team, panel: ShownPanel) -> dict[str, Any]:
    return {"text": panel.title, "name": panel.name, "url": f"/teams/{team.name}/{panel.name}"}


def _named(offered: list[ShownPanel], tab: str, team: Team) -> ShownPanel:
    found = next((panel for panel in offered if panel.name == tab), None)
    if found is None and tab in {"uses", "access"}:
        raise NotAllowed(f"Only members of team {team.name} and those who oversee it see this.", hint=f"Ask an owner of team {team.name}.")
    if found is None:
        raise NotFound
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def team_members(request: HttpRequest, team: str) -> HttpResponse:
    """Add a member, change a role, or (with an empty role) remove a member."""
    found, user = team_named(team), request.user
    if request.method != "POST":
        return see_other(f"/teams/{found.name}")
    require_team_manager(user, found)  # type: ignore[arg-type]
    form, leaves = MemberForm(request.POST), request.POST.get("role") == ""
    form.fields["role"].required = not leaves
    if leaves and form.is_valid():
        return _remove(request, found, form)

    def add(values: dict[str, Any]) -> None:
        add_member(found, named(user_named, values["username"], "username"), role=values["role"], by=user)  # type: ignore[arg-type]

    if status := attempt(form, add):
        return show(request, found, MEMBERS, form=form, status=status)
    notice(request, f"{form.cleaned_data['username']} is now {form.cleaned_data['role']} in {found.name}.")
    return see_other(f"/teams/{found.name}", request)


def _remove(request: HttpRequest, team: Team, form: MemberForm) -> HttpResponse:
    username = form.cleaned_data["username"]
    try:
        member = member_of(team, username)
    except NotFound:
        form.add_error(None, f"{username.capitalize()} is not in team {team.name}. Look at the list for how the name is written.")
        return show(request, team, MEMBERS, form=form, status=422)
    try:
        remove_member(team, member.user, by=request.user)  # type: ignore[arg-type]
    except Conflict as error:
        return _leaving(request, team, username, HandOverForm(), status=error.status, refused=f"{error.sentence} {error.hint}".strip())
    notice(request, f"{member.user} is no longer in {team.name}.")
    return see_other(f"/teams/{team.name}", request)


@login_required
@require_safe
def team_member(request: HttpRequest, team: str, username: str) -> HttpResponse:
    """Show what a member would leave in this team, before an owner confirms."""
    found = team_named(team)
    require_team_manager(request.user, found)  # type: ignore[arg-type]
    return _leaving(request, found, username, HandOverForm())


@login_required
@require_POST
def member_hand_over(request: HttpRequest, team: str, username: str) -> HttpResponse:
    """Hand over what a member leaves in this team."""
    found = team_named(team)
    require_team_manager(request.user, found)  # type: ignore[arg-type]
    person, form = member_of(found, username).user, HandOverForm(request.POST)
    moved: list[int] = []

    def move(values: dict[str, Any]) -> None:
        moved.append(hand_over(person, to=named(user_named, values["to"], "to"), by=request.user, team=found))  # type: ignore[arg-type]

    if status := attempt(form, move):
        return _leaving(request, found, username, form, status=status)
    notice(request, words_of_hand_over(moved[0], form.cleaned_data["to"]))
    return see_other(f"/teams/{found.name}/members/{person.username}", request)


def _leaving(request: HttpRequest, team: Team, username: str, form: HandOverForm, *, status: int = 200, refused: str = "") -> HttpResponse:
    member = member_of(team, username)
    context = {
        "team": team,
        "member": member,
        "duties": duties_of(member.user, viewer=request.user, team=team),
        "is_last": last_ownerships_of(member.user).filter(pk=team.pk).exists(),
        "hand_over_form": form,
        "refused": refused,
        "crumbs": [{"text": "Teams", "url": "/teams"}, {"text": team.name, "url": f"/teams/{team.name}"}, {"text": str(member.user)}],
    }
    return page(request, "marketplace/accounts/team_member.html", context, status=status)
