"""Error pages: what is wrong, what to do, and the id to quote."""

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.html import escape
from django.utils.http import url_has_allowed_host_and_scheme

from marketplace import origin
from marketplace.errors import DomainError, NotAllowed, NotFound
from marketplace.web.pages import wants_fragment

logger = logging.getLogger(__name__)

TEMPLATES = {403: "errors/403.html", 404: "errors/404.html", 409: "errors/409.html"}


def _back(request: HttpRequest) -> str:
    """Return the page the person came from: for a read the address itself, for a write the page with the form."""
    came_from = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if came_from and url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()}):
        return came_from
    return request.get_full_path() if request.method in ("GET", "HEAD") else "/"


def error_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Show a domain error as a page, or as a note when htmx asked for a part."""
    fragment = wants_fragment(request)
    template = "errors/_note.html" if fragment else TEMPLATES.get(error.status, "errors/error.html")
    context = {"error": error, "request_id": origin.current().request_id, "back": _back(request)}
    response = render(request, template, context, status=error.status)
    patch_vary_headers(response, ("HX-Request",))
    response.headers["Cache-Control"] = "no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer what could not be understood."""
    return error_response(request, DomainError("The request could not be understood.", hint="Go back, reload the page and try again."))


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a refusal that did not come with a sentence of its own."""
    return error_response(request, NotAllowed("You may not do this.", hint="Ask a lead of the team that owns it."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose protection token is missing or old."""
    return error_response(
        request, NotAllowed("The form was open for too long or came from another site.", hint="Go back, reload the page and send it again.")
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a missing page; a hidden thing looks exactly the same."""
    return error_response(request, NotFound())


def server_error(request: HttpRequest, *args: Any) -> HttpResponseBase:
    """Answer a failure of ours without asking the database anything; plain text of last resort if even that fails."""
    request_id = origin.current().request_id
    template = "errors/_note.html" if wants_fragment(request) else "errors/500.html"
    try:
        body: str = render_to_string(template, {"request_id": request_id})
    except Exception:
        logger.exception("The error page itself failed.")
        body = f"<!doctype html><title>Something failed</title><p>Something failed on our side. Quote {escape(request_id)} when you ask for help.</p>"
    return HttpResponse(body, status=500, headers={"Cache-Control": "no-store"})
