"""Writing the record: one event in the transaction of the change it tells of."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from marketplace import origin
from marketplace.activity.models import Delivery, Event, EventText
from marketplace.activity.subscribers import listeners_after, tell_within
from marketplace.activity.tasks import deliver_event
from marketplace.activity.verbs import VERBS
from marketplace.identifiers import canonical, keyed_hash, new_id

ANNOUNCED_AT_ONCE = 100  # more events of one step than this wait for the sweeper instead of a message each


def record(
    verb: str,
    subject: Model,
    *,
    by: Model | None,
    texts: Mapping[str, str] | None = None,
    on_behalf_of: Model | None = None,
    **details: object,
) -> Event:
    """Remember that `by` (None: the system itself) did `verb` to `subject`; `texts` are what people wrote.

    Must run inside a transaction; raises KeyError for an unknown verb, so that nothing goes unrecorded.
    """
    salted = {field: (os.urandom(16), text) for field, text in (texts or {}).items() if text}
    event = _event(verb, subject, by=by, details=details, salted=salted, on_behalf_of=on_behalf_of)
    event.save(force_insert=True)
    if salted:
        EventText.objects.bulk_create(EventText(event=event, field=f, salt=s, text=t) for f, (s, t) in salted.items())
    announce(event)
    return event


@dataclass(frozen=True)
class Happened:
    """One of many things that happened at once."""

    verb: str
    subject: Model
    details: Mapping[str, object]


def record_many(happened: Sequence[Happened], *, by: Model | None) -> None:
    """Remember many things that one step did, in a fixed number of statements; whoever listens after the commit hears by the sweeper."""
    events = Event.objects.bulk_create([_event(one.verb, one.subject, by=by, details=one.details) for one in happened], batch_size=2000)
    for verb in dict.fromkeys(event.verb for event in events):
        tell_within(verb, [event for event in events if event.verb == verb])
    if len(events) <= ANNOUNCED_AT_ONCE:
        for event in events:
            announce_after(event)
    else:
        Delivery.objects.bulk_create(
            (Delivery(event=event, listener=name) for event in events for name in listeners_after(event.verb)), batch_size=2000
        )


def _event(
    verb: str,
    subject: Model,
    *,
    by: Model | None,
    details: Mapping[str, object],
    salted: Mapping[str, tuple[bytes, str]] = MappingProxyType({}),
    on_behalf_of: Model | None = None,
) -> Event:
    """An event that is not written yet."""
    if verb not in VERBS:
        raise KeyError(f"unknown verb {verb!r}; add it to marketplace/activity/verbs.py")
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("record() belongs into the transaction of the change it tells of")
    came, now, uid = origin.current(), timezone.now(), new_id()
    body: dict[str, Any] = {
        "uid": str(uid),
        "at": now.isoformat(timespec="microseconds"),
        "verb": verb,
        "actor": person_id(by),
        "subject": {"type": subject_type(subject), "id": subject_id(subject), "name": subject_name(subject)},
        "request": came.request_id,
        "token": came.token,
        "address": keyed_hash(came.address, purpose="address") if came.address else "",
        "details": {key: plain(value) for key, value in details.items()},
        "texts": {field: salted_digest(salt, text) for field, (salt, text) in salted.items()},
    }
    if on_behalf_of is not None:
        body["on_behalf_of"] = person_id(on_behalf_of)
    return Event(
        uid=uid,
        at=now,
        verb=verb,
        actor=body["actor"],
        subject_type=body["subject"]["type"],
        subject_id=body["subject"]["id"],
        request_id=came.request_id,
        body=canonical(body).decode(),
    )


def announce(event: Event) -> None:
    """Tell the listeners: some at once inside the transaction, the others after the commit."""
    tell_within(event.verb, [event])
    announce_after(event)


def announce_after(event: Event) -> None:
    """Tell those who listen after the commit."""
    if after := listeners_after(event.verb):
        Delivery.objects.bulk_create(Delivery(event=event, listener=name) for name in after)
        deliver_event.delay_on_commit(event.pk)


def salted_digest(salt: bytes, text: str) -> str:
    """Return what the chain keeps of free text: sha256 over salt and text."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def person_id(person: Model | None) -> str | None:
    """Return the pseudonymous id under which a person stands in the record."""
    return str(person.person) if person is not None else None  # type: ignore[attr-defined]


def subject_type(subject: Model) -> str:
    """Return the kind of thing, in the words of the code: `modelversion`, `review` …"""
    return str(subject._meta.model_name)


def subject_id(subject: Model) -> str:
    """Return the id of the thing; people by pseudonym."""
    return str(getattr(subject, "person", None) or subject.pk)


def subject_name(subject: Model) -> str:
    """Return the readable name of the thing at that moment; nothing for people, who may be erased."""
    return "" if hasattr(subject, "person") else str(subject)[:200]


def plain(value: Any) -> Any:
    """Turn a detail into JSON: people into pseudonyms, rows into ids, times into ISO text."""
    if isinstance(value, Model):
        return person_id(value) if hasattr(value, "person") else f"{subject_type(value)}:{subject_id(value)}"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [plain(v) for v in value]
        return sorted(items, key=str) if isinstance(value, (set, frozenset)) else items
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)


def forget_texts(events: Any) -> int:
    """Erase the free text of these events; their digests stay, so the chain still verifies."""
    return int(EventText.objects.filter(event__in=events).delete()[0])
