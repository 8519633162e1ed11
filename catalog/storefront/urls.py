"""Addresses of the shop window."""

from django.urls import URLPattern, URLResolver, path

from catalog.storefront import access, model_page, sharing, version_page, views

MODEL = "m/<str:team>/<str:name>"
VERSION = f"{MODEL}/v/<str:version>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("models", views.search, name="search"),
    path("me/access", access.my_access, name="my-access"),
    path(MODEL, model_page.model_page, name="model"),
    path(f"{MODEL}/bring-in", model_page.ask_for_model, name="model-bring-in"),
    path(f"{MODEL}/settings/facts", model_page.change_settings, name="model-facts"),
    path(f"{MODEL}/settings/sharing", sharing.share, name="model-sharing"),
    path(f"{MODEL}/settings/grants", model_page.give, name="model-grants"),
    path(f"{MODEL}/settings/grants/<int:pk>/end", model_page.end, name="model-grant-end"),
    path(f"{MODEL}/settings/aliases", model_page.point_alias, name="model-aliases"),
    path(f"{MODEL}/settings/aliases/<str:alias>/remove", model_page.drop_alias, name="model-alias-remove"),
    path(f"{MODEL}/versions/new", model_page.new_version, name="model-versions-new"),
    path(VERSION, version_page.version_page, name="version"),
    path(f"{VERSION}/copy", version_page.copy, name="version-copy"),
    # Last: whatever other rooms offer as a tab.
    path(f"{MODEL}/<slug:tab>", model_page.model_page, name="model-tab"),
]
