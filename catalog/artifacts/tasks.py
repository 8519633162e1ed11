"""The bells of the files."""

from django.utils import timezone

from catalog.artifacts import work
from marketplace.jobs import job


@job(seconds=900)
def clear_abandoned() -> None:
    """Clear abandoned uploads, temporary files and blobs."""
    work.clear_abandoned(timezone.now())
