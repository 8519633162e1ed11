"""Addresses of models, versions, aliases, grants and use cases under /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from catalog.registry import account_api, api, sharing_api

ACCOUNTS = "teams/<str:team>/service-accounts"
MODEL = "models/<str:team>/<str:name>"
urlpatterns: list[URLPattern | URLResolver] = [
    path(MODEL, api.ModelView.as_view(), name="api-model"),
    path(f"{MODEL}/versions", api.Versions.as_view(), name="api-versions"),
    path(f"{MODEL}/versions/<str:version>", api.VersionView.as_view(), name="api-version"),
    path(f"{MODEL}/aliases/<str:alias>", api.AliasView.as_view(), name="api-alias"),
    path(f"{MODEL}/grants", api.Grants.as_view(), name="api-grants"),
    path(f"{MODEL}/grants/<int:pk>", api.GrantView.as_view(), name="api-grant"),
    path(f"{MODEL}/sharing", sharing_api.Sharing.as_view(), name="api-sharing"),
    path(f"{MODEL}/bring-in", api.BringIn.as_view(), name="api-bring-in"),
    path(ACCOUNTS, account_api.ServiceAccounts.as_view(), name="api-service-accounts"),
    path(f"{ACCOUNTS}/<str:account>", account_api.ServiceAccountView.as_view(), name="api-service-account"),
    path(f"{ACCOUNTS}/<str:account>/publishers", account_api.Publishers.as_view(), name="api-publishers"),
    path(f"{ACCOUNTS}/<str:account>/publishers/<int:pk>", account_api.PublisherView.as_view(), name="api-publisher"),
    path("use-cases", api.UseCases.as_view(), name="api-use-cases"),
    path("use-cases/<int:pk>", api.UseCaseView.as_view(), name="api-use-case"),
]
