"""Answers kept for a day, so that a repeated request has one effect."""

from django.db import models
from django.db.models.functions import Now


class IdempotentAnswer(models.Model):
    """The first answer to a request that came with an `Idempotency-Key`."""

    caller = models.CharField(max_length=80, help_text="token:<id> or session:<user>")
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty while the first request is still running")
    body = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    holds_secret = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="one_answer_per_caller_and_key")]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
