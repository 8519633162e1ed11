"""What mails say: subject and text, from the notices of one person."""

from collections.abc import Sequence

from django.conf import settings

from marketplace.notifications.models import Level, Notice

ORDER = tuple(Level)


def subject_of(notices: Sequence[Notice], *, daily: bool) -> str:
    """One line that says what it is about."""
    if daily:
        return f"Your day in the marketplace: {len(notices)} notice{'s' if len(notices) != 1 else ''}"
    first = one_line(notices[0].text)
    return first if len(notices) == 1 else f"{first} (and {len(notices) - 1} more)"


def body_of(name: str, notices: Sequence[Notice], *, daily: bool) -> str:
    """The whole mail as plain text: grouped by level, each with its one link."""
    parts = [f"Hello {name},", ""]
    for level in ORDER:
        mine = [notice for notice in notices if notice.level == level]
        if mine:
            parts += [f"{Level(level).label}:", "", *[line for notice in mine for line in lines_of(notice)]]
    parts += [f"All notices: {settings.PUBLIC_URL}/me/notifications"]
    if daily:
        parts += [f"You get this once a day. Switch it off under {settings.PUBLIC_URL}/me/settings"]
    return "\n".join(parts) + "\n"


def lines_of(notice: Notice) -> list[str]:
    """One notice: its sentence, how often, and the link."""
    repeated = f" ({notice.count} times)" if notice.count > 1 else ""
    return [f"- {notice.text}{repeated}", f"  {settings.PUBLIC_URL}{notice.url}", ""]


def one_line(text: str) -> str:
    """A subject never holds a line break: what people typed must not become a header."""
    return " ".join(text.split())[:150]
