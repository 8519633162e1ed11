"""Service accounts: programs of a team that name one use case and one environment."""

from django.db import transaction

from catalog.registry.models import ServiceAccount, UseCase
from catalog.registry.queries import use_cases_for_programs
from catalog.registry.states import Environment
from marketplace.accounts.actions import add_service_user, end_service_user
from marketplace.accounts.models import Team, User
from marketplace.accounts.permissions import require_team_manager
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid
from marketplace.identifiers import hides_something


@transaction.atomic
def create_service_account(
    team: Team, username: str, *, by: User, use_case: UseCase, environment: str, accountable: User, name: str = ""
) -> ServiceAccount:
    """Make a service account of a team; it outlives whoever makes it."""
    require_team_manager(by, team)
    problems = _problems(team, use_case, environment, accountable)
    if len(name) > 120 or hides_something(name):
        problems["name"] = ["Use one line of at most 120 characters, without invisible ones."]
    if problems:
        raise Invalid("The service account was not made.", fields=problems)
    user = add_service_user(team, username, by=by, name=name)
    made = ServiceAccount.objects.create(user=user, team=team, accountable=accountable, use_case=use_case, environment=environment, created_by=by)
    record("service_account.created", made, by=by, account=user, accountable=accountable, use_case=use_case, environment=environment)
    return made


def _problems(team: Team, use_case: UseCase, environment: str, accountable: User) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    if not use_cases_for_programs(team).filter(pk=use_case.pk).exists():
        problems["use_case"] = [f"Choose an open use case of team {team.name}, or one that it has a grant for."]
    if environment not in Environment.values:
        problems["environment"] = [f"Use one of {', '.join(Environment.values)}."]
    if not _may_answer(team, accountable):
        problems["accountable"] = [f"Name a person who is in team {team.name}."]
    return problems


def _may_answer(team: Team, person: User) -> bool:
    return person.is_person and person.is_active and team.memberships.filter(user=person).exists()


@transaction.atomic
def change_accountable(account: ServiceAccount, person: User, *, by: User) -> ServiceAccount:
    """Name another person who answers for a service account."""
    require_team_manager(by, account.team)
    if not _may_answer(account.team, person):
        raise Invalid("Nothing was changed.", fields={"accountable": [f"Name a person who is in team {account.team.name}."]})
    ServiceAccount.objects.filter(pk=account.pk).update(accountable=person)
    record("service_account.changed", account, by=by, accountable=person, before=account.accountable)
    account.accountable = person
    return account


@transaction.atomic
def end_service_account(account: ServiceAccount, *, by: User) -> ServiceAccount:
    """End a service account for good: its tokens count no more, what it did stays on record."""
    require_team_manager(by, account.team)
    if not ServiceAccount.objects.filter(pk=account.pk, user__is_active=True).exists():
        raise Conflict(f"{account.user.username} was ended already.", hint="Reload the page.")
    end_service_user(account.team, account.user, by=by)
    record("service_account.ended", account, by=by, account=account.user)
    return account
