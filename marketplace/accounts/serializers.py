"""Shapes of people, teams and tokens in REST."""

from typing import Any

from rest_framework import serializers

from marketplace.accounts.models import ApiToken, Membership, Team, User
from marketplace.accounts.tokens import SCOPES
from marketplace.api.serializers import StrictSerializer
from marketplace.permissions.needs import TeamRole


class TokenInput(StrictSerializer):
    """What is needed to issue a token."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=sorted(SCOPES)), min_length=1, max_length=len(SCOPES))
    days = serializers.IntegerField(min_value=1, max_value=365, default=90)


class MemberInput(StrictSerializer):
    """Somebody's role in a team."""

    username = serializers.CharField(max_length=96)
    role = serializers.ChoiceField(choices=TeamRole.choices)


class TeamInput(StrictSerializer):
    """A new team."""

    name = serializers.CharField(max_length=96)
    purpose = serializers.CharField(max_length=280, required=False, default="", allow_blank=True)
    owner = serializers.CharField(max_length=96, required=False)


class MemberOutput(serializers.Serializer[Any]):
    """A member of a team."""

    username = serializers.CharField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=TeamRole.choices)


class TeamOutput(serializers.Serializer[Any]):
    """A team."""

    name = serializers.CharField()
    purpose = serializers.CharField()
    members = serializers.IntegerField()


class TeamDetail(TeamOutput):
    """A team with its people."""

    unit = serializers.CharField(allow_null=True, help_text="The team above it")
    people = MemberOutput(many=True)


class MeOutput(serializers.Serializer[Any]):
    """Who calls."""

    username = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    teams = serializers.DictField(child=serializers.CharField(), help_text="Team name -> role")
    roles = serializers.ListField(child=serializers.CharField())
    token = serializers.DictField(allow_null=True)


class TokenOutput(serializers.Serializer[Any]):
    """A token without its secret."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class IssuedToken(TokenOutput):
    """A new token with its secret: the only time it is shown."""

    secret = serializers.CharField()


class TeamPage(serializers.Serializer[Any]):
    """Some teams."""

    results = TeamOutput(many=True)
    next = serializers.CharField(allow_null=True)


class TokenPage(serializers.Serializer[Any]):
    """Some tokens."""

    results = TokenOutput(many=True)
    next = serializers.CharField(allow_null=True)


def team_shape(team: Team) -> dict[str, Any]:
    """Return a team as JSON."""
    return {"name": team.name, "purpose": team.purpose, "members": team.size}  # type: ignore[attr-defined]


def member_shape(member: Membership) -> dict[str, Any]:
    """Return a member as JSON."""
    return {"username": member.user.username, "name": member.user.name, "role": member.role}


def token_shape(token: ApiToken) -> dict[str, Any]:
    """Return a token as JSON, without its secret."""
    fields = ("id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    return {name: getattr(token, name) for name in fields}


def me_shape(user: User, token: ApiToken | None, teams: dict[str, str], roles: list[str]) -> dict[str, Any]:
    """Return the caller as JSON."""
    who = token_shape(token) if token else None
    return {"username": user.username, "name": user.name, "kind": user.kind, "teams": teams, "roles": roles, "token": who}
