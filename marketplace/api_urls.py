"""/api/v1/ of the ground rooms."""

from django.urls import path

from marketplace.accounts import api as accounts
from marketplace.accounts import people_api as people
from marketplace.accounts.keys import api as keys
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
    path("tokens", keys.Tokens.as_view(), name="api-tokens"),
    path("tokens/exchange", keys.TokenExchange.as_view(), name="api-token-exchange"),
    path("tokens/<int:pk>", keys.TokenView.as_view(), name="api-token"),
    path("tokens/<int:pk>/rotate", keys.TokenRotate.as_view(), name="api-token-rotate"),
    path("me/notices", notifications.Notices.as_view(), name="api-notices"),
    path("me/notices/<int:number>/done", notifications.NoticeDone.as_view(), name="api-notice-done"),
]
