"""Pages of administrators: people, one person with everything they have, teams, roles."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.accounts.actions import (
    activate_person,
    add_person,
    change_team,
    create_team,
    deactivate_person,
    give_role,
    hand_over,
    place_team,
    take_role,
)
from marketplace.accounts.leaving import duties_of
from marketplace.accounts.models import User
from marketplace.accounts.people import by_name, holdings_of, matrix, people
from marketplace.accounts.people_forms import FindForm, HandOverForm, PersonForm, PlaceForm, RoleForm, TeamForm
from marketplace.accounts.permissions import require_administrator
from marketplace.accounts.queries import (
    all_teams,
    anybody_named,
    last_administrator,
    team_named,
    teams_without_owner,
    tracks_named,
    user_named,
)
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.permissions.needs import OrgRole
from marketplace.web.forms import attempt
from marketplace.web.pages import notice, page, see_other

GB = 10**9
TABS = [{"text": "People", "url": "/admin/people"}, {"text": "Teams", "url": "/admin/teams"}, {"text": "Roles", "url": "/admin/roles"}]


def named(find: Any, name: str, field: str) -> Any:
    """Return who or what was named; an unknown name is a value to mend."""
    try:
        return find(name)
    except NotFound as missing:
        raise Invalid("There is no such name.", fields={field: [f"There is nobody and nothing named {name} here."]}) from missing


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def people_page(request: HttpRequest) -> HttpResponse:
    """Find people; a POST adds one."""
    require_administrator(request.user, "see who has what")  # type: ignore[arg-type]
    form, status = PersonForm(request.POST or None, initial={"kind": "person"}), 200
    if request.method == "POST":
        made: list[User] = []
        status = attempt(form, lambda values: made.append(add_person(values.pop("username"), by=request.user, **values)))  # type: ignore[arg-type]
        if not status:
            notice(request, f"{made[0]} was added. Give a role or a team next; signing in works once a password or single sign-on is set up.")
            return see_other(f"/admin/people/{made[0].username}", request)
    find = FindForm(request.GET)
    asked = find.cleaned_data if find.is_valid() else {"q": "", "state": "all"}
    found = by_name(people(asked["q"], asked["state"]), request.GET)
    kept = {name: value for name, value in asked.items() if value}
    next_url = f"/admin/people?{urlencode(kept | {'cursor': found.next})}" if found.next else ""
    context = {"found": found.rows, "next_url": next_url, "find": find, "form": form, "tabs": TABS}
    return page(request, "marketplace/accounts/people.html", context, status=status)


@login_required
@require_safe
def person_page(request: HttpRequest, username: str) -> HttpResponse:
    """Show what a person has and why, and what they would leave."""
    require_administrator(request.user, "see who has what")  # type: ignore[arg-type]
    return _person(request, anybody_named(username))


def _person(request: HttpRequest, person: User, *, status: int = 200, **forms: Any) -> HttpResponse:
    places, roles = holdings_of(person)
    context: dict[str, Any] = {
        "person": person,
        "places": places,
        "roles": roles,
        "duties": duties_of(person, viewer=request.user),
        "role_form": RoleForm(),
        "hand_over_form": HandOverForm(),
        "is_me": person.pk == request.user.pk,
        "is_last": any(given.row.role == OrgRole.ADMINISTRATOR for given in roles) and last_administrator(person),
        "crumbs": [{"text": "People", "url": "/admin/people"}, {"text": person.username}],
    } | forms
    return page(request, "marketplace/accounts/person.html", context, status=status)


@login_required
@require_POST
def person_active(request: HttpRequest, username: str) -> HttpResponse:
    """Deactivate somebody who leaves, or let them come back."""
    require_administrator(request.user, "deactivate people")  # type: ignore[arg-type]
    person, comes_back = anybody_named(username), request.POST.get("is_active") == "true"
    try:
        (activate_person if comes_back else deactivate_person)(person, by=request.user)  # type: ignore[arg-type]
    except Conflict as error:
        notice(request, f"{error.sentence} {error.hint}".strip(), "danger")
        return see_other(f"/admin/people/{person.username}", request)
    words = "is active again; tokens and personal grants stay ended." if comes_back else "is deactivated. Sessions and tokens no longer count."
    notice(request, f"{person} {words}")
    return see_other(f"/admin/people/{person.username}", request)


@login_required
@require_POST
def person_roles(request: HttpRequest, username: str) -> HttpResponse:
    """Give an organization role, or take it (with `take`)."""
    require_administrator(request.user, "give organization roles")  # type: ignore[arg-type]
    person, form, user = anybody_named(username), RoleForm(request.POST), request.user
    is_taken = request.POST.get("take") == "true"

    def do(values: dict[str, Any]) -> None:
        if is_taken:
            take_role(person, values["role"], track=values["track"], by=user)  # type: ignore[arg-type]
        else:
            give_role(person, values.pop("role"), by=user, **values)  # type: ignore[arg-type]

    if status := attempt(form, do):
        return _person(request, person, status=status, role_form=form)
    notice(request, f"The role is {'taken' if is_taken else 'given'}; it counts from now on.")
    return see_other(f"/admin/people/{person.username}", request)


@login_required
@require_POST
def person_hand_over(request: HttpRequest, username: str) -> HttpResponse:
    """Hand over what somebody leaves, as far as it can be."""
    require_administrator(request.user, "hand over what somebody leaves")  # type: ignore[arg-type]
    person, form = anybody_named(username), HandOverForm(request.POST)
    moved: list[int] = []
    if status := attempt(form, lambda v: moved.append(hand_over(person, to=named(user_named, v["to"], "to"), by=request.user))):  # type: ignore[arg-type]
        return _person(request, person, status=status, hand_over_form=form)
    notice(request, words_of_hand_over(moved[0], form.cleaned_data["to"]))
    return see_other(f"/admin/people/{person.username}", request)


def words_of_hand_over(moved: int, to: str) -> str:
    """Say how much moved, and that the rest could not."""
    return f"{moved} handed over to {to}. Models and use cases that are still listed could not move: {to} does not see them."


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_teams(request: HttpRequest) -> HttpResponse:
    """List all teams with their unit and quota; a POST creates one."""
    require_administrator(request.user, "create teams")  # type: ignore[arg-type]
    form, status = TeamForm(request.POST or None), 200
    if request.method == "POST":

        def create(values: dict[str, Any]) -> None:
            owner = named(user_named, values.pop("owner"), "owner") if values["owner"] else values.pop("owner") or None
            create_team(values.pop("name"), by=request.user, owner=owner, **values)  # type: ignore[arg-type]

        status = attempt(form, create)
        if not status:
            notice(request, f"Team {form.data['name']} is here.")
            return see_other(f"/admin/teams/{form.data['name']}", request)
    rows = all_teams().select_related("parent")
    context = {"teams": rows, "form": form, "without_owner": set(teams_without_owner().values_list("pk", flat=True)), "tabs": TABS}
    return page(request, "marketplace/accounts/admin_teams.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_team(request: HttpRequest, team: str) -> HttpResponse:
    """Place a team under a unit and set its purpose and quota."""
    require_administrator(request.user, "place teams")  # type: ignore[arg-type]
    found, user = team_named(team), request.user
    now = {"parent": found.parent.name if found.parent else "", "purpose": found.purpose, "quota": Decimal(found.quota_bytes) / GB}
    form, status = PlaceForm(request.POST or None, initial=now), 200
    if request.method == "POST":

        def change(values: dict[str, Any]) -> None:
            place_team(found, named(team_named, values["parent"], "parent") if values["parent"] else None, by=user)  # type: ignore[arg-type]
            change_team(found, by=user, purpose=values["purpose"], quota_bytes=int(values["quota"] * GB))  # type: ignore[arg-type]

        status = attempt(form, change)
        if not status:
            notice(request, "Saved.")
            return see_other("/admin/teams", request)
    crumbs = [{"text": "Teams", "url": "/admin/teams"}, {"text": found.name}]
    return page(request, "marketplace/accounts/admin_team.html", {"team": found, "form": form, "crumbs": crumbs}, status=status)


@login_required
@require_safe
def admin_roles(request: HttpRequest) -> HttpResponse:
    """Show who holds which role of the organization, and which track nobody reviews."""
    require_administrator(request.user, "see who has what")  # type: ignore[arg-type]
    return page(request, "marketplace/accounts/admin_roles.html", {"lines": matrix(tracks_named()), "tabs": TABS})
