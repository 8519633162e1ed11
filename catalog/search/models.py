"""The words of each model that search looks at."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from catalog.registry.models import RegisteredModel


class SearchDocument(models.Model):
    """One row a model: its words, weighted name, summary, card."""

    model = models.OneToOneField(RegisteredModel, primary_key=True, on_delete=models.CASCADE, related_name="search")
    words = SearchVectorField()

    class Meta:
        ordering = ["model"]
        indexes = [GinIndex(fields=["words"], name="models_by_word", fastupdate=False)]

    def __str__(self) -> str:
        return f"Words of {self.model_id}"
