"""Use cases: what models are used for, who answers for it, and whether it still goes on."""

from typing import Any

from django.db import IntegrityError, transaction

from catalog.registry.models import UseCase
from catalog.registry.permissions import require_publisher, require_use_case_owner
from catalog.registry.states import DataClass
from marketplace.accounts.models import Team, User
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid
from marketplace.identifiers import hides_something
from marketplace.permissions.queries import limits_of

CHANGEABLE = ("name", "owner", "business_unit", "data_class", "is_open")


@transaction.atomic
def create_use_case(
    name: str, *, team: Team, by: User, owner: User | None = None, business_unit: str = "", data_class: str = DataClass.INTERNAL
) -> UseCase:
    """Name what models are used for; any member of the team may."""
    if limits_of(by) or not team.memberships.filter(user=by).exists():
        require_publisher(by, team)
    values = {"name": name.strip(), "owner": owner or by, "business_unit": business_unit.strip(), "data_class": data_class}
    if problems := problems_with(values, team):
        raise Invalid("The use case was not created.", fields=problems)
    try:
        with transaction.atomic():
            made = UseCase.objects.create(team=team, **values)
    except IntegrityError as taken:
        raise Conflict(f"Team {team.name} already has a use case named {name}.", hint="Use that one.") from taken
    record("use_case.created", made, by=by, data_class=data_class)
    return made


@transaction.atomic
def change_use_case(use_case: UseCase, *, by: User, **changes: Any) -> UseCase:
    """Change a use case, or close it: grants that name a closed one go on until their end, and nobody asks for new ones."""
    require_use_case_owner(by, use_case)
    changes = {field: value.strip() if isinstance(value, str) else value for field, value in changes.items()}
    if problems := problems_with(changes, use_case.team, keeps=use_case.owner):
        raise Invalid("The use case was not changed.", fields=problems)
    before = {field: getattr(use_case, field) for field in changes}
    changed = {field: value for field, value in changes.items() if before[field] != value}
    if not changed:
        return use_case
    try:
        with transaction.atomic():
            UseCase.objects.filter(pk=use_case.pk).update(**changed)
    except IntegrityError as taken:
        raise Conflict(f"Team {use_case.team.name} already has a use case named {changes['name']}.", hint="Choose another name.") from taken
    use_case.refresh_from_db()
    record("use_case.changed", use_case, by=by, before={field: before[field] for field in changed}, after=changed)
    return use_case


def problems_with(values: dict[str, Any], team: Team, *, keeps: User | None = None) -> dict[str, list[str]]:
    """Name every value that does not fit, with the way to mend it; an owner who has left the team may be kept."""
    problems = {field: [f"There is no such field; use {', '.join(CHANGEABLE)}."] for field in values if field not in CHANGEABLE}
    for field, least in (("name", 1), ("business_unit", 0)):
        text = values.get(field)
        if text is not None and (not isinstance(text, str) or not least <= len(text) <= 120 or hides_something(text)):
            problems[field] = [f"Use one line of {least} to 120 characters, without invisible ones."]
    if "data_class" in values and values["data_class"] not in DataClass.values:
        problems["data_class"] = [f"Use one of {', '.join(DataClass.values)}."]
    if "is_open" in values and not isinstance(values["is_open"], bool):
        problems["is_open"] = ["Use true or false."]
    if "owner" in values and values["owner"] != keeps and not _may_own(values["owner"], team):
        problems["owner"] = [f"Name a person in team {team.name}."]
    return problems


def _may_own(owner: Any, team: Team) -> bool:
    """Whether somebody can answer for a use case of this team; whoever creates one does, service accounts too."""
    return isinstance(owner, User) and team.memberships.filter(user=owner).exists()
