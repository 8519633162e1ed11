"""The audit page: finding events, verifying the record, taking a segment of it."""

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_POST, require_safe

from governance.audit.actions import export_segment
from governance.audit.forms import SearchForm
from governance.audit.queries import Search, events, record_report, require_reader, shown, too_long_to_wait
from marketplace.accounts.models import User
from marketplace.activity.queries import ChainReport
from marketplace.api.pagination import keyset_by_id
from marketplace.errors import Conflict, Invalid
from marketplace.web.pages import page


@login_required
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """The record, newest first, for those who may read it."""
    require_reader(request.user)
    return show(request)


def show(request: HttpRequest, report: ChainReport | None = None) -> HttpResponse:
    """Render the events that fit the search, and what a verification found."""
    form, found, following = SearchForm(request.GET), [], ""
    try:
        if form.is_valid():
            asked = form.cleaned_data
            wanted = Search(asked["verb"], asked["person"], asked["object"], asked["since"], asked["until"])
            rows = keyset_by_id(events(request.user, wanted), request.GET)
            found, following = shown(rows.rows), next_url(request, rows.next)
    except Invalid as error:
        for name, sentences in error.fields.items():
            form.add_error(name if name in form.fields else None, sentences)
    context: dict[str, Any] = {"form": form, "events": found, "next_url": following, "report": report, "too_long": too_long_to_wait()}
    return page(request, "governance/audit/audit.html", context, status=422 if form.errors else 200)


def next_url(request: HttpRequest, cursor: str) -> str:
    """The address of the next page of the same search."""
    kept = {name: value for name, value in request.GET.items() if name != "cursor" and value}
    return f"/audit?{urlencode(kept | {'cursor': cursor})}" if cursor else ""


@login_required
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Verify the whole record while the person waits; a long one is for the command."""
    require_reader(request.user)
    if too_long_to_wait():
        raise Conflict("The record is too long to be verified by a page.", hint="Run manage.py audit_verify on the server.")
    return show(request, record_report())


@login_required
@require_POST
def segment(request: HttpRequest) -> StreamingHttpResponse:
    """Send the whole record as a file that audit_verify --file checks without a database."""
    response = StreamingHttpResponse(export_segment(by=cast("User", request.user)), content_type="application/x-ndjson")
    response.headers["Content-Disposition"] = 'attachment; filename="audit-segment.jsonl"'
    return response
