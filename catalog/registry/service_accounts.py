"""Finding service accounts, and what the rooms below ask about them and about models: the limits and homes of tokens."""

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat, Lower

from catalog.registry.models import ServiceAccount
from catalog.registry.queries import models_for
from marketplace.accounts.keys import limits
from marketplace.accounts.models import ApiToken, Kind, Membership, Team, TrustedPublisher, User
from marketplace.errors import NotFound
from marketplace.permissions.needs import OrgRole, TeamRole
from marketplace.permissions.queries import has_role, limits_of, roles_of

Viewer = Any


def service_accounts_of(team: Team) -> QuerySet[ServiceAccount]:
    """The service accounts of a team that still work, with `is_answered_for`: the accountable person is active and in the team."""
    there = Membership.objects.filter(team=OuterRef("team"), user=OuterRef("accountable"), user__is_active=True)
    rows = ServiceAccount.objects.filter(team=team, user__is_active=True).select_related(
        "user", "team__group", "accountable", "use_case", "created_by"
    )
    return rows.annotate(is_answered_for=Exists(there))


def service_account_named(team: Team, username: str) -> ServiceAccount:
    """One service account of a team, whatever the case; NotFound when there is none."""
    found = None if "\0" in username else service_accounts_of(team).filter(user__username__iexact=username).first()
    if found is None:
        raise NotFound
    return found


def accounts_answered_for_by(person: str, team: int) -> QuerySet[ServiceAccount]:
    """The service accounts of a team that a person, by pseudonym, answers for."""
    rows = ServiceAccount.objects.filter(team=team, accountable__person=person, user__is_active=True)
    return rows.select_related("user", "team", "accountable")


def home_of(user: User) -> Team | None:
    """The team that a service account belongs to."""
    return Team.objects.filter(service_accounts__user=user).select_related("group").first()


def accounts_kept_by(viewer: Viewer) -> QuerySet[User]:
    """The service accounts whose tokens somebody looks after: those of the teams they own, all for administrators."""
    owned = [team for team, role in roles_of(viewer).items() if role == TeamRole.OWNER]
    bound = limits_of(viewer)
    mine = Q(service_account__team__in=owned) if not has_role(viewer, OrgRole.ADMINISTRATOR) else Q(service_account__isnull=False)
    return User.objects.filter(mine & Q(service_account__team__in=sorted(bound.teams)) if bound else mine)


def who_acts_through(programs: Collection[int]) -> dict[int, set[int]]:
    """The people behind each of these programs: who answers for it, who issued a token of it, who lets a CI job act as it."""
    answers = ServiceAccount.objects.filter(user__in=programs).order_by().values_list("user", "accountable")
    issued = ApiToken.objects.filter(user__in=programs, user__kind=Kind.SERVICE).order_by().values_list("user", "issued_by")
    trusted = TrustedPublisher.objects.filter(user__in=programs).order_by().values_list("user", "created_by")
    found: dict[int, set[int]] = {}
    for program, person in answers.union(issued, trusted):
        if person is not None:
            found.setdefault(program, set()).add(person)
    return found


def programs_behind_which(person: User) -> QuerySet[User]:
    """The programs that a person answers for, issued a token of, or lets a CI job act as."""
    mine = Q(service_account__accountable=person) | Q(tokens__issued_by=person) | Q(publishers__created_by=person)
    return User.objects.filter(mine, kind=Kind.SERVICE).distinct()


def ids_of_models(viewer: Viewer, names: Collection[str]) -> dict[str, int]:
    """The ids of models by `team/name`, of those that the viewer may see."""
    asked = {name.lower(): name for name in names if "\0" not in name and name.count("/") == 1}
    if not asked:
        return {}
    path = Lower(Concat("team__name", Value("/"), "name"))
    rows = models_for(viewer).annotate(path=path).filter(path__in=sorted(asked)).values_list("path", "pk")
    return {asked[path]: pk for path, pk in rows}


def names_of_models(viewer: Viewer, ids: Collection[int]) -> dict[int, str]:
    """`team/name` of models by id, of those that the viewer may see."""
    rows = models_for(viewer).filter(pk__in=sorted(ids)).values_list("pk", "team__name", "name")
    return {pk: f"{team}/{name}" for pk, team, name in rows}


def connect() -> None:
    """Answer what the rooms about tokens ask; called once when the app is ready."""
    limits.tell(ids_of_models=ids_of_models, names_of_models=names_of_models, home_of=home_of, accounts_kept_by=accounts_kept_by)
