"""Writes many events at once, in the shape of `record()`, for rows that the demo world writes in bulk.

They pass through the same table and the same trigger, so they stand in the hash chain like all others; each says in its details that the
demo world wrote it. Nobody is told about them: what listeners would do was done together with the rows.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.utils import timezone

from marketplace import origin
from marketplace.activity.actions import person_id, plain, subject_id, subject_name, subject_type
from marketplace.activity.models import Event
from marketplace.activity.verbs import VERBS
from marketplace.identifiers import canonical, new_id

MOST = 500  # events in one transaction: each is linked into the chain under a lock that all writers share


class Memory:
    """Events that are written together at the end of a transaction."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def note(self, verb: str, subject: Model, *, by: Model | None, **details: object) -> Event:
        """Keep one event for later."""
        if verb not in VERBS:
            raise KeyError(f"unknown verb {verb!r}")
        now, uid, came = timezone.now(), new_id(), origin.current().request_id
        about = {"type": subject_type(subject), "id": subject_id(subject), "name": subject_name(subject)}
        body: Mapping[str, Any] = {
            "uid": str(uid),
            "at": now.isoformat(timespec="microseconds"),
            "verb": verb,
            "actor": person_id(by),
            "subject": about,
            "request": came,
            "token": "",
            "address": "",
            "details": {key: plain(value) for key, value in details.items()} | {"written_by": "demo"},
            "texts": {},
        }
        event = Event(
            uid=uid,
            at=now,
            verb=verb,
            actor=body["actor"],
            subject_type=about["type"],
            subject_id=about["id"],
            request_id=came,
            body=canonical(body).decode(),
        )
        self.events.append(event)
        return event

    def write(self) -> list[Event]:
        """Write them all, in order."""
        if len(self.events) > MOST:
            raise ValueError(f"{len(self.events)} events are too many for one transaction; at most {MOST} are written at once.")
        written, self.events = Event.objects.bulk_create(self.events), []
        return written
