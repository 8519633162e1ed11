"""Addresses of the pages about people and teams."""

from django.urls import path

from marketplace.accounts import people_views, team_views, views
from marketplace.accounts.signin import SignIn, sign_out

urlpatterns = [
    path("login", SignIn.as_view(), name="account_login"),
    path("logout", sign_out, name="account_logout"),
    path("me/tokens", views.my_tokens, name="my-tokens"),
    path("me/tokens/<int:pk>/revoke", views.revoke_my_token, name="revoke-my-token"),
    path("me/settings", views.my_settings, name="my-settings"),
    path("teams", views.teams, name="teams"),
    path("teams/<str:team>", team_views.team_page, name="team"),
    path("teams/<str:team>/members", team_views.team_members, name="team-members"),
    path("teams/<str:team>/members/<str:username>", team_views.team_member, name="team-member"),
    path("teams/<str:team>/members/<str:username>/hand-over", team_views.member_hand_over, name="team-member-hand-over"),
    path("teams/<str:team>/<slug:tab>", team_views.team_page, name="team-tab"),
    path("admin/people", people_views.people_page, name="people"),
    path("admin/people/<str:username>", people_views.person_page, name="person"),
    path("admin/people/<str:username>/active", people_views.person_active, name="person-active"),
    path("admin/people/<str:username>/roles", people_views.person_roles, name="person-roles"),
    path("admin/people/<str:username>/hand-over", people_views.person_hand_over, name="person-hand-over"),
    path("admin/teams", people_views.admin_teams, name="admin-teams"),
    path("admin/teams/<str:team>", people_views.admin_team, name="admin-team"),
    path("admin/roles", people_views.admin_roles, name="admin-roles"),
]
