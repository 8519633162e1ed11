"""Addresses of the shop window."""

from django.urls import URLPattern, URLResolver, path

from catalog.storefront import access, model_page, sharing, team_tokens, token_reach, use_cases, version_page, views

MODEL = "m/<str:team>/<str:name>"
VERSION = f"{MODEL}/v/<str:version>"
ACCOUNT = "teams/<str:team>/tokens/<str:account>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("models", views.search, name="search"),
    path("me/access", access.my_access, name="my-access"),
    path("teams/<str:team>/use-cases/new", use_cases.add_use_case, name="use-cases"),
    path("teams/<str:team>/use-cases/<int:pk>", use_cases.use_case_page, name="use-case"),
    path("tokens/<int:pk>/reach", token_reach.token_reach, name="token-reach"),
    path("teams/<str:team>/tokens", team_tokens.team_tokens, name="team-tokens"),
    path(ACCOUNT, team_tokens.service_account, name="service-account"),
    path(f"{ACCOUNT}/end", team_tokens.end_account, name="service-account-end"),
    path(f"{ACCOUNT}/<int:pk>/revoke", team_tokens.revoke_account_token, name="service-token-revoke"),
    path(f"{ACCOUNT}/<int:pk>/rotate", team_tokens.rotate_account_token, name="service-token-rotate"),
    path(f"{ACCOUNT}/publishers/<int:pk>/remove", team_tokens.remove_account_publisher, name="publisher-remove"),
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
