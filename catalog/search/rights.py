"""Compiled conditions, kept as long as somebody's rights stay the same: building them anew costs more than asking the database."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from marketplace.permissions.queries import Limits, circles_of, groups_of, limits_of, roles_of

KEPT = 512
Compiled = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Rights:
    """Everything that decides what a viewer sees. What ends by time is not in here: the database's clock judges it at each query."""

    person: int | None
    is_active: bool
    roles: tuple[tuple[int, str], ...]
    circles: frozenset[int]
    groups: frozenset[str]
    limits: Limits
    viewer: Any = field(compare=False, hash=False)


def rights_of(viewer: Any) -> Rights:
    """Return the rights of a viewer, read for this request."""
    roles = tuple(sorted(roles_of(viewer).items()))
    return Rights(viewer.pk, viewer.is_active, roles, circles_of(viewer), groups_of(viewer), limits_of(viewer), viewer)


def compiled(build: Callable[[Any], QuerySet[Any, Any]]) -> Callable[[Any], Compiled | None]:
    """Return a function that gives the SQL of `build(viewer)`; None when it can hold no row at all."""

    @lru_cache(maxsize=KEPT)
    def kept(rights: Rights) -> Compiled | None:
        try:
            return build(rights.viewer).query.sql_with_params()
        except EmptyResultSet:
            return None

    return lambda viewer: kept(rights_of(viewer))
