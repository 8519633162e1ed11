"""How an import ended."""

from django.db.models import TextChoices


class ImportState(TextChoices):
    """Where an import stands."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
