"""Addresses of bytes: what the byte-serving pool gives out."""

from django.urls import URLPattern, URLResolver, path

from catalog.artifacts import api

urlpatterns: list[URLPattern | URLResolver] = [path("bytes/<str:link>", api.SignedBytes.as_view(), name="bytes")]
