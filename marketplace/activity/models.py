"""The record: events, their links in the hash chain, free text beside the chain, deliveries to listeners."""

from django.db import models
from django.db.models.functions import Now

from marketplace.identifiers import new_id


class Event(models.Model):
    """One thing that happened. Never changed, never deleted: the database refuses it."""

    uid = models.UUIDField(default=new_id, unique=True, editable=False)
    at = models.DateTimeField()
    verb = models.CharField(max_length=40)
    actor = models.UUIDField(null=True, help_text="Pseudonymous id of the person; empty for the system itself")
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    request_id = models.CharField(max_length=64, blank=True)
    body = models.TextField(help_text="Canonical JSON of everything above and the details: what the chain hashes")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-id"], name="events_of_a_subject"),
            models.Index(fields=["actor", "-id"], name="events_of_a_person"),
            models.Index(fields=["verb", "-id"], name="events_of_a_verb"),
        ]
        constraints = [models.CheckConstraint(condition=~models.Q(verb=""), name="event_has_a_verb")]

    def __str__(self) -> str:
        return f"Event {self.pk}: {self.verb}"


class EventLink(models.Model):
    """The place of an event in the hash chain; written by a trigger at commit, gapless."""

    seq = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="link")
    hash = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["seq"]
        constraints = [models.CheckConstraint(condition=models.Q(seq__gte=1), name="event_links_count_from_one")]

    def __str__(self) -> str:
        return f"Link {self.seq}"


class EventText(models.Model):
    """Free text of an event, kept beside the chain; the chain holds its salted digest, so that a person can be erased."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="texts")
    field = models.CharField(max_length=40)
    salt = models.BinaryField(max_length=16)
    text = models.TextField()

    class Meta:
        ordering = ["event", "field"]
        constraints = [models.UniqueConstraint(fields=["event", "field"], name="one_text_per_field_of_an_event")]

    def __str__(self) -> str:
        return f"{self.field} of event {self.event_id}"


class Delivery(models.Model):
    """One event that one listener still has to hear, or has heard."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    listener = models.CharField(max_length=200)
    delivered_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now(), help_text="Not tried again before: each failure waits longer, none is the last")
    fault = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["event", "listener"], name="one_delivery_per_listener")]
        indexes = [models.Index(fields=["id"], condition=models.Q(delivered_at=None), name="deliveries_to_make")]

    def __str__(self) -> str:
        return f"Event {self.event_id} for {self.listener}"
