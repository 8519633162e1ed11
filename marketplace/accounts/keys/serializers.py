"""The shapes of tokens and trusted publishers in /api/v1/."""

from typing import Any

from rest_framework import serializers

from marketplace.accounts.keys.limits import MOST
from marketplace.accounts.models import ApiToken
from marketplace.accounts.tokens import SCOPES
from marketplace.api.serializers import StrictSerializer

Words = dict[int, tuple[list[str], list[str]]]


class TokenInput(StrictSerializer):
    """What is needed to issue a token."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=sorted(SCOPES)), min_length=1, max_length=len(SCOPES))
    days = serializers.IntegerField(min_value=1, max_value=365, default=90, help_text="Every token ends")
    only_teams = serializers.ListField(
        child=serializers.CharField(max_length=96), max_length=MOST, default=list, help_text="Names of teams: models of these, and those named"
    )
    only_models = serializers.ListField(
        child=serializers.CharField(max_length=193), max_length=MOST, default=list, help_text="team/name; both empty: whatever the owner may"
    )
    service_account = serializers.CharField(max_length=96, required=False, help_text="Of a team that you own; left out: a token of your own")


class ExchangeInput(StrictSerializer):
    """What a CI job sends."""

    token = serializers.CharField(max_length=16_384, trim_whitespace=True, help_text="The OIDC token of the job")
    service_account = serializers.CharField(
        max_length=96, required=False, default="", allow_blank=True, help_text="Needed when two service accounts trust the same job"
    )


class TokenOutput(serializers.Serializer[Any]):
    """A token without its secret."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    only_teams = serializers.ListField(child=serializers.CharField())
    only_models = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    last_used_from = serializers.CharField(allow_blank=True, help_text="Address of the last use that was noted, at most one in five minutes")
    revoked_at = serializers.DateTimeField(allow_null=True)


class IssuedToken(TokenOutput):
    """A new token with its secret: the only time it is shown."""

    secret = serializers.CharField()


class TokenPage(serializers.Serializer[Any]):
    """Some tokens."""

    results = TokenOutput(many=True)
    next = serializers.CharField(allow_null=True)


def token_shape(token: ApiToken, words: Words) -> dict[str, Any]:
    """Return a token as JSON, without its secret; `words` says what it is limited to."""
    fields = ("id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "last_used_from", "revoked_at")
    teams, models = words[token.pk]
    return {name: getattr(token, name) for name in fields} | {"only_teams": teams, "only_models": models}
