"""Addresses of the pages about people and teams."""

from django.urls import path

from marketplace.accounts import views
from marketplace.accounts.keys import pages as keys
from marketplace.accounts.signin import SignIn, sign_out

urlpatterns = [
    path("login", SignIn.as_view(), name="account_login"),
    path("logout", sign_out, name="account_logout"),
    path("me/tokens", keys.my_tokens, name="my-tokens"),
    path("me/tokens/<int:pk>/revoke", keys.revoke_my_token, name="revoke-my-token"),
    path("me/tokens/<int:pk>/rotate", keys.rotate_my_token, name="rotate-my-token"),
    path("me/settings", views.my_settings, name="my-settings"),
    path("teams", views.teams, name="teams"),
    path("teams/<str:team>", views.team_page, name="team"),
    path("teams/<str:team>/members", views.team_members, name="team-members"),
]
