"""The addresses of the byte-serving pool: signed links and health, nothing else."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from marketplace.health import healthz


def nothing_here(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say so in plain words: this pool has no pages."""
    return HttpResponse("There is nothing here. Pages are served at the marketplace's own address.", status=404, content_type="text/plain")


def failed(request: HttpRequest) -> HttpResponse:
    """Say so in plain words."""
    return HttpResponse("This failed on our side. Ask for a fresh link and try again.", status=500, content_type="text/plain")


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("", include("catalog.artifacts.urls")),
]
handler404 = "marketplace.bytes_urls.nothing_here"
handler500 = "marketplace.bytes_urls.failed"
