"""Files of versions, the blobs behind them, and uploads under way."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now

from catalog.artifacts.states import UploadState
from catalog.registry.models import ModelVersion
from marketplace.identifiers import new_id


class Blob(models.Model):
    """Bytes, stored once under their sha256."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now())
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["sha256"]
        constraints = [
            models.CheckConstraint(condition=models.Q(size__gte=0), name="blob_size_is_not_negative"),
            models.CheckConstraint(condition=models.Q(sha256__regex="^[0-9a-f]{64}$"), name="blob_is_named_by_its_sha256"),
        ]

    def __str__(self) -> str:
        return f"sha256:{self.sha256[:12]}"


class ModelFile(models.Model):
    """A name in a version that stands for bytes. The name is metadata only, never a path on disk."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=512)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="files")
    format = models.CharField(max_length=20, blank=True, help_text="By content; empty: not looked at yet")
    facts = models.JSONField(default=dict, blank=True, help_text="What was found in it, e.g. parameters and dtypes")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint("version", Lower("path"), name="one_file_per_path_of_a_version")]
        indexes = [models.Index(fields=["blob"], name="files_of_a_blob")]

    def __str__(self) -> str:
        return f"{self.version} {self.path}"


class Upload(models.Model):
    """A file that arrives in parts; the row is the truth of what has arrived."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="uploads")
    path = models.CharField(max_length=512)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True, help_text="Declared by the sender; checked when all is here")
    part_size = models.PositiveIntegerField()
    received = ArrayField(models.PositiveIntegerField(), default=list)
    state = models.CharField(max_length=10, choices=UploadState, default=UploadState.OPEN)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    touched_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=sorted(UploadState.values)), name="upload_state_is_known"),
            models.CheckConstraint(condition=models.Q(size__gt=0), name="upload_is_not_empty"),
            models.UniqueConstraint("version", Lower("path"), condition=models.Q(state__in=["open", "verifying"]), name="one_open_upload_per_path"),
        ]

    def __str__(self) -> str:
        return f"Upload of {self.path}"

    @property
    def parts(self) -> int:
        """How many parts it has."""
        return -(-self.size // self.part_size)
