"""Addresses of catalog."""

from django.urls import URLPattern, URLResolver, include, path

from catalog.storefront import publish as publishing

VERSION = "m/<str:team>/<str:name>/v/<str:version>"
publish: list[URLPattern | URLResolver] = [
    path("models/new", publishing.publish_new, name="publish-new"),
    path(f"{VERSION}/publish/files", publishing.publish_files, name="publish-files"),
    path(f"{VERSION}/publish/about", publishing.publish_about, name="publish-about"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("catalog.artifacts.urls")),
    path("", include("catalog.cards.urls")),
    *publish,
    path("", include("catalog.storefront.urls")),
]
