"""REST of people, teams and tokens."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.accounts.actions import add_member, create_team, remove_member
from marketplace.accounts.keys.limits import words_of
from marketplace.accounts.keys.serializers import token_shape
from marketplace.accounts.queries import all_teams, members_known_to, members_of, team_named, team_roles_of, user_named
from marketplace.accounts.serializers import (
    MemberInput,
    MemberOutput,
    MeOutput,
    TeamDetail,
    TeamInput,
    TeamOutput,
    TeamPage,
    me_shape,
    member_shape,
    team_shape,
)
from marketplace.api.pagination import Page, body, keyset_by_id
from marketplace.api.schema import PAGED
from marketplace.api.views import ApiView
from marketplace.permissions.queries import groups_of

ADMIN: dict[str, str] = {"GET": "read", "HEAD": "read", "POST": "admin", "PUT": "admin", "DELETE": "admin"}


class Me(ApiView):
    """Who calls, and with what."""

    @extend_schema(responses=MeOutput, summary="Who am I?")
    def get(self, request: Request) -> Response:
        """Return the caller, teams, roles and the token's scopes."""
        user: Any = request.user
        token: Any = request.auth
        roles = sorted(name for name in groups_of(user) if not name.startswith("team:"))
        told = token_shape(token, words_of(user, [token])) if token else None
        return Response(me_shape(user, told, team_roles_of(user), roles))


class Teams(ApiView):
    """All teams."""

    scopes: ClassVar[dict[str, str]] = ADMIN

    @extend_schema(responses=TeamPage, parameters=PAGED, summary="List teams")
    def get(self, request: Request) -> Response:
        """Return teams, oldest first."""
        found: Page[Any] = keyset_by_id(all_teams(), request.query_params, newest_first=False)
        return Response(body(found, lambda team: team_shape(team, team.size)))

    @extend_schema(request=TeamInput, responses={201: TeamOutput}, summary="Create a team")
    def post(self, request: Request) -> Response:
        """Create a team; administrators only."""
        values, user = self.input(TeamInput), request.user
        owner = user_named(values.pop("owner")) if "owner" in values else None
        team = create_team(**values, by=user, owner=owner)  # type: ignore[arg-type]
        return Response(team_shape(team, len(members_of(team))), status=201, headers={"Location": f"/api/v1/teams/{team.name}"})


class TeamView(ApiView):
    """One team."""

    @extend_schema(responses=TeamDetail, summary="Show a team")
    def get(self, request: Request, team: str) -> Response:
        """Return a team with its people: all for its members and those who oversee it, else its owners, whom to ask."""
        found = team_named(team)
        known, unit = members_known_to(request.user, found), found.parent.name if found.parent else None  # type: ignore[arg-type]
        return Response(team_shape(found, len(members_of(found))) | {"unit": unit, "people": [member_shape(m) for m in known]})


class TeamMembers(ApiView):
    """The people of a team."""

    scopes: ClassVar[dict[str, str]] = ADMIN

    @extend_schema(request=MemberInput, responses={201: MemberOutput}, summary="Add a member or change a role")
    def post(self, request: Request, team: str) -> Response:
        """Put somebody into the team; owners and administrators only."""
        values = self.input(MemberInput)
        member = add_member(team_named(team), user_named(values["username"]), role=values["role"], by=request.user)  # type: ignore[arg-type]
        return Response(member_shape(member), status=201)


class TeamMember(ApiView):
    """One person in a team."""

    scopes: ClassVar[dict[str, str]] = ADMIN

    @extend_schema(responses={204: None}, summary="Remove a member")
    def delete(self, request: Request, team: str, username: str) -> Response:
        """Take somebody out of the team; the last owner stays."""
        remove_member(team_named(team), user_named(username), by=request.user)  # type: ignore[arg-type]
        return Response(status=204)
