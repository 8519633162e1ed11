"""Writing the projection of grants into guardian's tables: one row per subject, thing and right."""

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


def forget_cached(person: Any) -> None:
    """Drop what was read once per request, because it has just changed."""
    for kept in ("_group_names", "_memberships"):
        person.__dict__.pop(kept, None)
    for read in ("read_groups", "read_roles"):
        if hasattr(person, read):
            delattr(person, read)
