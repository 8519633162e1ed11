"""Addresses of governance: one list per room."""

from django.urls import URLPattern, URLResolver, path

from governance.policies import views as policies_views

policies: list[URLPattern | URLResolver] = [
    path("policies", policies_views.policies, name="policies"),
    path("policies/<str:name>/<int:version>", policies_views.policy, name="policy"),
]
urlpatterns: list[URLPattern | URLResolver] = [*policies]
