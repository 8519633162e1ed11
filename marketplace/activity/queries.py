"""Reading the record."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from django.db.models.functions import Now

from marketplace.activity.models import Delivery, Event, EventLink

BATCH = 5_000


@dataclass(frozen=True)
class ChainReport:
    """What a walk along the whole chain found; `broken_at` is the number of the first bad event."""

    events: int
    head: str
    broken_at: int | None = None
    why: str = ""

    @property
    def is_intact(self) -> bool:
        """Nothing was changed, removed, added or put in another order."""
        return self.broken_at is None


def events_about(thing: Model) -> QuerySet[Event]:
    """Everything that happened to one thing, newest first."""
    name = str(getattr(thing, "person", None) or thing.pk)
    return Event.objects.filter(subject_type=str(thing._meta.model_name), subject_id=name)


def has_happened(verb: str) -> bool:
    """Whether anything of this kind stands in the record."""
    return Event.objects.filter(verb=verb).exists()


def events_by(person: UUID) -> QuerySet[Event]:
    """Everything one person did, newest first."""
    return Event.objects.filter(actor=person)


def details_of(event: Event) -> dict[str, Any]:
    """The body of an event as a dictionary."""
    body: dict[str, Any] = json.loads(event.body)
    return body


def due() -> QuerySet[Delivery]:
    """What listeners have to hear now; one that failed is due again after a while, however often it failed."""
    return Delivery.objects.filter(delivered_at=None, next_at__lte=Now())


def undelivered(*, limit: int = 500) -> list[int]:
    """Ids of events that some listener has to hear now."""
    return list(dict.fromkeys(due().order_by("next_at", "id").values_list("event_id", flat=True)[:limit]))


def overdue() -> int:
    """How many listeners have failed and still have to hear an event: the figure to watch."""
    return Delivery.objects.filter(delivered_at=None, attempts__gt=0).count()


def walk_chain(*, since: int = 0) -> Iterator[tuple[EventLink, Event]]:
    """Yield links with their events in order, in batches: constant memory."""
    while True:
        links = list(EventLink.objects.select_related("event").filter(seq__gt=since).order_by("seq")[:BATCH])
        if not links:
            return
        for link in links:
            yield link, link.event
        since = links[-1].seq


def chain_report() -> ChainReport:
    """Recompute every hash from the bodies and compare the columns with the bodies; name the first bad event."""
    head, count = b"", 0
    for link, event in walk_chain():
        count += 1
        if link.seq != count:
            return ChainReport(count - 1, head.hex(), count, f"event {count} is missing from the chain")
        head = hashlib.sha256(head + event.body.encode()).digest()
        if head != bytes(link.hash):
            return ChainReport(count, head.hex(), count, "the body of the event does not give the recorded hash")
        if wrong := _differs(event):
            return ChainReport(count, head.hex(), count, f"the column {wrong} says something else than the body")
    loose = Event.objects.filter(link=None).order_by("pk").values_list("pk", flat=True).first()
    if loose is not None:
        return ChainReport(count, head.hex(), count + 1, f"event row {loose} is not linked into the chain")
    return ChainReport(count, head.hex())


def _differs(event: Event) -> str:
    """Name the first column that disagrees with the body, or nothing."""
    body = details_of(event)
    columns = {
        "uid": (str(event.uid), body["uid"]),
        "verb": (event.verb, body["verb"]),
        "actor": (str(event.actor) if event.actor else None, body["actor"]),
        "subject_type": (event.subject_type, body["subject"]["type"]),
        "subject_id": (event.subject_id, body["subject"]["id"]),
        "at": (event.at.isoformat(timespec="microseconds"), body["at"]),
        "request_id": (event.request_id, body["request"]),
    }
    return next((name for name, (column, told) in columns.items() if column != told), "")
