"""Telling people, and what they do with their notices."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.notifications.models import Level, Notice
from marketplace.notifications.tasks import send_due


@transaction.atomic
def notify(
    people: Iterable[User],
    *,
    level: str,
    verb: str,
    about: str,
    text: str,
    url: str,
    urgent: bool = False,
    by: Any = None,
    once: bool = False,
) -> int:
    """Tell people about one thing; return how many. News about the same unread thing adds to the same notice.

    Whoever did it (`by`) is not told, nor are service accounts and people who left. `once`: nobody is told about it a second time, read or not.
    """
    told = {person.pk for person in people if person.is_person and person.is_active} - {getattr(by, "pk", None)}
    if once:
        told -= set(Notice.objects.filter(user__in=told, about=about).values_list("user", flat=True))
    if not told:
        return 0
    now = timezone.now()
    told_so_far = Notice.objects.select_for_update().filter(user__in=told, about=about, read_at=None)
    known = set(told_so_far.order_by("pk").values_list("user", flat=True))
    facts = {"level": level, "verb": verb, "text": text[:400], "url": url[:300], "updated_at": now}
    Notice.objects.filter(user__in=known, about=about, read_at=None).update(
        **facts, count=F("count") + 1, mailed_at=None, urgent=urgent or F("urgent")
    )
    new = [Notice(user_id=pk, about=about, urgent=urgent, created_at=now, **facts) for pk in sorted(told - known)]
    Notice.objects.bulk_create(new, ignore_conflicts=True)
    if urgent:
        send_due.delay_on_commit()
    return len(told)


def mark_seen(viewer: Any, *about: str) -> int:
    """Mark the notices about a thing as done, because the person is looking at it; what needs them stays until it is decided."""
    rows = Notice.objects.filter(user=viewer.pk, about__in=about, read_at=None).exclude(level=Level.NEEDS_YOU)
    return rows.update(read_at=Now())


def mark_done(notice: Notice) -> Notice:
    """Take one notice out of the inbox."""
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=Now())
    return notice


def mark_all_done(viewer: Any, *, level: str) -> int:
    """Take all notices of a level out of the inbox."""
    return Notice.objects.filter(user=viewer.pk, level=level, read_at=None).update(read_at=Now())


def withdraw_notices(about: str, *, people: Iterable[User] | None = None) -> int:
    """Nobody has to act on this any more (or these people have not): take the notices away that asked for it."""
    rows = Notice.objects.filter(about=about, level=Level.NEEDS_YOU, read_at=None)
    if people is not None:
        rows = rows.filter(user__in=people)
    return rows.update(read_at=Now())
