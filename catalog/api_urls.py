"""Addresses of catalog."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("catalog.artifacts.api_urls")),
    path("", include("catalog.search.api_urls")),
]
