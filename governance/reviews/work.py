"""What a worker does for reviews: warn of what is about to end."""

import math
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from catalog.registry.models import Approval
from catalog.registry.queries import approvals_in_force
from catalog.storefront.publish_steps import version_path
from governance.reviews.notices import holders_of_grants, responsible_for
from governance.reviews.sentences import ends_soon
from marketplace.notifications.actions import notify
from marketplace.notifications.models import Level

# Days before its end at which people are told about an approval, each once.
WARNING_DAYS = (1, 7, 14, 30)


def warn_of_ends(now: datetime | None = None) -> int:
    """Tell owners and users of approvals that end in 30, 14, 7 and 1 days, each threshold once, also when a day was missed."""
    now, told = now or timezone.now(), 0
    soon = approvals_in_force().filter(valid_until__lte=now + timedelta(days=max(WARNING_DAYS)), valid_until__gt=Now())
    for approval in soon.select_related("version__model__team", "version__submitted_by", "use_case").order_by("pk").iterator(500):
        left = (approval.valid_until - now) / timedelta(days=1)
        threshold = min(days for days in WARNING_DAYS if left <= days)
        told += _warn(approval, threshold, days=max(1, math.ceil(left)))
    return told


@transaction.atomic
def _warn(approval: Approval, threshold: int, *, days: int) -> int:
    """Tell the people of one approval."""
    common: dict[str, Any] = {
        "verb": "version.expired",
        "about": f"approval:{approval.pk}:{threshold}",
        "text": ends_soon(approval, days),
        "url": version_path(approval.version),
        "once": True,
    }
    answerable = responsible_for(approval.version)
    users = holders_of_grants(approval.version.model, use_case=approval.use_case_id).exclude(pk__in=[p.pk for p in answerable])
    return notify(answerable, level=Level.NEEDS_YOU, **common) + notify(users, level=Level.AFFECTS_YOU, **common)
