"""Pages that belong to the interface itself: its style sheet and its style guide."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from marketplace.web.guide import samples
from marketplace.web.pages import page
from marketplace.web.problems import explained
from marketplace.web.stylesheets import stylesheet as joined


@require_safe
def stylesheet(request: HttpRequest, digest: str) -> HttpResponse:
    """Send the style sheet; its address changes with its content, so it may be kept for a year."""
    sheet = joined()
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(sheet.packed if packed else sheet.plain, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if digest == sheet.digest else "no-cache"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ("Accept-Encoding",))
    return response


@require_safe
def style_guide(request: HttpRequest) -> HttpResponse:
    """Show every component in every state, with made-up values; open to everybody."""
    return page(request, "marketplace/web/style_guide.html", samples())


@require_safe
def problem_types(request: HttpRequest) -> HttpResponse:
    """Explain every kind of problem that REST answers with: where the `type` of a problem leads."""
    crumbs = [{"text": "API", "url": "/docs/api"}, {"text": "Problems"}]
    return page(request, "marketplace/web/problem_types.html", {"kinds": explained(), "crumbs": crumbs})
