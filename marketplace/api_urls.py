"""/api/v1/ of the ground rooms."""

from django.urls import path

from marketplace.accounts import api as accounts
from marketplace.accounts import people_api as people
from marketplace.notifications import api as notifications

urlpatterns = [
    path("me", accounts.Me.as_view(), name="api-me"),
    path("teams", accounts.Teams.as_view(), name="api-teams"),
    path("teams/<str:team>", accounts.TeamView.as_view(), name="api-team"),
    path("teams/<str:team>/members", accounts.TeamMembers.as_view(), name="api-team-members"),
    path("teams/<str:team>/members/<str:username>", accounts.TeamMember.as_view(), name="api-team-member"),
    path("people", people.People.as_view(), name="api-people"),
    path("people/<str:username>", people.Person.as_view(), name="api-person"),
    path("people/<str:username>/hand-over", people.PersonHandOver.as_view(), name="api-person-hand-over"),
    path("people/<str:username>/roles", people.PersonRoles.as_view(), name="api-person-roles"),
    path("people/<str:username>/roles/<str:role>", people.PersonRole.as_view(), name="api-person-role"),
    path("tokens", accounts.Tokens.as_view(), name="api-tokens"),
    path("tokens/<int:pk>", accounts.TokenView.as_view(), name="api-token"),
    path("me/notices", notifications.Notices.as_view(), name="api-notices"),
    path("me/notices/<int:number>/done", notifications.NoticeDone.as_view(), name="api-notice-done"),
]
