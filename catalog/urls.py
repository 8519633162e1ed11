"""Addresses of catalog."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("catalog.artifacts.urls")),
    path("", include("catalog.cards.urls")),
    path("", include("catalog.storefront.urls")),
]
