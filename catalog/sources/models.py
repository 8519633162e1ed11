"""Sources of models, what was imported from them, and the runs that did it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now

from catalog.registry.models import RegisteredModel
from catalog.sources.states import ImportState
from marketplace.identifiers import NameValidator


class Source(models.Model):
    """A catalog, spreadsheet or hub that models are taken from."""

    name = models.CharField(max_length=96, validators=[NameValidator()])
    kind = models.CharField(max_length=20)
    team = models.ForeignKey("marketplace.Team", on_delete=models.PROTECT, related_name="sources")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="one_source_per_name")]

    def __str__(self) -> str:
        return self.name


class ImportedRecord(models.Model):
    """One record of a source and the model made of it; `imported` names the fields the source may still update."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="records")
    external_id = models.CharField(max_length=300)
    model = models.OneToOneField(RegisteredModel, on_delete=models.CASCADE, related_name="imported_record")
    digest = models.CharField(max_length=64)
    imported = ArrayField(models.CharField(max_length=80), default=list)
    provenance = models.JSONField(default=dict, help_text="Where the source itself took it from")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="one_record_per_external_id_of_a_source")]

    def __str__(self) -> str:
        return f"{self.source}: {self.external_id}"


class ImportRun(models.Model):
    """One import, with what it did and what it could not read."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=8, choices=ImportState, default=ImportState.RUNNING)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    broken = models.JSONField(default=list, help_text="[{line, why}]")

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=models.Q(state__in=sorted(ImportState.values)), name="import_state_is_known")]

    def __str__(self) -> str:
        return f"Import from {self.source}"
