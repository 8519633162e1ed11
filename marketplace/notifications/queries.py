"""Reading notices: the inbox of a person, and what still has to be mailed."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from marketplace.accounts.models import Kind, User
from marketplace.errors import NotFound
from marketplace.notifications.models import Level, Notice

# A mail that could not be sent for this long is given up; the notice stays in the inbox.
MAIL_DAYS = 7


def inbox_of(viewer: Any, *, level: str = "", done: bool = False) -> QuerySet[Notice]:
    """The notices of one person, newest first: those not done yet, or those that are."""
    rows = Notice.objects.filter(user=viewer.pk, read_at__isnull=not done)
    return rows.filter(level=level) if level in Level.values else rows


def unread(viewer: Any) -> int:
    """How many notices somebody has not seen yet."""
    return inbox_of(viewer).count()


def unread_by_level(viewer: Any) -> dict[str, int]:
    """How many unread notices there are of each level."""
    counted = inbox_of(viewer).order_by().values_list("level").annotate(n=Count("pk"))
    return {level: 0 for level in Level.values} | dict(counted)


def notice_of(viewer: Any, number: int) -> Notice:
    """One notice of this person; NotFound for those of others."""
    found = Notice.objects.filter(user=viewer.pk, pk=number).first()
    if found is None:
        raise NotFound
    return found


def reachable() -> Q:
    """Notices of people who can get a mail."""
    return Q(user__is_active=True, user__kind=Kind.PERSON) & ~Q(user__email="")


def to_mail_now(limit: int = 200) -> list[int]:
    """People with urgent notices that are not mailed yet."""
    since = timezone.now() - timedelta(days=MAIL_DAYS)
    rows = Notice.objects.filter(reachable(), urgent=True, mailed_at=None, updated_at__gt=since)
    return list(rows.order_by("user").values_list("user", flat=True).distinct()[:limit])


def to_mail_daily() -> QuerySet[User, int]:
    """People who want the digest and have something new in it."""
    waiting = Notice.objects.filter(reachable(), read_at=None, mailed_at=None, user__mails_digest=True)
    return User.objects.filter(pk__in=waiting.values("user")).order_by("pk").values_list("pk", flat=True)
