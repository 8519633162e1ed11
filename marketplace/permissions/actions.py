"""Writing the projection of grants into guardian's tables: one row per subject, thing and right."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Model
from guardian.shortcuts import assign_perm, remove_perm


def project(right: str, thing: Model, *, subject: Any) -> None:
    """Write guardian's row for a person or group that has at least one grant in force."""
    assign_perm(right, subject, thing)


def withdraw(right: str, thing: Model, *, subject: Any) -> None:
    """Take guardian's row away when the last grant has ended."""
    remove_perm(right, subject, thing)


def mirror_group(name: str) -> Group:
    """Return the group that mirrors a team, track or role, making it when it is new."""
    return Group.objects.get_or_create(name=name)[0]


def join_group(person: Any, name: str) -> None:
    """Put a person into a mirrored group."""
    person.groups.add(mirror_group(name))
    forget_cached(person)


def leave_group(person: Any, name: str) -> None:
    """Take a person out of a mirrored group."""
    person.groups.remove(mirror_group(name))
    forget_cached(person)


def join_groups(pairs: Sequence[tuple[Any, str]]) -> None:
    """Put people into mirrored groups: (person, name of the group), in one statement for all of them."""
    _change_groups(pairs, _join)


def _join(rows: Any, pairs: list[tuple[int, int]]) -> None:
    rows.bulk_create([rows.model(user_id=user, group_id=group) for user, group in pairs], ignore_conflicts=True)


def leave_groups(pairs: Sequence[tuple[Any, str]]) -> None:
    """Take people out of mirrored groups, in one statement for each group."""
    _change_groups(pairs, _leave)


def _leave(rows: Any, pairs: list[tuple[int, int]]) -> None:
    for group in {group for _, group in pairs}:
        rows.filter(group=group, user__in=[user for user, of in pairs if of == group]).delete()


def _change_groups(pairs: Sequence[tuple[Any, str]], change: Callable[[Any, list[tuple[int, int]]], object]) -> None:
    if not pairs:
        return
    groups = {name: mirror_group(name).pk for name in sorted({name for _, name in pairs})}
    through = type(pairs[0][0]).groups.through
    change(through._default_manager, [(person.pk, groups[name]) for person, name in pairs])
    for person, _ in pairs:
        forget_cached(person)


def forget_cached(person: Any) -> None:
    """Drop what was read once per request, because it has just changed."""
    for kept in ("_group_names", "_memberships"):
        person.__dict__.pop(kept, None)
    for read in ("read_groups", "read_roles"):
        if hasattr(person, read):
            delattr(person, read)
