"""Pages of checks: one run, live."""

from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from governance.validation.queries import run_for
from governance.validation.report import report
from marketplace.web.pages import page, wants_fragment

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
