"""Shapes of people, teams and tokens in REST."""

from typing import Any

from rest_framework import serializers

from marketplace.accounts.models import Membership, Team, User
from marketplace.api.serializers import StrictSerializer
from marketplace.permissions.needs import TeamRole


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


class TeamPage(serializers.Serializer[Any]):
    """Some teams."""

    results = TeamOutput(many=True)
    next = serializers.CharField(allow_null=True)


def team_shape(team: Team, members: int) -> dict[str, Any]:
    """Return a team as JSON."""
    return {"name": team.name, "purpose": team.purpose, "members": members}


def member_shape(member: Membership) -> dict[str, Any]:
    """Return a member as JSON."""
    return {"username": member.user.username, "name": member.user.name, "role": member.role}


def me_shape(user: User, token: dict[str, Any] | None, teams: dict[str, str], roles: list[str]) -> dict[str, Any]:
    """Return the caller as JSON."""
    return {"username": user.username, "name": user.name, "kind": user.kind, "teams": teams, "roles": roles, "token": token}
