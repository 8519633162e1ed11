"""A page, or the fragment of it that htmx asked for: one place decides."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

LEVELS = {"success": messages.SUCCESS, "info": messages.INFO, "warning": messages.WARNING, "danger": messages.ERROR}


def wants_fragment(request: HttpRequest) -> bool:
    """Say whether htmx asked for a part; boosted links and history restores get the page."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-Boosted") != "true" and headers.get("HX-History-Restore-Request") != "true"


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragment: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the template, or its fragment when htmx asked for a part."""
    if fragment is not None and wants_fragment(request):
        response = render(request, fragment, dict(context or {}), status=status)
        response.write(render_to_string("marketplace/web/_toasts.html", request=request))
    else:
        response = render(request, template, dict(context or {}), status=status)
    patch_vary_headers(response, ("HX-Request",))
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def whole(response: HttpResponse) -> HttpResponse:
    """Let a page that answers a form take the place of the page it came from, also where htmx asked for a part."""
    for name, value in (("HX-Retarget", "#main"), ("HX-Reselect", "#main"), ("HX-Reswap", "outerHTML show:window:top")):
        response.headers[name] = value
    return response


def see_other(url: str, request: HttpRequest | None = None) -> HttpResponse:
    """Send the browser on after a write; with the request given, htmx loads the whole new page too."""
    address = quote(url, safe="/:?#[]@!$&'()*+,;=%~-._")
    if request is not None and wants_fragment(request):
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": address})
    return HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"Location": address})


def notice(request: HttpRequest, text: str, tone: str = "success", *, undo: str = "") -> None:
    """Tell the person what happened; shown as a toast, with an Undo button when there is a URL to post to."""
    messages.add_message(request, LEVELS[tone], text, extra_tags=f"{tone} {undo}".strip())
