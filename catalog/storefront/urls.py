"""Addresses of the shop window."""

from django.urls import URLPattern, URLResolver, path

from catalog.storefront import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("models", views.search, name="search"),
]
