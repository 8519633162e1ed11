"""The page on which access is asked for or renewed, and what a holder does with access."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from catalog.registry.models import RegisteredModel
from catalog.registry.queries import model_by_path, model_named
from governance.access.actions import ask_for_access, give_back, say_still_needed
from governance.access.forms import AccessForm, name_of
from governance.access.pages import Uses, outlook, teams_and_accounts, uses_for
from governance.access.queries import grant_of_mine, granted_part, last_day, request_numbered, rule_of, terms_in_effect, use_case_to_ask_for
from governance.access.sentences import MY_ACCESS, request_path
from governance.access.states import PartState
from governance.access.wishes import latest_day
from governance.policies.rules import AccessTerms
from marketplace.accounts.models import Team, User
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.web.pages import notice, page, see_other

CHOSEN = ("use_case", "who", "environment", "data_class")
MOST_MODELS = 20


def models_of(request: HttpRequest, first: RegisteredModel, also: str) -> tuple[list[RegisteredModel], list[str]]:
    """Return the models of a form, and the lines that name none this viewer sees."""
    found, unknown = {first.pk: first}, []
    for line in also.split()[:MOST_MODELS]:
        try:
            model = model_by_path(request.user, line)
        except NotFound:
            unknown.append(line)
        else:
            found[model.pk] = model
    return list(found.values()), unknown


def start_values(
    request: HttpRequest, models: list[RegisteredModel], uses: Uses, people: list[tuple[str, str]], terms: AccessTerms
) -> dict[str, Any]:
    """Return what the form starts with: the approved use, a usual end, what the address says, and what a renewed grant says."""
    now, approval = timezone.now(), uses.first
    until = min(latest_day(terms.default_days, now=now), last_day(models, terms, now=now))
    values: dict[str, Any] = {"until": until, "who": people[0][0]}
    if approval is not None:
        values |= {"use_case": str(approval.use_case_id), "environment": approval.environment, "data_class": approval.data_class}
    if (renewed := request.GET.get("renews", "")).isdigit():
        grant = grant_of_mine(request.user, int(renewed))
        who = f"team:{grant.team.name}" if grant.team else f"user:{'me' if grant.user_id == request.user.pk else grant.user}"
        values |= {"use_case": str(grant.use_case_id), "environment": grant.environment, "data_class": grant.data_class, "who": who}
        values["renews"] = grant.pk
        if (part := granted_part(grant)) is not None:
            values |= {name_of(models[0], key): answer for key, answer in part.answers.items()}
    return values | {key: request.GET[key][:120] for key in CHOSEN if key in request.GET}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def access_new(request: HttpRequest, team: str, name: str) -> HttpResponse:
    """Ask for access to a model, or to several for the same use."""
    model = model_named(request.user, team, name)
    posted = request.POST if request.method == "POST" else None
    models, unknown = models_of(request, model, posted.get("also", "") if posted is not None else request.GET.get("also", ""))
    terms = terms_in_effect()
    uses, latest = uses_for(request.user, models), last_day(models, terms)
    people, subjects = teams_and_accounts(request.user, uses.first.use_case if uses.first else None)
    values = start_values(request, models, uses, people, terms)
    form = AccessForm(posted, models=models, use_cases=uses.choices, people=people, latest=latest, initial=values)
    status = 200
    if posted is not None:
        made = send(request, form, models, unknown, subjects)
        if isinstance(made, str):
            return see_other(made, request)
        status, values = made, {key: posted.get(key, "") for key in CHOSEN}
    context = {
        "model": model,
        "form": form,
        "outlook": outlook(request.user, models, uses, values, subjects.get(str(values.get("who", "")))),
        "approvals": [(m, uses.approvals[m.pk]) for m in models],
        "terms": terms,
        "rule": rule_of(model),
        "is_renewal": bool(values.get("renews")),
        "preview": f"/m/{model}/access/new",
    }
    fragment = "governance/access/_outlook.html" if posted is None else None
    return page(request, "governance/access/new.html", context, fragment=fragment, status=status)


def send(request: HttpRequest, form: AccessForm, models: list[RegisteredModel], unknown: list[str], subjects: dict[str, User | Team]) -> str | int:
    """Send the request; return where it is, or the status with which the form comes back and says what to mend."""
    if unknown:
        form.full_clean()
        form.add_error("also", f"There is no such model that you can see: {', '.join(unknown)[:200]}.")
    if not form.is_valid():
        return 422
    said, by = form.cleaned_data, cast("User", request.user)
    subject = subjects[said["who"]]
    wish = {key: said[key] for key in ("environment", "data_class", "until", "volume", "note")}
    wish |= {"team": subject} if isinstance(subject, Team) else {"user": subject}
    try:
        use_case = use_case_to_ask_for(by, models, int(said["use_case"]))
        renews = grant_of_mine(by, said["renews"]) if said.get("renews") else None
        made = ask_for_access(models, by=by, use_case=use_case, answers=form.answers(), renews=renews, **wish)
    except (Invalid, Conflict) as error:
        for field, sentences in (error.fields or {"": [f"{error.sentence} {error.hint}".strip()]}).items():
            form.add_error(form.place_of(field), sentences)
        return error.status
    shown = request_numbered(by, made.pk)
    is_there = all(part.state == PartState.GRANTED for part in shown.parts.all())
    notice(request, "Granted at once, by the rule of the owners." if is_there else f"{shown} is sent. You are told when it is decided.")
    return request_path(shown)


@login_required
@require_POST
def grant_give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """End one's own access at once."""
    grant = give_back(grant_of_mine(request.user, pk), by=cast("User", request.user))
    notice(request, f"The access to {grant.thing} is given back; nothing more can be downloaded under it.")
    return see_other(MY_ACCESS, request)


@login_required
@require_POST
def grant_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that access is still in use."""
    grant = say_still_needed(grant_of_mine(request.user, pk), by=cast("User", request.user))
    notice(request, f"Noted: {grant.thing} is still in use, its purpose unchanged.")
    return see_other(MY_ACCESS, request)
