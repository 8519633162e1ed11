"""The pages of a team's service accounts: who they are, their tokens, and the CI jobs that get one without a secret."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_POST

from catalog.registry.actions import change_accountable, create_service_account, end_service_account
from catalog.registry.models import ServiceAccount
from catalog.registry.queries import use_case_for_programs, use_cases_for_programs
from catalog.registry.service_accounts import service_account_named, service_accounts_of
from catalog.storefront.account_forms import AccountableForm, AccountForm, PublisherForm, ServiceTokenForm
from marketplace.accounts.keys.actions import add_publisher, issue_token, remove_publisher, revoke_token, rotate_token
from marketplace.accounts.keys.limits import limits_named
from marketplace.accounts.keys.queries import own_token_of, publisher_of, publishers_of, tokens_of
from marketplace.accounts.keys.shown import in_words, shown, snippets
from marketplace.accounts.models import Team
from marketplace.accounts.permissions import may_look_into, may_manage_team, require_member
from marketplace.accounts.queries import team_named, user_named
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.web import once, slots
from marketplace.web.pages import notice, page, see_other

FIELDS = {"only_models": "only", "only_teams": "only"}
FORMS: dict[str, type[Form]] = {"token": ServiceTokenForm, "publisher": PublisherForm, "accountable": AccountableForm}


def team_for(request: HttpRequest, name: str) -> Team:
    """The team, for somebody who is in it or looks after it."""
    team = team_named(name)
    require_member(request.user, team, "see its tokens")  # type: ignore[arg-type]
    return team


def done(form: Form, act: Callable[[], Any]) -> Any:
    """Do what a form asks for; put what is wrong beside its fields and return nothing."""
    try:
        return act()
    except Invalid as wrong:
        for field, sentences in wrong.fields.items():
            place = FIELDS.get(field, field)
            form.add_error(place if place in form.fields else None, sentences)
    except (Conflict, NotFound) as wrong:
        form.add_error(None, f"{wrong.sentence} {wrong.hint}".strip())
    return None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def team_tokens(request: HttpRequest, team: str) -> HttpResponse:
    """List the service accounts of a team and make one."""
    found, me = team_for(request, team), request.user
    cases = list(use_cases_for_programs(found))
    form = AccountForm(request.POST or None, use_cases=cases, initial={"accountable": me.get_username()})
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        made = done(form, lambda: _made(found, told, me))
        if made is not None:
            notice(request, f"The service account {made.user.username} was made. Issue its first token here.")
            return see_other(address(made), request)
    context = {
        "team": found,
        "accounts": service_accounts_of(found),
        "may_manage": may_manage_team(me, found),  # type: ignore[arg-type]
        "form": form,
        "has_use_cases": bool(cases),
        "crumbs": [{"text": "Teams", "url": "/teams"}, {"text": found.name, "url": f"/teams/{found.name}"}, {"text": "Tokens"}],
    }
    return page(request, "catalog/storefront/team_tokens.html", context, status=422 if form.is_bound else 200)


def _made(team: Team, told: dict[str, Any], by: Any) -> ServiceAccount:
    use_case, person = use_case_for_programs(team, told["use_case"]), user_named(told["accountable"])
    return create_service_account(team, told["username"], by=by, use_case=use_case, environment=told["environment"], accountable=person)


def address(account: ServiceAccount) -> str:
    """Where the page of a service account is."""
    return f"/teams/{account.team.name}/tokens/{account.user.username}"


def account_for(request: HttpRequest, team: str, account: str) -> ServiceAccount:
    """A service account of a team, for somebody of the team."""
    return service_account_named(team_for(request, team), account)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def service_account(request: HttpRequest, team: str, account: str) -> HttpResponse:
    """Show a service account; its three forms issue a token, trust a CI job, and name who answers for it."""
    found, me = account_for(request, team, account), request.user
    asked = request.POST.get("form", "")
    more: dict[str, dict[str, Any]] = {"token": {"viewer": me}}
    forms = {name: made(request.POST if name == asked else None, auto_id=f"{name}_%s", **more.get(name, {})) for name, made in FORMS.items()}
    if request.method == "POST" and asked in forms and forms[asked].is_valid():
        answer = done(forms[asked], lambda: DEEDS[asked](request, found, forms[asked]))
        if answer is not None:
            response: HttpResponse = answer
            return response
    new = once.taken(request)
    context = {
        "account": found,
        "team": found.team,
        "tokens": shown(me, list(tokens_of(found.user)[:200])),
        "publishers": [(publisher, in_words(publisher.scopes)) for publisher in publishers_of(found.user)],
        "may_manage": may_manage_team(me, found.team),  # type: ignore[arg-type]
        "forms": forms,
        "new": new,
        "snippets": snippets(**new) if new else [],
        "base": address(found),
        "crumbs": [
            {"text": found.team.name, "url": f"/teams/{found.team.name}"},
            {"text": "Tokens", "url": f"/teams/{found.team.name}/tokens"},
            {"text": found.user.username},
        ],
    }
    response = page(request, "catalog/storefront/service_account.html", context, status=422 if request.method == "POST" else 200)
    return once.forget(response, request)


def _issue(request: HttpRequest, account: ServiceAccount, form: Any) -> HttpResponse:
    values, me = {name: form.cleaned_data[name] for name in ("name", "scopes", "days")}, request.user
    limits = limits_named(me, *form.limits())
    token, secret = issue_token(account.user, by=me, limits=limits, **values)  # type: ignore[arg-type]
    at = address(account)
    return once.show_once(see_other(at, request), {"secret": secret, "name": token.name}, at=at)


def _trust(request: HttpRequest, account: ServiceAccount, form: Any) -> HttpResponse:
    made = add_publisher(account.user, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
    notice(request, f"Jobs of {made.repository} at {made.ref} get tokens of {account.user.username} now.")
    return see_other(address(account), request)


def _answer_for(request: HttpRequest, account: ServiceAccount, form: Any) -> HttpResponse:
    person = user_named(form.cleaned_data["accountable"])
    change_accountable(account, person, by=request.user)  # type: ignore[arg-type]
    notice(request, f"{person} answers for {account.user.username} now.")
    return see_other(address(account), request)


DEEDS: dict[str, Callable[[HttpRequest, ServiceAccount, Any], HttpResponse]] = {"token": _issue, "publisher": _trust, "accountable": _answer_for}


@login_required
@require_POST
def end_account(request: HttpRequest, team: str, account: str) -> HttpResponse:
    """End a service account for good."""
    found = account_for(request, team, account)
    end_service_account(found, by=request.user)  # type: ignore[arg-type]
    notice(request, f"The service account {found.user.username} was ended; its tokens count no more.")
    return see_other(f"/teams/{found.team.name}/tokens", request)


@login_required
@require_POST
def revoke_account_token(request: HttpRequest, team: str, account: str, pk: int) -> HttpResponse:
    """End a token of a service account at once."""
    found = account_for(request, team, account)
    token = revoke_token(own_token_of(found.user, pk), by=request.user)  # type: ignore[arg-type]
    notice(request, f"The token {token.name} no longer counts.")
    return see_other(address(found), request)


@login_required
@require_POST
def rotate_account_token(request: HttpRequest, team: str, account: str, pk: int) -> HttpResponse:
    """Give a token of a service account a new secret."""
    found = account_for(request, team, account)
    token, secret = rotate_token(own_token_of(found.user, pk), by=request.user)  # type: ignore[arg-type]
    at = address(found)
    return once.show_once(see_other(at, request), {"secret": secret, "name": token.name}, at=at)


@login_required
@require_POST
def remove_account_publisher(request: HttpRequest, team: str, account: str, pk: int) -> HttpResponse:
    """Trust a CI job no more."""
    found = account_for(request, team, account)
    gone = remove_publisher(publisher_of(found.user, pk), by=request.user)  # type: ignore[arg-type]
    notice(request, f"Jobs of {gone.repository} get no tokens any more; those they had ended.")
    return see_other(address(found), request)


def team_panel(request: HttpRequest, team: Team) -> str:
    """Render the way to a team's tokens for those who are in it."""
    accounts = service_accounts_of(team)
    return render_to_string("catalog/storefront/_team_tokens.html", {"team": team, "accounts": accounts}, request=request)


def connect() -> None:
    """Offer the panel to the page of a team."""
    slots.fill("team", "service-accounts", title="Service accounts", order=40, render=team_panel, may_see=may_look_into)
