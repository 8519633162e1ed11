"""The shapes of service accounts in /api/v1/."""

from typing import Any

from rest_framework import serializers

from catalog.registry.models import ServiceAccount
from catalog.registry.serializers import UseCaseRef, use_case_ref
from catalog.registry.states import Environment
from marketplace.accounts.tokens import FOR_ADMINISTRATORS, FOR_PEOPLE, SCOPES
from marketplace.api.serializers import StrictSerializer

FOR_JOBS = sorted(SCOPES.keys() - FOR_PEOPLE - FOR_ADMINISTRATORS)


class ServiceAccountInput(StrictSerializer):
    """A new service account."""

    username = serializers.CharField(max_length=96, help_text="Letters, digits, dots, underscores, hyphens")
    name = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    use_case = serializers.IntegerField(min_value=1, max_value=2**62, help_text="Id of an open use case of the team")
    environment = serializers.ChoiceField(choices=Environment.choices)
    accountable = serializers.CharField(max_length=96, required=False, help_text="User name of a member of the team; left out: you")


class ServiceAccountChange(StrictSerializer):
    """Who answers for it from now on."""

    accountable = serializers.CharField(max_length=96)


class ServiceAccountOutput(serializers.Serializer[Any]):
    """A program of a team."""

    username = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    team = serializers.CharField()
    use_case = UseCaseRef()
    environment = serializers.ChoiceField(choices=Environment.choices)
    accountable = serializers.CharField()
    needs_accountable = serializers.BooleanField(help_text="Whoever answered for it has left; name somebody else")
    created_by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class ServiceAccountPage(serializers.Serializer[Any]):
    """Some service accounts."""

    results = ServiceAccountOutput(many=True)
    next = serializers.CharField(allow_null=True)


class PublisherInput(StrictSerializer):
    """Which CI jobs get a token: every part must fit."""

    issuer = serializers.CharField(max_length=200, help_text="As in the job's token: https://token.actions.githubusercontent.com")
    audience = serializers.CharField(max_length=200, help_text="For whom the job asks its token; usual is the address of this marketplace")
    repository = serializers.CharField(max_length=200, help_text="organization/repository")
    ref = serializers.CharField(max_length=200, help_text="refs/heads/main, or refs/tags/v*")
    workflow = serializers.CharField(max_length=200, help_text=".github/workflows/release.yml")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=FOR_JOBS), min_length=1, max_length=len(FOR_JOBS))


class PublisherOutput(serializers.Serializer[Any]):
    """A CI job that is trusted."""

    id = serializers.IntegerField()
    issuer = serializers.CharField()
    audience = serializers.CharField()
    repository = serializers.CharField()
    ref = serializers.CharField()
    workflow = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()


class PublisherPage(serializers.Serializer[Any]):
    """Some trusted CI jobs."""

    results = PublisherOutput(many=True)
    next = serializers.CharField(allow_null=True)


def service_account_shape(account: ServiceAccount) -> dict[str, Any]:
    """Return a service account as JSON."""
    return {
        "username": account.user.username,
        "name": account.user.name,
        "team": account.team.name,
        "use_case": use_case_ref(account.use_case),
        "environment": account.environment,
        "accountable": account.accountable.username,
        "needs_accountable": not account.is_answered_for,  # type: ignore[attr-defined]  # annotated by the query
        "created_by": account.created_by.username if account.created_by else None,
        "created_at": account.created_at,
    }


def publisher_shape(publisher: Any) -> dict[str, Any]:
    """Return a trusted publisher as JSON."""
    return {name: getattr(publisher, name) for name in ("id", "issuer", "audience", "repository", "ref", "workflow", "scopes", "created_at")}
