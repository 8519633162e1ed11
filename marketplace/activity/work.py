"""What a worker does for the record: tell listeners what happened, once each."""

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from marketplace.activity.models import Delivery
from marketplace.activity.subscribers import listeners_after

log = structlog.get_logger(__name__)


def deliver(event_id: int) -> int:
    """Tell every listener that has not heard this event; return how many did now. A failing listener is tried again later."""
    heard = 0
    for pk in Delivery.objects.filter(event_id=event_id, delivered_at=None).values_list("pk", flat=True):
        heard += _deliver_one(pk)
    return heard


def _deliver_one(pk: int) -> bool:
    """Run one listener and mark it, both in one transaction; a row that another worker holds is left to it."""
    try:
        with transaction.atomic():
            row = Delivery.objects.select_for_update(skip_locked=True).select_related("event").filter(pk=pk, delivered_at=None).first()
            if row is None:
                return False
            if listener := listeners_after(row.event.verb).get(row.listener):
                listener(row.event)
            Delivery.objects.filter(pk=pk).update(delivered_at=timezone.now())
            return True
    except Exception as fault:
        log.exception("listener_failed", delivery=pk)
        Delivery.objects.filter(pk=pk).update(attempts=F("attempts") + 1, fault=f"{type(fault).__name__}: {fault}"[:300])
        return False
