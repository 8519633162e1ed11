"""REST addresses of governance: one list per room."""

from django.urls import URLPattern, URLResolver, path

from governance.policies import api as policies_api

policies: list[URLPattern | URLResolver] = [
    path("policies", policies_api.Policies.as_view(), name="api-policies"),
]
urlpatterns: list[URLPattern | URLResolver] = [*policies]
