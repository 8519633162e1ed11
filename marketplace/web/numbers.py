"""Numbers and times as people read them."""

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from numbers import Real
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

NOTHING = "—"
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
COUNTS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def _as_number(value: Any) -> float | None:
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def number(value: Any) -> str:
    """Write 1842 as 1,842; nothing as a dash."""
    found = _as_number(value)
    if found is None:
        return NOTHING
    return f"{found:,.0f}" if found == int(found) else f"{found:,.3f}".rstrip("0")


def size(value: Any) -> str:
    """Write bytes in steps of 1000: 1.2 GB."""
    found = _as_number(value)
    if found is None:
        return NOTHING
    step = min(len(UNITS) - 1, int(math.log(found, 1000) + 1e-9)) if found >= 1 else 0
    scaled = found / 1000**step
    return f"{scaled:.0f} {UNITS[step]}" if step == 0 or scaled >= 100 else f"{scaled:.1f} {UNITS[step]}"


def params(value: Any) -> str:
    """Write a parameter count: 125 M, 8.0 B."""
    found = _as_number(value)
    if not found:
        return NOTHING
    for step, unit in COUNTS:
        if found >= step:
            scaled = found / step
            return f"{scaled:.0f} {unit}" if scaled >= 10 else f"{scaled:.1f} {unit}"
    return f"{found:.0f}"


def percent(value: Any, of: Any = 1) -> str:
    """Write a share as a percentage: 0.987 as 98.7 %, or part|percent:whole."""
    part, whole = _as_number(value), _as_number(of)
    if part is None or not whole:
        return NOTHING
    share = 100 * part / whole
    return f"{share:.0f} %" if share == int(share) or share >= 99.95 or whole != 1 else f"{share:.1f} %"


def _days(days: int, day: date, today: date) -> str:
    if days in (-1, 0, 1):
        return {-1: "tomorrow", 0: "today", 1: "yesterday"}[days]
    if 0 < days < 14:
        return f"{days} days ago"
    if -14 < days < 0:
        return f"in {-days} days"
    return date_format(day, "j M" if day.year == today.year else "j M Y")


def when(moment: Any, now: datetime | None = None) -> str:
    """Write a moment as seen from now: 5 minutes ago, in 3 days, 3 Mar 2027."""
    now = now or timezone.now()
    today = timezone.localdate(now)
    if not isinstance(moment, datetime):
        return _days((today - moment).days, moment, today) if isinstance(moment, date) else NOTHING
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    apart = now - moment
    seconds = abs(apart.total_seconds())
    past = apart >= timedelta(0)
    if seconds < 60:
        return "just now" if past else "in a moment"
    for unit, length, limit in (("minute", 60, 3600), ("hour", 3600, 12 * 3600)):
        if seconds < limit:
            count = int(seconds // length) if past else round(seconds / length)
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"{words} ago" if past else f"in {words}"
    day = timezone.localdate(moment)
    if abs((today - day).days) <= 1:
        clock = date_format(timezone.localtime(moment), "H:i")
        return f"{_days((today - day).days, day, today)} {clock}"
    return _days((today - day).days, day, today)


def spark_path(values: Sequence[Any], width: int = 112, height: int = 28) -> str:
    """Return the path of a line through the values, kept inside the box by the width of the line."""
    points = [float(value) for value in values if isinstance(value, Real)]
    if not points:
        return ""
    points = points * 2 if len(points) == 1 else points
    low, high = min(0.0, *points), max(points)
    span = (high - low) or 1.0
    step = width / (len(points) - 1)
    spots = (f"{at * step:.1f} {height - 1 - (value - low) / span * (height - 2):.1f}" for at, value in enumerate(points))
    return "M" + " ".join(spots)
