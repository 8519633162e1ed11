"""What a worker does for access: remind of decisions that are late, ask whether access is still needed, end what nobody answers for."""

import math
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from catalog.registry.actions import ask_to_confirm, end_grant
from catalog.registry.models import AccessGrant
from governance.access.models import AccessPart
from governance.access.notices import CONFIRMATION_DAYS, answerable_for, ask_whether_needed, settle_confirmation
from governance.access.permissions import deciders_of, step_of
from governance.access.queries import grants_asked, grants_to_confirm, overdue_parts
from governance.access.sentences import lapsed, overdue, request_path
from governance.access.states import ANSWER_DAYS
from governance.access.wishes import day_of
from marketplace.errors import Conflict
from marketplace.notifications.actions import notify
from marketplace.notifications.models import Level

BATCH = 500


def remind_of_overdue(now: datetime | None = None) -> int:
    """Remind those who can decide of every part that is late, once a day however often this is called."""
    now = now or timezone.now()
    return sum(_remind(part, now) for part in overdue_parts(now).iterator(BATCH))


@transaction.atomic
def _remind(part: AccessPart, now: datetime) -> int:
    about = f"access-late:{part.pk}:{day_of(now):%Y%m%d}"
    return notify(
        deciders_of(part, step_of(part)),
        level=Level.AFFECTS_YOU,
        verb="access.asked",
        about=about,
        text=overdue(part),
        url=request_path(part.request),
        urgent=True,
        once=True,
    )


def watch_over_use(now: datetime | None = None) -> tuple[int, int]:
    """Ask holders whose review period has passed, warn those who have not answered, end what nobody answered for; return asked and ended."""
    now = now or timezone.now()
    asked = sum(_ask(grant, now) for grant in list(grants_to_confirm(now)[:BATCH]))
    ended = sum(_warn_or_end(grant, now) for grant in grants_asked().iterator(BATCH))
    return asked, ended


@transaction.atomic
def _ask(grant: AccessGrant, now: datetime) -> bool:
    """Ask the holder of one grant, and give two weeks to answer."""
    answer_by = now + timedelta(days=ANSWER_DAYS)
    return ask_to_confirm(grant, answer_by=answer_by)


@transaction.atomic
def _warn_or_end(grant: AccessGrant, now: datetime) -> bool:
    """Tell the holder at each threshold once; end the grant when the time to answer is over."""
    answer_by = grant.confirm_by
    if answer_by is None:
        return False
    if answer_by > now:
        left = max(1, math.ceil((answer_by - now) / timedelta(days=1)))
        ask_whether_needed(grant, answer_by, min(days for days in CONFIRMATION_DAYS if left <= days or days == max(CONFIRMATION_DAYS)))
        return False
    # What was answered a moment ago is not ended: the row is read again, and held.
    fresh = AccessGrant.objects.select_for_update(of=("self",)).select_related("thing__team", "team__group", "user", "use_case")
    current = fresh.filter(pk=grant.pk, ended_at=None, confirm_by=answer_by).first()
    if current is None:
        return False
    try:
        end_grant(current, by=None, reason="nobody said that it is still needed")
    except Conflict:  # it ended in the meantime
        return False
    settle_confirmation(current, answer_by)
    notify(
        answerable_for(current),
        level=Level.AFFECTS_YOU,
        verb="grant.ended",
        about=f"lapsed:{current.pk}",
        text=lapsed(current),
        url=f"/m/{current.thing}/access/new",
        urgent=True,
        once=True,
    )
    return True
