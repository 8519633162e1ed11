"""Addresses of catalog."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("catalog.registry.api_urls")),
    path("", include("catalog.artifacts.api_urls")),
    path("", include("catalog.cards.api_urls")),
    path("", include("catalog.search.api_urls")),
    path("", include("catalog.storefront.api_urls")),
]
