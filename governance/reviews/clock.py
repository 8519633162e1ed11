"""Working days, and how much of its time a review has left, in words."""

from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.formats import date_format

SATURDAY = 5


def add_working_days(start: datetime, days: int) -> datetime:
    """Return the same time of day so many working days later; a start at the weekend counts from Monday."""
    moment = start
    while moment.weekday() >= SATURDAY:
        moment = datetime.combine(moment.date() + timedelta(days=1), time(0), tzinfo=moment.tzinfo)
    for _ in range(days):
        moment += timedelta(days=1)
        while moment.weekday() >= SATURDAY:
            moment += timedelta(days=1)
    return moment


def time_left(due: datetime | None, *, now: datetime | None = None, paused: bool = False) -> str:
    """Say when a decision is due: `due in 3 h`, `due tomorrow 17:00`, `overdue since 3 Mar`."""
    if paused:
        return "paused: waiting for the submitter"
    if due is None:
        return "no due date"
    now = now or timezone.now()
    clock = date_format(timezone.localtime(due), "H:i")
    day = timezone.localtime(due).date()
    apart = (day - timezone.localtime(now).date()).days
    if due <= now:
        return f"overdue since {clock}" if apart == 0 else f"overdue since {date_format(day, 'j M')}"
    if due - now < timedelta(hours=12):
        hours = max(1, round((due - now) / timedelta(hours=1)))
        return f"due in {hours} h"
    if apart <= 1:
        return f"due {'tomorrow' if apart else 'today'} {clock}"
    return f"due {date_format(day, 'D j M')}, {clock}"
