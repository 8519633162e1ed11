"""The shapes of files and uploads in /api/v1/."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from rest_framework import serializers

from catalog.artifacts.models import ModelFile, Upload
from catalog.artifacts.queries import Copy
from marketplace.api.serializers import StrictSerializer


class UploadInput(StrictSerializer):
    """What opens an upload."""

    model = serializers.CharField(max_length=200, help_text="team/name")
    version = serializers.CharField(max_length=96)
    path = serializers.CharField(max_length=4_000, trim_whitespace=False, help_text="Name of the file within the version")
    size = serializers.IntegerField(min_value=0, max_value=2**62)
    sha256 = serializers.CharField(max_length=64, required=False, allow_null=True, allow_blank=True, default="")


class CompleteInput(StrictSerializer):
    """What completes an upload."""

    sha256 = serializers.CharField(max_length=64, required=False, allow_null=True, allow_blank=True, default="")


class CopyShape(serializers.Serializer[Any]):
    """A file elsewhere with the same bytes."""

    model = serializers.CharField()
    version = serializers.CharField()
    path = serializers.CharField()
    sha256 = serializers.CharField()


class FileShape(serializers.Serializer[Any]):
    """A file of a version."""

    path = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    format = serializers.CharField(help_text="By content; empty: not looked at yet")
    added_at = serializers.DateTimeField()
    url = serializers.CharField()


class AddedShape(FileShape):
    """A file that just arrived, with what has the same bytes."""

    duplicates = CopyShape(many=True)


class FilesShape(serializers.Serializer[Any]):
    """The files of a version."""

    results = FileShape(many=True)
    manifest_digest = serializers.CharField(allow_blank=True, help_text="Empty until the first submit")


class UploadShape(serializers.Serializer[Any]):
    """An upload and what has arrived of it."""

    id = serializers.UUIDField()
    model = serializers.CharField()
    version = serializers.CharField()
    path = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField(allow_blank=True)
    part_size = serializers.IntegerField()
    received = serializers.ListField(child=serializers.IntegerField())
    state = serializers.CharField()
    duplicates = CopyShape(many=True)


def file_shape(file: ModelFile) -> dict[str, Any]:
    """Return a file as JSON."""
    version = file.version
    return {
        "path": file.path,
        "size": file.blob.size,
        "sha256": file.blob_id,
        "format": file.format,
        "added_at": file.added_at,
        "url": f"{settings.PUBLIC_URL}/api/v1/models/{version.model}/versions/{version.version}/files/{quote(file.path)}",
    }


def added_shape(file: ModelFile, copies: list[Copy]) -> dict[str, Any]:
    """Return a file that just arrived as JSON."""
    return file_shape(file) | {"duplicates": [copy_shape(copy) for copy in copies]}


def copy_shape(copy: Copy) -> dict[str, str]:
    """Return a copy as JSON."""
    return {"model": copy.model, "version": copy.version, "path": copy.path, "sha256": copy.sha256}


def upload_shape(upload: Upload, copies: list[Copy]) -> dict[str, Any]:
    """Return an upload as JSON."""
    return {
        "id": str(upload.pk),
        "model": str(upload.version.model),
        "version": upload.version.version,
        "path": upload.path,
        "size": upload.size,
        "sha256": upload.sha256,
        "part_size": upload.part_size,
        "received": sorted(upload.received),
        "state": upload.state,
        "duplicates": [copy_shape(copy) for copy in copies],
    }
