"""Finding the files of versions and their bytes."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.files.storage import default_storage
from django.db.models import QuerySet

from catalog.artifacts.models import Blob, ModelFile
from catalog.artifacts.storage import key
from catalog.registry.models import ModelVersion


@dataclass(frozen=True)
class ManifestEntry:
    """One line of a version's manifest."""

    path: str
    size: int
    sha256: str


def files_of(version: ModelVersion) -> QuerySet[ModelFile]:
    """The files of a version with what is known of their bytes."""
    return ModelFile.objects.filter(version=version).select_related("blob")


def manifest_of(version: ModelVersion) -> list[ManifestEntry]:
    """The manifest of a version: path, size and sha256 of each file."""
    return [ManifestEntry(file.path, file.blob.size, file.blob_id) for file in files_of(version)]


@contextmanager
def local_copy(blob: Blob) -> Iterator[Path]:
    """Give the path of the bytes on this machine; for a remote store a copy that is removed afterwards."""
    name = key(blob.sha256)
    try:
        stored_at = Path(default_storage.path(name))
    except NotImplementedError:  # a store without files of its own, such as S3
        stored_at = None
    if stored_at is not None:
        yield stored_at
    else:
        with tempfile.NamedTemporaryFile(prefix="blob-") as copy:
            with default_storage.open(name) as stored:
                shutil.copyfileobj(stored, copy, 1024 * 1024)
            copy.flush()
            yield Path(copy.name)
