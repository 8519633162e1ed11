"""Finding files, uploads and copies, and counting what a team stores."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from catalog.artifacts import store
from catalog.artifacts.models import Blob, ModelFile, Upload
from catalog.artifacts.states import UploadState
from catalog.registry.models import ModelVersion
from catalog.registry.on_request import showing_files
from catalog.registry.queries import usable_approvals
from catalog.registry.states import VersionState
from marketplace.accounts.models import Team, User
from marketplace.errors import NotFound
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import visible

Viewer = Any
UNDER_WAY = (UploadState.OPEN, UploadState.VERIFYING)
MOST_COPIES = 20


@dataclass(frozen=True)
class ManifestEntry:
    """One line of a version's manifest."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Copy:
    """A file somewhere else that has the same bytes."""

    model: str
    version: str
    path: str
    sha256: str


def files_of(version: ModelVersion) -> QuerySet[ModelFile]:
    """The files of a version that was found for a viewer, by path."""
    return ModelFile.objects.filter(version=version).select_related("blob")


def file_named(version: ModelVersion, path: str) -> ModelFile:
    """One file of a version by its exact path; NotFound when there is none."""
    found = None if "\0" in path else files_of(version).filter(path=path).first()
    if found is None:
        raise NotFound
    return found


def manifest_of(version: ModelVersion) -> list[ManifestEntry]:
    """The lines of the manifest, sorted by the bytes of the path."""
    rows = ModelFile.objects.filter(version=version).values_list("path", "blob__size", "blob_id")
    return sorted((ManifestEntry(*row) for row in rows), key=lambda entry: entry.path.encode())


@contextmanager
def local_copy(blob: Blob) -> Iterator[Path]:
    """Give the bytes of a blob as a file: the blob itself in a folder store (never write to it), else a temporary copy."""
    with store.as_local_file(blob.sha256, blob.size) as path:
        yield path


def uploads_of(version: ModelVersion) -> QuerySet[Upload]:
    """The uploads under way into a version."""
    return Upload.objects.filter(version=version, state__in=UNDER_WAY).select_related("created_by")


def uploads_by(person: User, team: Team | None = None) -> QuerySet[Upload]:
    """The uploads under way that a person began, in one team or in all."""
    rows = Upload.objects.filter(created_by=person, state__in=UNDER_WAY, **({"version__model__team": team} if team is not None else {}))
    return rows.select_related("version__model__team")


def upload_for(viewer: Viewer, pk: UUID) -> Upload:
    """One upload that the viewer may go on with; NotFound for anybody else's."""
    rows = Upload.objects.select_related("version__model__team")
    found = visible(rows, to=viewer, need=Need.EDIT, via="version__model").filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def taken_paths(version: ModelVersion, *, besides: Upload | None = None) -> list[str]:
    """Every path of a version that is there or on its way."""
    there = ModelFile.objects.filter(version=version).values_list("path", flat=True)
    coming = uploads_of(version).exclude(pk__in=[besides.pk] if besides else []).values_list("path", flat=True)
    return [*there, *coming]


def used_bytes(team: Team) -> int:
    """How many bytes a team stores: each blob of its versions once, and what its uploads under way will need."""
    mine = ModelFile.objects.filter(version__model__team=team).values("blob")
    stored = Blob.objects.filter(pk__in=mine, purged_at=None).aggregate(total=Sum("size"))["total"] or 0
    coming = Upload.objects.filter(version__model__team=team, state__in=UNDER_WAY).aggregate(total=Sum("size"))["total"] or 0
    return stored + coming


def may_reuse(viewer: Viewer, team: Team, sha256: str, size: int) -> bool:
    """Whether the bytes need not be sent again: the team stored them itself, or the viewer may download them anyway.

    Asked for every declared sha256 and answered by the same queries, so that nobody learns what others store.
    """
    clean = ModelFile.objects.filter(blob=sha256, blob__size=size, blob__purged_at=None).exclude(
        version__state__in=[VersionState.QUARANTINED, VersionState.PURGED]
    )
    used = usable_approvals(viewer).filter(version__files__blob=sha256).values("version")
    worked_on = visible(clean, to=viewer, need=Need.WORK, via="version__model").values("pk")
    return clean.filter(Q(version__model__team=team) | Q(version__in=used) | Q(pk__in=worked_on)).exists()


def duplicates_among(viewer: Viewer, digests: Collection[str], *, besides: ModelVersion | None = None) -> list[Copy]:
    """Files with one of these sha256 that the viewer may see, newest first; a hidden one, or one on request, gives the answer of none."""
    rows = ModelFile.objects.filter(blob__in=list(digests)).exclude(version=besides.pk if besides else None)
    rows = visible(rows.select_related("version__model__team"), to=viewer, via="version__model").filter(showing_files(viewer, "version__"))
    return [Copy(str(row.version.model), row.version.version, row.path, row.blob_id) for row in rows.order_by("-pk")[:MOST_COPIES]]


def abandoned_uploads(before: Any) -> QuerySet[Upload]:
    """Uploads under way that nobody touched since."""
    return Upload.objects.filter(state__in=UNDER_WAY, touched_at__lt=before).select_related("version__model__team")


def unused_blobs(before: Any) -> QuerySet[Blob]:
    """Blobs that no file stands for any more; of removed ones the row stays, so that they are known when they come again."""
    return Blob.objects.filter(files=None, created_at__lt=before, purged_at=None)
