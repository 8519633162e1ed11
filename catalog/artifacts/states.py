"""The life of an upload."""

from django.db.models import TextChoices


class UploadState(TextChoices):
    """Where an upload stands."""

    OPEN = "open", "Under way"
    VERIFYING = "verifying", "Verifying"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"


UPLOAD_MOVES: dict[str, frozenset[str]] = {
    UploadState.OPEN: frozenset({UploadState.VERIFYING, UploadState.CANCELLED}),
    UploadState.VERIFYING: frozenset({UploadState.DONE, UploadState.OPEN, UploadState.CANCELLED}),
}
