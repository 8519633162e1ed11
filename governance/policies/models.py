"""Published policies: immutable, dated text."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Policy(models.Model):
    """One version of a policy. Never changed once published: a trigger refuses it."""

    name = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    text = models.TextField(help_text="The YAML as published")
    digest = models.CharField(max_length=64)
    effective_from = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-effective_from", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_policy_per_name_and_version"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="policy_versions_count_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"
