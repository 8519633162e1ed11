"""Card revisions: what is known about a model, who said so, and when."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from catalog.registry.models import RegisteredModel


class CardRevision(models.Model):
    """One state of a model's card. Never changed; the highest number is the present card."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="card_revisions")
    number = models.PositiveIntegerField()
    values = models.JSONField(default=dict, help_text="Field key -> value, see catalog/cards/fields.yaml")
    sources = models.JSONField(default=dict, help_text="Field key -> human, found, imported or suggested")
    found = models.JSONField(default=dict, blank=True, help_text="Field key -> {value, file}: what the files say, whatever the card says")
    unmapped = models.JSONField(default=dict, blank=True, help_text="Front matter that has no field here, kept for the way back")
    text = models.TextField(blank=True)
    html = models.TextField(blank=True, help_text="Rendered once and cleaned")
    render_note = models.CharField(max_length=200, blank=True)
    is_rendered = models.BooleanField(default=True, help_text="False: imported in bulk, rendered when first asked for")
    summary = models.CharField(max_length=280, blank=True, help_text="What was changed")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["model", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="one_card_revision_per_number"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="card_revisions_count_from_one"),
        ]

    def __str__(self) -> str:
        return f"Card of {self.model}, revision {self.number}"
