"""Addresses of finding models under /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from catalog.search import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("search", api.Search.as_view(), name="api-search"),
]
