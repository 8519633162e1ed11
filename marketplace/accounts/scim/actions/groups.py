"""Bringing, changing and removing groups; thousands of members in a fixed number of statements."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from marketplace.accounts.identity.actions import place
from marketplace.accounts.identity.mapping import Places, mapping, places_of
from marketplace.accounts.models import DirectoryGroup, DirectoryMembership, User
from marketplace.accounts.scim.errors import invalid_value, taken
from marketplace.accounts.scim.queries import groups, keys_of, people_named
from marketplace.activity.actions import Happened, record_many

MOST_NAMED = 500  # people in one event


@transaction.atomic
def add_group(told: Mapping[str, Any], *, by: User) -> DirectoryGroup:
    """Take up a group, and give its members what it gives."""
    people = _people(told)
    try:
        with transaction.atomic():
            group = DirectoryGroup.objects.create(name=told["displayName"], external_id=told.get("externalId", ""))
    except IntegrityError as twice:
        raise taken(f"There is already a group named {told['displayName']}, or one with this externalId.") from twice
    DirectoryMembership.objects.bulk_create((DirectoryMembership(group=group, user=user) for user in people), batch_size=2000)
    _record("added", group, by=by, added=people)
    if _gives(group):
        _place(people, by=by)
    return groups().get(pk=group.pk)


@transaction.atomic
def change_group(group: DirectoryGroup, told: Mapping[str, Any], *, by: User) -> DirectoryGroup:
    """Let a group be as the directory says, and its members have what their groups give now. The row is locked by the caller."""
    facts = {"name": told["displayName"], "external_id": told.get("externalId", "")}
    renamed = sorted(name for name, value in facts.items() if getattr(group, name) != value)
    gave, held = _gives(group), {user.pk: user for user in User.objects.filter(directory_memberships__group=group)}
    wanted = {user.pk: user for user in _people(told)}
    come = [user for pk, user in wanted.items() if pk not in held]
    gone = [user for pk, user in held.items() if pk not in wanted]
    if not (renamed or come or gone):
        return group
    try:
        with transaction.atomic():
            DirectoryGroup.objects.filter(pk=group.pk).update(**facts, revision=F("revision") + 1, changed_at=Now())
    except IntegrityError as twice:
        raise taken(f"There is already a group named {facts['name']}, or one with this externalId.") from twice
    DirectoryMembership.objects.bulk_create((DirectoryMembership(group=group, user=user) for user in come), batch_size=2000)
    DirectoryMembership.objects.filter(group=group, user__in=gone).delete()
    group.refresh_from_db()
    _record("changed", group, by=by, fields=renamed, added=come, removed=gone)
    if gave or _gives(group):
        _place([*wanted.values(), *gone] if renamed else [*come, *gone], by=by)
    return group


@transaction.atomic
def remove_group(group: DirectoryGroup, *, by: User) -> None:
    """Take a group away, and from its members what it alone gave. The row is locked by the caller."""
    gave, held = _gives(group), list(User.objects.filter(directory_memberships__group=group))
    _record("removed", group, by=by, removed=held)
    DirectoryGroup.objects.filter(pk=group.pk).delete()
    if gave:
        _place(held, by=by)


def _record(
    what: str, group: DirectoryGroup, *, by: User, fields: Collection[str] = (), added: Sequence[User] = (), removed: Sequence[User] = ()
) -> None:
    """Tell what became of a group; of many people in several events, so that each can be read."""
    verbs = {"added": "directory_group.added", "changed": "directory_group.changed", "removed": "directory_group.removed"}
    pages = range(0, max(len(added), len(removed), 1), MOST_NAMED)
    told = [{"fields": fields, "added": added[at : at + MOST_NAMED], "removed": removed[at : at + MOST_NAMED]} for at in pages]
    record_many([Happened(verbs[what], group, {name: value for name, value in one.items() if value}) for one in told], by=by)


def _people(told: Mapping[str, Any]) -> list[User]:
    """The members that a group names; whoever is not there is an error, for the directory must bring people first."""
    members = told.get("members", [])
    if any(member.get("type", "User").lower() != "user" for member in members):
        raise invalid_value("Only people are members here: let the directory send the people of nested groups.")
    people, unknown = people_named(list(dict.fromkeys(member.get("value", "") for member in members)))
    if unknown:
        raise invalid_value(f"{len(unknown)} of the members are not known, the first is {unknown[0][:64]!r}. Bring people before groups.")
    return people


def _gives(group: DirectoryGroup) -> bool:
    """Whether the mapping names this group; most groups of a directory mean nothing here."""
    return not {group.name, group.external_id}.isdisjoint(mapping(settings.OIDC_ROLES))


def _place(people: Collection[User], *, by: User) -> None:
    """Let people have the places that all their groups give together."""
    keys = keys_of([user.pk for user in people])
    kinds: dict[frozenset[str], Places] = {}
    for user in people:
        held = frozenset(keys[user.pk])
        if held not in kinds:
            kinds[held] = places_of(held, settings.OIDC_ROLES)
    place({user: kinds[frozenset(keys[user.pk])] for user in people}, by=by)
