"""What somebody wishes for, and the day it ends: a date means the end of that day, UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from catalog.registry.models import UseCase
from marketplace.accounts.models import Team, User


@dataclass(frozen=True)
class Wish:
    """Access for a person or a team, for a use case, up to an environment and a data class, until a day."""

    use_case: UseCase
    environment: str
    data_class: str
    until: date
    user: User | None = None
    team: Team | None = None
    volume: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        """What it asks for, whatever the end: one such wish per model is open at a time."""
        who = f"t{self.team.pk}" if self.team else f"u{self.user.pk if self.user else ''}"
        return f"{who}:{self.use_case.pk}:{self.environment}:{self.data_class}"

    @property
    def holder(self) -> str:
        """Whom it is for, in words."""
        return f"team {self.team.name}" if self.team else str(self.user)


def end_of(day: date) -> datetime:
    """The last moment of a day, UTC."""
    return datetime.combine(day, time.max, tzinfo=UTC)


def day_of(moment: datetime) -> date:
    """The day a moment falls on, UTC."""
    return moment.astimezone(UTC).date()


def latest_day(days: int, *, now: datetime) -> date:
    """The last day that so many days from now allow."""
    return day_of(now) + timedelta(days=days)
