"""What happens to files once their bytes are here, and clearing what was abandoned."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from catalog.artifacts import parts, store
from catalog.artifacts.models import Blob, ModelFile, Upload
from catalog.artifacts.paths import case_clash
from catalog.artifacts.queries import abandoned_uploads, taken_paths, unused_blobs, used_bytes
from catalog.artifacts.states import UPLOAD_MOVES, UploadState
from catalog.artifacts.storage import key
from catalog.registry.models import ModelVersion
from catalog.registry.states import VersionState
from marketplace.accounts.models import Team, User
from marketplace.activity.actions import record
from marketplace.errors import Conflict, OverQuota
from marketplace.lifecycle import move, words

log = structlog.get_logger(__name__)
ORPHAN_HOURS = 24
MOST_FILES = 2_000
BATCH = 500
BEAT_SECONDS = 10.0


@transaction.atomic
def put_in_version(
    version: ModelVersion,
    path: str,
    *,
    sha256: str,
    size: int,
    by: User | None,
    place: Callable[[], None],
    upload: Upload | None = None,
) -> ModelFile:
    """Make arrived bytes a file of a draft: every rule is asked again under locks, and the bytes take their place last."""
    team = Team.objects.select_for_update(no_key=True).get(pk=version.model.team_id)
    lock_blob(sha256)
    require_draft(version)
    refuse_clash(version, path, besides=upload)
    refuse_purged(sha256)
    blob, _ = Blob.objects.get_or_create(sha256=sha256, defaults={"size": size})
    file, before = _named(version, path, blob, by)
    if upload is not None:
        move(upload, UploadState.DONE, allowed=UPLOAD_MOVES, sha256=sha256, touched_at=Now())
    require_room(team)
    record("file.added", version, by=by, path=path, size=size, sha256=sha256, replaced=before)
    place()
    return file


def require_draft(version: ModelVersion) -> None:
    """Refuse unless the version is a draft, and keep it one until this transaction ends."""
    state = ModelVersion.objects.select_for_update(no_key=True).values_list("state", flat=True).get(pk=version.pk)
    if state != VersionState.DRAFT:
        raise Conflict(f"{version} is {words(state)}; its files never change again.", hint="Add a new version and send the file there.")


def refuse_clash(version: ModelVersion, path: str, *, besides: Upload | None = None) -> None:
    """Refuse a path that some systems cannot tell from one that is there or on its way, and one more than a page can list."""
    taken = taken_paths(version, besides=besides)
    if len(taken) >= MOST_FILES and path not in taken:
        raise Conflict(
            f"{version} has {MOST_FILES:,} files; that is the most.", hint="Put small files that belong together into one.", code="too-many-files"
        )
    if other := case_clash(path, taken):
        raise Conflict(
            f"“{path}” cannot stand beside “{other}”: some systems cannot tell them apart, or one is a folder of the other.",
            hint="Choose another name, or remove the other file first.",
            code="name-clash",
        )


def refuse_purged(sha256: str) -> None:
    """Refuse bytes that were removed for good: they would come back for every version that had them."""
    if Blob.objects.filter(pk=sha256).exclude(purged_at=None).exists():
        raise Conflict(
            "These bytes were removed for good; they are not taken in again.", hint="Send other bytes, or ask governance why.", code="purged"
        )


def require_room(team: Team, *, more: int = 0) -> None:
    """Refuse what does not fit into the team's quota, with the numbers."""
    used = used_bytes(team)
    if used + more > team.quota_bytes:
        raise OverQuota(
            f"Team {team.name} uses {used} of {team.quota_bytes} bytes; {more} more do not fit."
            if more
            else f"Team {team.name} would use {used} bytes; its quota is {team.quota_bytes}.",
            hint="Remove files of drafts or cancel uploads, or ask an administrator for more.",
            used=used,
            quota=team.quota_bytes,
            asked=more,
        )


def lock_blob(sha256: str) -> None:
    """Let one transaction at a time add or clear a blob."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(sha256[:15], 16)])


def _named(version: ModelVersion, path: str, blob: Blob, by: User | None) -> tuple[ModelFile, str]:
    """Let a path of a draft stand for a blob; return the file, and the sha256 it stood for before."""
    there = ModelFile.objects.filter(version=version, path=path).first()
    if there is not None:
        before = there.blob_id if there.blob_id != blob.pk else ""
        ModelFile.objects.filter(pk=there.pk).update(blob=blob, format="", facts={}, added_by=by, added_at=Now())
        there.refresh_from_db()
        return there, before
    try:
        with transaction.atomic():
            made = ModelFile.objects.create(version=version, path=path, blob=blob, added_by=by)
    except IntegrityError as taken:
        raise Conflict(f"{version} already has “{path}”.", hint="Reload and look.") from taken
    made.refresh_from_db(fields=["added_at"])
    return made, ""


class Heartbeat:
    """Tells the database now and then that an upload is being verified, so that nobody takes it over."""

    def __init__(self, upload: Upload) -> None:
        self.upload, self.next = upload, time.monotonic() + BEAT_SECONDS

    def __call__(self) -> None:
        """Note the time, at most every ten seconds."""
        if time.monotonic() >= self.next:
            Upload.objects.filter(pk=self.upload.pk).update(touched_at=Now())
            self.next = time.monotonic() + BEAT_SECONDS


def forget_parts(upload: Upload) -> None:
    """Remove what had arrived of an upload."""
    if store.folder() is not None:
        parts.place_of(upload).unlink(missing_ok=True)
        return
    names = parts.part_names(upload)
    for start in range(0, len(names), 1000):
        store.bucket().delete_objects(Delete={"Objects": names[start : start + 1000]})


def cancel(upload: Upload, *, by: User | None) -> None:
    """End an upload and remember it; its parts go once that is committed. Must run in a transaction."""
    move(upload, UploadState.CANCELLED, allowed=UPLOAD_MOVES, touched_at=Now())
    record("upload.cancelled", upload.version, by=by, path=upload.path)
    transaction.on_commit(lambda: forget_parts(upload))


def clear_abandoned(now: datetime) -> dict[str, int]:
    """Clear uploads that nobody touched for days, temporary files of nothing, and blobs that no file stands for."""
    return {
        "uploads": _clear_uploads(now - timedelta(days=settings.UPLOAD_DAYS)),
        "temporary": _clear_temporary(now - timedelta(hours=ORPHAN_HOURS)),
        "blobs": _clear_blobs(now - timedelta(hours=ORPHAN_HOURS)),
        "bytes": _clear_bytes(now - timedelta(hours=ORPHAN_HOURS)),
    }


def _clear_uploads(before: datetime) -> int:
    count = 0
    for upload in abandoned_uploads(before)[:BATCH]:
        with suppress(Conflict), transaction.atomic():
            cancel(upload, by=None)
            count += 1
    return count


def _clear_temporary(before: datetime) -> int:
    """Remove temporary files whose process died: older than a day, and no upload under way owns them."""
    count = 0
    for found in store.incoming().iterdir():
        with suppress(FileNotFoundError):
            if found.stat().st_mtime < before.timestamp() and not _is_owned(found):
                found.unlink()
                count += 1
    return count


def _is_owned(found: Path) -> bool:
    name = found.name.removeprefix("upload-")
    return found.name.startswith("upload-") and Upload.objects.filter(pk=name, state__in=[UploadState.OPEN, UploadState.VERIFYING]).exists()


def _clear_blobs(before: datetime) -> int:
    """Remove blobs that stand for no file; whoever adds a file with the same bytes waits at the lock, or we do."""
    count = 0
    for sha256 in list(unused_blobs(before).values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            lock_blob(sha256)
            if unused_blobs(before).filter(pk=sha256).exists():
                Blob.objects.filter(pk=sha256).delete()
                default_storage.delete(key(sha256))
                count += 1
    return count


def _clear_bytes(before: datetime) -> int:
    """Remove bytes that no blob knows: their transaction never committed."""
    count = 0
    for sha256, put_at in store.kept_blobs():
        if put_at >= before:
            continue
        with transaction.atomic():
            lock_blob(sha256)
            if not Blob.objects.filter(pk=sha256).exists():
                log.warning("unknown_bytes_removed", sha256=sha256)
                default_storage.delete(key(sha256))
                count += 1
    return count
