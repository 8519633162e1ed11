"""REST of people, teams and tokens."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.accounts.actions import add_member, create_team, issue_token, remove_member, revoke_token
from marketplace.accounts.queries import all_teams, members_known_to, team_named, team_roles_of, token_of, tokens_of, user_named
from marketplace.accounts.serializers import (
    IssuedToken,
    MemberInput,
    MemberOutput,
    MeOutput,
    TeamDetail,
    TeamInput,
    TeamOutput,
    TeamPage,
    TokenInput,
    TokenOutput,
    TokenPage,
    me_shape,
    member_shape,
    team_shape,
    token_shape,
)
from marketplace.api.pagination import body, keyset_by_id
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
        return Response(me_shape(user, token, team_roles_of(user), roles))


class Teams(ApiView):
    """All teams."""

    scopes: ClassVar[dict[str, str]] = ADMIN

    @extend_schema(responses=TeamPage, parameters=PAGED, summary="List teams")
    def get(self, request: Request) -> Response:
        """Return teams, oldest first."""
        return Response(body(keyset_by_id(all_teams(), request.query_params, newest_first=False), team_shape))

    @extend_schema(request=TeamInput, responses={201: TeamOutput}, summary="Create a team")
    def post(self, request: Request) -> Response:
        """Create a team; administrators only."""
        values, user = self.input(TeamInput), request.user
        owner = user_named(values.pop("owner")) if "owner" in values else None
        team = team_named(create_team(**values, by=user, owner=owner).name)  # type: ignore[arg-type]
        return Response(team_shape(team), status=201, headers={"Location": f"/api/v1/teams/{team.name}"})


class TeamView(ApiView):
    """One team."""

    @extend_schema(responses=TeamDetail, summary="Show a team")
    def get(self, request: Request, team: str) -> Response:
        """Return a team with its people: all for its members and those who oversee it, else its owners, whom to ask."""
        found = team_named(team)
        known = members_known_to(request.user, found)  # type: ignore[arg-type]
        return Response(team_shape(found) | {"unit": found.parent.name if found.parent else None, "people": [member_shape(m) for m in known]})


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


class Tokens(ApiView):
    """My tokens."""

    scopes: ClassVar[dict[str, str]] = ADMIN
    answers_hold_secrets: ClassVar[bool] = True

    @extend_schema(responses=TokenPage, parameters=PAGED, summary="List my tokens")
    def get(self, request: Request) -> Response:
        """Return my tokens, newest first, without secrets."""
        return Response(body(keyset_by_id(tokens_of(request.user), request.query_params), token_shape))  # type: ignore[arg-type]

    @extend_schema(request=TokenInput, responses={201: IssuedToken}, summary="Issue a token")
    def post(self, request: Request) -> Response:
        """Issue a token for me; the secret is in this answer and never again."""
        token, secret = issue_token(request.user, by=request.user, parent=request.auth, **self.input(TokenInput))  # type: ignore[arg-type]
        return Response(token_shape(token) | {"secret": secret}, status=201, headers={"Location": f"/api/v1/tokens/{token.pk}"})


class TokenView(ApiView):
    """One token of mine."""

    scopes: ClassVar[dict[str, str]] = ADMIN

    @extend_schema(responses=TokenOutput, summary="Show a token")
    def get(self, request: Request, pk: int) -> Response:
        """Return a token of mine without its secret."""
        return Response(token_shape(token_of(request.user, pk)))  # type: ignore[arg-type]

    @extend_schema(responses={204: None}, summary="Revoke a token")
    def delete(self, request: Request, pk: int) -> Response:
        """End a token at once."""
        revoke_token(token_of(request.user, pk), by=request.user)  # type: ignore[arg-type]
        return Response(status=204)
