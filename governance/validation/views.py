"""Pages of checks: one run, live, what a check said in full, and asking again."""

from http import HTTPStatus
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from governance.validation.actions import rerun
from governance.validation.forms import AgainForm
from governance.validation.permissions import may_rerun
from governance.validation.queries import newer_than, result_named, run_for, sees_evidence
from governance.validation.report import check_json, planned, report
from marketplace.accounts.models import User
from marketplace.errors import Conflict, DomainError, Invalid, NotAllowed
from marketplace.web.pages import notice, page, see_other, wants_fragment

# Tells htmx that the last answer has come, so that it stops asking.
STOP_POLLING = 286


@login_required
@require_safe
def run(request: HttpRequest, run: int) -> HttpResponse:
    """Show a run; while it is under way, the fragment is asked for again and again."""
    return show(request, run_for(request.user, run))


def show(request: HttpRequest, found: Any, *, error: DomainError | None = None) -> HttpResponse:
    """Render a run, with what was refused when somebody asked for it again."""
    shown = report(found, request.user)
    is_last = wants_fragment(request) and not shown.is_live
    again = AgainForm(checks=[(row["id"], row["title"]) for row in planned(found)])
    more = {"may_rerun": may_rerun(request.user, found.version.model), "again": again, "newer": newer_than(found), "error": error}
    context = {"report": shown, "version": found.version} | more
    status = STOP_POLLING if is_last else error.status if error else HTTPStatus.OK
    return page(request, "governance/validation/run.html", context, fragment="governance/validation/_checks.html", status=status)


@login_required
@require_POST
def run_again(request: HttpRequest, run: int) -> HttpResponse:
    """Ask all checks again, or one of them."""
    found = run_for(request.user, run)
    try:
        made = rerun(found.version, by=cast("User", request.user), check=request.POST.get("check", "")[:40])
    except (Conflict, Invalid) as error:
        return show(request, run_for(request.user, run), error=error)
    notice(request, "The checks run again.")
    return see_other(f"/checks/{made.pk}", request)


@login_required
@require_safe
def run_raw(request: HttpRequest, run: int, check: str) -> HttpResponse:
    """Give everything that one check said as JSON; with `?download` as a file."""
    found = run_for(request.user, run)
    if not sees_evidence(request.user, found):
        raise NotAllowed("Only people who work with this model see the evidence.", hint=f"Ask team {found.version.model.team.name}.")
    result = result_named(found, check)
    if result is None:
        raise Http404
    response = JsonResponse(check_json(result, sees=True), json_dumps_params={"indent": 2, "ensure_ascii": True})
    if "download" in request.GET:
        response["Content-Disposition"] = f'attachment; filename="run-{found.pk}-{result.check_id}.json"'
    return response
