"""Reads of bytes as durable events, and their daily sums."""

from django.db import models
from django.db.models.functions import Now

from catalog.registry.models import ModelVersion, RegisteredModel


class UsageKind(models.TextChoices):
    """Why bytes were read."""

    USE = "use", "Use"
    WORK = "work", "Work on it"


class UsageEvent(models.Model):
    """One read of bytes that was allowed: who, team, token, version, file, bytes. Sealed into the record within a minute."""

    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=4, choices=UsageKind)
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    path = models.CharField(max_length=512)
    sha256 = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    person = models.UUIDField(help_text="Pseudonymous id")
    team = models.ForeignKey("marketplace.Team", null=True, on_delete=models.PROTECT, related_name="+")
    token = models.CharField(max_length=16, blank=True, help_text="Prefix of the token")
    use_case = models.ForeignKey("catalog.UseCase", null=True, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=12, blank=True)
    address = models.CharField(max_length=64, blank=True, help_text="Keyed hash")
    request_id = models.CharField(max_length=64, blank=True)
    seal = models.BigIntegerField(null=True, help_text="Id of the event that carries the digest of its batch")

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=models.Q(kind__in=sorted(UsageKind.values)), name="usage_kind_is_known")]
        indexes = [
            models.Index(fields=["model", "at"], name="usage_of_a_model"),
            models.Index(fields=["at"], name="usage_by_time"),
            models.Index(fields=["id"], condition=models.Q(seal=None), name="usage_to_seal"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.path}"


class DailyUse(models.Model):
    """Download sessions of a version by a team on a day: one per person, token and version in 24 hours."""

    day = models.DateField()
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="daily_use")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey("marketplace.Team", null=True, on_delete=models.PROTECT, related_name="+")
    sessions = models.PositiveIntegerField()
    bytes = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["day", "version", "team"], nulls_distinct=False, name="one_sum_per_day_version_and_team")]
        indexes = [models.Index(fields=["model", "day"], name="daily_use_of_a_model")]

    def __str__(self) -> str:
        return f"{self.day}: {self.sessions}"
