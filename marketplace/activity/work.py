"""What a worker does for the record: tell listeners what happened, once each."""

from collections.abc import Iterator
from datetime import timedelta

import structlog
from django.db import DatabaseError, transaction
from django.db.models import F
from django.db.models.functions import Least, Now
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from marketplace.activity.models import Delivery
from marketplace.activity.queries import due, overdue
from marketplace.activity.subscribers import listeners_after

log = structlog.get_logger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)
MOST_ATTEMPTS = 32_000  # what the column holds; counting stops there, trying does not


def deliver(event_id: int) -> int:
    """Tell every listener that has not heard this event; return how many did now. A failing listener is tried again later."""
    heard = 0
    for pk, failed in due().filter(event_id=event_id).values_list("pk", "attempts"):
        heard += _deliver_one(pk, failed)
    return heard


def pause_after(failures: int) -> timedelta:
    """Return how long a listener is left alone after so many failures: twice as long each time, up to an hour."""
    return min(FIRST_PAUSE * (1 << min(failures - 1, 20)), LONGEST_PAUSE)


def _deliver_one(pk: int, failed: int) -> bool:
    """Run one listener and mark it, both in one transaction; a row that another worker holds is left to it."""
    try:
        with transaction.atomic():
            # The delivery alone: two listeners of one event do not wait for each other.
            row = (
                Delivery.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
                .select_related("event")
                .filter(pk=pk, delivered_at=None)
                .first()
            )
            if row is None:
                return False
            if listener := listeners_after(row.event.verb).get(row.listener):
                listener(row.event)
            Delivery.objects.filter(pk=pk).update(delivered_at=timezone.now())
            return True
    except Exception as fault:
        log.exception("listener_failed", delivery=pk)
        told = {"fault": f"{type(fault).__name__}: {fault}"[:300], "next_at": Now() + pause_after(failed + 1)}
        Delivery.objects.filter(pk=pk).update(attempts=Least(F("attempts") + 1, MOST_ATTEMPTS), **told)
        return False


class Overdue(Collector):
    """The figure `marketplace_deliveries_overdue`: anything above zero for long means that a listener keeps failing."""

    def describe(self) -> list[GaugeMetricFamily]:
        """Name the figure without asking the database."""
        return [GaugeMetricFamily("marketplace_deliveries_overdue", "Events that a listener failed on and still has to hear")]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Count at the moment somebody asks; without a database there is no figure."""
        figure = self.describe()[0]
        try:
            figure.add_metric([], overdue())
        except DatabaseError:
            return
        yield figure


REGISTRY.register(Overdue())
