"""The use cases of a team: the panel on its page, and the page on which one is changed or closed."""

from typing import Any, cast

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_POST

from catalog.registry.actions import change_use_case, create_use_case
from catalog.registry.permissions import may_change_use_case
from catalog.registry.queries import use_case_of, use_cases_of
from catalog.registry.states import DataClass
from catalog.storefront.model_page import found
from marketplace.accounts.models import Team, User
from marketplace.accounts.queries import members_of, team_named, user_named
from marketplace.errors import NotFound
from marketplace.permissions.queries import roles_of
from marketplace.web.forms import attempt
from marketplace.web.pages import notice, page, see_other


class UseCaseForm(forms.Form):
    """What models are used for."""

    name = forms.CharField(max_length=120, label="Name", help_text="Such as Claims intake.")
    business_unit = forms.CharField(max_length=120, label="Business unit", required=False)
    data_class = forms.ChoiceField(choices=DataClass.choices, label="The most sensitive data it touches", initial=DataClass.INTERNAL)


class UseCaseChangeForm(UseCaseForm):
    """The same, with who answers for it and whether it goes on."""

    owner = forms.ChoiceField(label="Who answers for it")
    is_open = forms.BooleanField(label="It goes on; closed, nobody asks for new access under it", required=False)

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = people  # type: ignore[attr-defined]


def is_member(user: Any, team: Team) -> bool:
    """The use cases of a team are for its members to see."""
    return team.pk in roles_of(user)


def team_panel(request: HttpRequest, team: Team, *, form: UseCaseForm | None = None) -> str:
    """Render the use cases of a team, and the form for another one."""
    rows = [(use_case, may_change_use_case(cast("User", request.user), use_case)) for use_case in use_cases_of(team)]
    shown = {"rows": rows, "team": team, "form": form or UseCaseForm(auto_id="use-case-%s")}
    return render_to_string("catalog/storefront/_team_use_cases.html", shown, request=request)


def own_team(request: HttpRequest, name: str) -> Team:
    """Return a team that the viewer belongs to; its use cases do not exist for others."""
    team = team_named(name)
    if not is_member(request.user, team):
        raise NotFound
    return team


@login_required
@require_POST
def add_use_case(request: HttpRequest, team: str) -> HttpResponse:
    """Name another use case of a team."""
    mine, form, by = own_team(request, team), UseCaseForm(request.POST, auto_id="use-case-%s"), cast("User", request.user)
    if status := attempt(form, lambda said: create_use_case(said["name"], team=mine, by=by, **{k: v for k, v in said.items() if k != "name"})):
        return page(request, "catalog/storefront/use_case.html", {"team": mine, "form": form, "use_case": None}, status=status)
    notice(request, f"{form.cleaned_data['name']} is named. Requests for access may name it.")
    return see_other(f"/teams/{mine.name}/use-cases", request)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def use_case_page(request: HttpRequest, team: str, pk: int) -> HttpResponse:
    """Change or close a use case."""
    mine, use_case, by = own_team(request, team), use_case_of(request.user, pk), cast("User", request.user)
    if use_case.team_id != mine.pk:
        raise NotFound
    people = {member.user.username: str(member.user) for member in members_of(mine)} | {use_case.owner.username: str(use_case.owner)}
    start = {field: getattr(use_case, field) for field in ("name", "business_unit", "data_class", "is_open")} | {"owner": use_case.owner.username}
    form = UseCaseChangeForm(request.POST if request.method == "POST" else None, initial=start, people=list(people.items()))
    status = 200
    if request.method == "POST":
        status = attempt(form, lambda said: change_use_case(use_case, by=by, **said | {"owner": found(user_named, said["owner"], "owner")}))
        if not status:
            notice(request, f"{form.cleaned_data['name']} is saved.")
            return see_other(f"/teams/{mine.name}/use-cases", request)
    context = {"team": mine, "use_case": use_case, "form": form, "may_change": may_change_use_case(by, use_case)}
    return page(request, "catalog/storefront/use_case.html", context, status=status)
