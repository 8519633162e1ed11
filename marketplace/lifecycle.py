"""State machines: a table of allowed moves, and the only way to make one.

States that are computed anew from other rows have no table: docs/decisions/0006-states-that-only-follow.md.
"""

from collections.abc import Collection, Mapping
from typing import TypeVar

from django.db.models import F, Model

from marketplace.errors import Conflict

M = TypeVar("M", bound=Model)


def move(row: M, to: str, *, allowed: Mapping[str, Collection[str]], field: str = "state", **changes: object) -> M:
    """Move `row` to state `to` by compare-and-set; raise Conflict when the table forbids it or somebody was faster."""
    here = str(getattr(row, field))
    if to not in allowed.get(here, ()):
        raise Conflict(f"{row} is {words(here)}; it cannot become {words(to)}.", hint="Reload to see where it stands.", state=here)
    won = type(row)._default_manager.filter(pk=row.pk, **{field: here}).update(**{field: to}, **changes)
    if not won:
        raise Conflict(f"{row} is no longer {words(here)}: somebody was faster.", hint="Reload and look again.", state=here)
    for name, value in {field: to, **changes}.items():
        if not isinstance(value, F):
            setattr(row, name, value)
    return row


def words(state: str) -> str:
    """The state as people read it: `changes_requested` becomes `changes requested`."""
    return str(state).replace("_", " ")
