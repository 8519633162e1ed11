"""The front door: pages, REST, bytes, health."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView

from marketplace.accounts.team_views import team_page
from marketplace.api.problems import not_found
from marketplace.docs.views import api_docs
from marketplace.health import healthz, metrics, readyz

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/schema", SpectacularAPIView.as_view(api_version="1"), name="schema"),
    path("docs/api", api_docs, name="api-docs"),
    path("api/v1/", include("marketplace.api_urls")),
    path("api/v1/", include("governance.api_urls")),
    path("api/v1/", include("catalog.api_urls")),
    re_path(r"^api/v1/.*$", csrf_exempt(not_found)),
    path("scim/v2/", include("marketplace.accounts.scim.urls")),
    path("", include("marketplace.web.urls")),
    path("", include("marketplace.accounts.urls")),
    path("", include("marketplace.notifications.urls")),
    path("", include("governance.urls")),
    path("", include("catalog.urls")),
    path("teams/<str:team>/<slug:tab>", team_page, name="team-tab"),  # last: the rooms above have addresses of their own below a team
]
handler400 = "marketplace.web.errors.bad_request"
handler403 = "marketplace.web.errors.permission_denied"
handler404 = "marketplace.web.errors.not_found"
handler500 = "marketplace.web.errors.server_error"
