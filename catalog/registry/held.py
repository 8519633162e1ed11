"""What people answer for, own, made and hold alone: what they leave behind when they go."""

from collections.abc import Collection

from django.db.models import QuerySet

from catalog.registry.models import AccessGrant, ModelVersion, RegisteredModel, UseCase
from catalog.registry.queries import UNFINISHED
from marketplace.accounts.models import Team, User
from marketplace.permissions.queries import in_force


def accountable_of(person: User, team: Team | None = None) -> QuerySet[RegisteredModel]:
    """The models that a person answers for, in one team or in all."""
    rows = RegisteredModel.objects.filter(accountable=person, **({"team": team} if team is not None else {}))
    return rows.select_related("team").order_by("team__name", "name")


def use_cases_owned_by(person: User, team: Team | None = None) -> QuerySet[UseCase]:
    """The open use cases that a person owns, in one team or in all."""
    rows = UseCase.objects.filter(owner=person, is_open=True, **({"team": team} if team is not None else {}))
    return rows.select_related("team")


def personal_grants_of(person: User, team: Team | None = None) -> QuerySet[AccessGrant]:
    """The grants that count now and that a person holds alone, not through a team: for use cases of one team, or all."""
    rows = AccessGrant.objects.filter(in_force(), user=person, **({"use_case__team": team} if team is not None else {}))
    return rows.select_related("thing__team", "use_case", "user").order_by("until")


def personal_grants(people: Collection[str], teams: Collection[int]) -> QuerySet[AccessGrant]:
    """The grants that count now and that one of these people, by pseudonym, holds alone for a use case of one of these teams."""
    rows = AccessGrant.objects.filter(in_force(), user__person__in=people, use_case__team__in=teams)
    return rows.select_related("thing__team", "use_case", "user").order_by("pk")


def unfinished_by(person: User, team: Team | None = None) -> QuerySet[ModelVersion]:
    """The versions that a person made and that are not decided yet, in one team or in all."""
    rows = ModelVersion.objects.filter(created_by=person, state__in=sorted(UNFINISHED), **({"model__team": team} if team is not None else {}))
    return rows.select_related("model__team")
