"""What a person still has to do or holds, room by room; the rooms above offer their part without this one knowing them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from marketplace.accounts.models import Team, User


@dataclass(frozen=True)
class Duty:
    """One open thing, with where to look at it."""

    text: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class Duties:
    """The open things of one kind: those the viewer may see by name, the others by number."""

    kind: "DutyKind"
    shown: list[Duty] = field(default_factory=list)
    unseen: int = 0

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.shown) + self.unseen


@dataclass(frozen=True)
class Found:
    """What a room answers: rows the viewer may see, and how many more there are."""

    shown: list[Duty] = field(default_factory=list)
    unseen: int = 0


Find = Callable[[User, Any, Team | None], Found]
HandOver = Callable[..., int]


@dataclass(frozen=True)
class DutyKind:
    """One kind of open thing: how to find it, what becomes of it, and how it is handed over if it can be."""

    name: str
    title: str
    order: int
    after: str
    find: Find
    hand_over: HandOver | None = None
    of_a_team: bool = True


_kinds: dict[str, DutyKind] = {}


def offer(kind: DutyKind) -> None:
    """Let a room answer for one kind of duty; the same name again replaces it."""
    _kinds[kind.name] = kind


def kinds() -> list[DutyKind]:
    """Every kind, in order."""
    return sorted(_kinds.values(), key=lambda kind: (kind.order, kind.name))


def duties_of(person: User, *, viewer: Any, team: Team | None = None) -> list[Duties]:
    """The open duties of a person, of every kind that has some; with a team, only those that belong to that team."""
    found = [(kind, kind.find(person, viewer, team)) for kind in kinds() if team is None or kind.of_a_team]
    return [Duties(kind, part.shown, part.unseen) for kind, part in found if part.shown or part.unseen]


def movers() -> list[HandOver]:
    """What hands duties over, each room once."""
    return list(dict.fromkeys(kind.hand_over for kind in kinds() if kind.hand_over is not None))
