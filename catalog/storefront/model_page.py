"""The page of a model: its head, its tabs, and what its team changes there."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.views.decorators.http import require_POST, require_safe

from catalog.registry.actions import add_version, bring_in, change_model, end_grant, give_grant, remove_alias, set_alias
from catalog.registry.models import RegisteredModel
from catalog.registry.permissions import require_editor
from catalog.registry.queries import alias_named, grant_of, model_named, use_cases_to_grant, version_named
from catalog.storefront.heading import Heading
from catalog.storefront.model_forms import AliasForm, BringInForm, GrantForm, HostedVersionForm, ModelForm, OwnerModelForm, VersionForm
from catalog.storefront.model_tabs import CONTENT
from catalog.storefront.tabs import Tabs, body_of
from marketplace.accounts.queries import team_named, user_named
from marketplace.errors import Invalid, NotFound
from marketplace.web.forms import attempt
from marketplace.web.pages import notice, page, see_other
from marketplace.web.slots import panels


@login_required
@require_safe
def model_page(request: HttpRequest, team: str, name: str, tab: str = "card") -> HttpResponse:
    """Show one tab of a model; another spelling of its name leads to the stored one."""
    model = model_named(request.user, team, name)
    if (model.team.name, model.name) != (team, name):
        return HttpResponsePermanentRedirect(quote(request.get_full_path().replace(f"/m/{team}/{name}", f"/m/{model}", 1), safe="/?=&%@"))
    return show(request, model, tab)


def show(request: HttpRequest, model: RegisteredModel, tab: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Render a tab of a model; with a form that needs mending in its place."""
    heading = Heading(model, request.user)
    tabs = Tabs(request, heading)
    current = tabs.named(tab)
    shown = {"head": heading, "model": model, "tabs": tabs.shown, "current": current, "request": request, "bring_in_form": BringInForm()}
    shown["trust"] = panels("trust", request, heading.version) if heading.version else []
    shown |= CONTENT.get(tab, _nothing)(request, heading) | context
    shown["body"] = body_of(request, current, shown)
    return page(request, "catalog/storefront/model.html", shown, fragment="catalog/storefront/_model_tab_alone.html", status=status)


def _nothing(request: HttpRequest, heading: Heading) -> dict[str, Any]:
    return {}


def found(find: Callable[[str], Any], name: str, field: str) -> Any:
    """Return who or what was named; an unknown name is a value to mend."""
    try:
        return find(name)
    except NotFound as missing:
        raise Invalid("There is no such name.", fields={field: [f"There is no {field} named {name}."]}) from missing


@login_required
@require_POST
def ask_for_model(request: HttpRequest, team: str, name: str) -> HttpResponse:
    """Ask the owners of a listed model to bring it in."""
    model, form = model_named(request.user, team, name), BringInForm(request.POST)
    if status := attempt(form, lambda values: bring_in(model, by=request.user, **values)):  # type: ignore[arg-type]
        return show(request, model, "card", status=status, bring_in_form=form)
    notice(request, f"The owners of team {model.team.name} are told, with your reason. You are told when a version is added.")
    return see_other(f"/m/{model}", request)


@login_required
@require_POST
def change_settings(request: HttpRequest, team: str, name: str) -> HttpResponse:
    """Change what lists and the head show."""
    model = model_named(request.user, team, name)
    require_editor(request.user, model)  # type: ignore[arg-type]
    form = (OwnerModelForm if Heading(model, request.user).may_manage else ModelForm)(request.POST)

    def change(values: dict[str, Any]) -> None:
        if "accountable" in values:
            values["accountable"] = found(user_named, values["accountable"], "accountable")
        change_model(model, by=request.user, **values)  # type: ignore[arg-type]

    if status := attempt(form, change):
        return show(request, model, "settings", status=status, model_form=form)
    notice(request, "Saved.")
    return see_other(f"/m/{model}/settings", request)


@login_required
@require_POST
def give(request: HttpRequest, team: str, name: str) -> HttpResponse:
    """Give a grant."""
    model = model_named(request.user, team, name)
    form = GrantForm(request.POST, use_cases=use_cases_to_grant(request.user, model))

    def grant(values: dict[str, Any]) -> None:
        for field, find in (("team", team_named), ("user", user_named)):
            values[field] = found(find, values[field], field) if values[field] else None
        values["until"] = datetime.combine(values["until"], time(23, 59, 59), UTC)
        give_grant(model, by=request.user, **values)  # type: ignore[arg-type]

    if status := attempt(form, grant):
        return show(request, model, "settings", status=status, grant_form=form)
    notice(request, "The grant counts from now on.")
    return see_other(f"/m/{model}/settings", request)


@login_required
@require_POST
def end(request: HttpRequest, team: str, name: str, pk: int) -> HttpResponse:
    """End a grant before its time."""
    model = model_named(request.user, team, name)
    grant = end_grant(grant_of(request.user, model, pk), by=request.user)  # type: ignore[arg-type]
    notice(request, f"{grant.user or grant.team} may no longer use {model} for {grant.use_case}.")
    return see_other(f"/m/{model}/settings", request)


@login_required
@require_POST
def point_alias(request: HttpRequest, team: str, name: str) -> HttpResponse:
    """Point an alias to a version."""
    model = model_named(request.user, team, name)
    require_editor(request.user, model)  # type: ignore[arg-type]
    form = AliasForm(request.POST, versions=[v.version for v in Heading(model, request.user).versions])

    def point(values: dict[str, Any]) -> None:
        set_alias(model, values["alias"], version_named(model, values["version"]), by=request.user)  # type: ignore[arg-type]

    if status := attempt(form, point):
        return show(request, model, "settings", status=status, alias_form=form)
    notice(request, f"@{form.cleaned_data['alias']} points to {form.cleaned_data['version']}.")
    return see_other(f"/m/{model}/settings", request)


@login_required
@require_POST
def drop_alias(request: HttpRequest, team: str, name: str, alias: str) -> HttpResponse:
    """Remove an alias; the version stays."""
    model = model_named(request.user, team, name)
    remove_alias(alias_named(model, alias), by=request.user)  # type: ignore[arg-type]
    notice(request, f"@{alias} is removed; the version stays.")
    return see_other(f"/m/{model}/settings", request)


@login_required
@require_POST
def new_version(request: HttpRequest, team: str, name: str) -> HttpResponse:
    """Add a draft version."""
    model = model_named(request.user, team, name)
    require_editor(request.user, model)  # type: ignore[arg-type]
    form = HostedVersionForm(request.POST) if model.is_hosted else VersionForm(request.POST)

    def add(values: dict[str, Any]) -> None:
        descriptor = form.descriptor() if isinstance(form, HostedVersionForm) else None
        add_version(model, values["version"], by=request.user, changelog=values["changelog"], descriptor=descriptor)  # type: ignore[arg-type]

    if status := attempt(form, add):
        return show(request, model, "versions", status=status, version_form=form)
    notice(request, "The draft is here. Add its files and say what it is for, then submit it.")
    return see_other(f"/m/{model}/v/{form.cleaned_data['version']}", request)
