"""Pages of checks: one run, live, and what comes before a submit."""

from http import HTTPStatus
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from catalog.registry.models import ModelVersion
from catalog.registry.permissions import require_editor
from catalog.registry.queries import model_named, use_cases_for, version_named
from governance.policies.queries import live_policy
from governance.validation.actions import prepare, submit
from governance.validation.forms import PREFIX, SubmitForm
from governance.validation.queries import run_for, to_do
from governance.validation.report import report
from marketplace.accounts.models import User
from marketplace.errors import DomainError, Invalid
from marketplace.web.pages import notice, page, see_other, wants_fragment

# Tells htmx that the last answer has come, so that it stops asking.
STOP_POLLING = 286


@login_required
@require_safe
def run(request: HttpRequest, run: int) -> HttpResponse:
    """Show a run; while it is under way, the fragment is asked for again and again."""
    shown = report(run_for(request.user, run), request.user)
    is_last = wants_fragment(request) and not shown.is_live
    context = {"report": shown, "version": shown.run.version}
    status = STOP_POLLING if is_last else HTTPStatus.OK
    return page(request, "governance/validation/run.html", context, fragment="governance/validation/_checks.html", status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def submit_version(request: HttpRequest, team: str, name: str, version: str) -> HttpResponse:
    """Show what a version still owes and take the answers; submit it when asked to."""
    row, person = version_named(model_named(request.user, team, name), version), cast("User", request.user)
    require_editor(person, row.model)
    if request.method != "POST":
        return submit_page(request, row, submit_form(request, row))
    form = submit_form(request, row, request.POST)
    if not form.is_valid():
        return submit_page(request, row, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    row = prepare(row, by=person, new_use_case=form.cleaned_data["new_use_case"], **form.asked())
    if "submit" not in request.POST:
        notice(request, "Saved. Nothing was submitted yet.")
        return see_other(request.path, request)
    return try_to_submit(request, row, form)


def try_to_submit(request: HttpRequest, version: ModelVersion, form: SubmitForm) -> HttpResponse:
    """Submit, or say on the same page everything that is missing."""
    try:
        run = submit(version, by=cast("User", request.user))
    except Invalid as owed:
        for field in form.fields.keys() & owed.fields.keys():
            form.add_error(field, owed.fields[field])
        return submit_page(request, version, form, status=HTTPStatus.UNPROCESSABLE_ENTITY, error=owed)
    notice(request, "Submitted. The checks run now; you may leave this page.")
    return see_other(f"/checks/{run.pk}", request)


def submit_form(request: HttpRequest, version: ModelVersion, data: Any = None) -> SubmitForm:
    """Return the form with the questions of the policy in effect."""
    return SubmitForm(data, version=version, policy=live_policy()[1], use_cases=use_cases_for(request.user))


def submit_page(
    request: HttpRequest, version: ModelVersion, form: SubmitForm, *, status: int = HTTPStatus.OK, error: DomainError | None = None
) -> HttpResponse:
    """Show the form beside everything that is still missing."""
    owed = to_do(version)
    elsewhere = {field: sentences for field, sentences in owed.missing.items() if field not in form.fields and not field.startswith(PREFIX)}
    asked = ["use_case", *(field for field in form.fields if field.startswith(PREFIX))]
    context = {"version": version, "form": form, "asked": asked, "duties": owed, "elsewhere": elsewhere, "error": error}
    return page(request, "governance/validation/submit.html", context, status=status)
