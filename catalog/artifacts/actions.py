"""What people do to files of a draft: send them whole or in parts, and take them away."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from math import ceil
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Func, Value
from django.db.models.functions import Now

from catalog.artifacts import parts, store, work
from catalog.artifacts.digests import check_sha256, mismatch
from catalog.artifacts.gate import Pass
from catalog.artifacts.models import ModelFile, Upload
from catalog.artifacts.paths import check_path
from catalog.artifacts.queries import file_named, may_reuse, uploads_of
from catalog.artifacts.states import UPLOAD_MOVES, UploadState
from catalog.artifacts.store import Readable
from catalog.registry.models import ModelVersion
from catalog.registry.permissions import require_editor
from catalog.registry.states import VersionState
from catalog.usage.actions import record_read
from marketplace.accounts.models import Team, User
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid, Unavailable
from marketplace.lifecycle import move, words

ROOM_CHECK_BYTES = 64 * 1024**2
MOST_PARTS = 10_000
LEASE_SECONDS = 120


def add_file(version: ModelVersion, path: str, stream: Readable, *, by: User | None, length: int, sha256: str | None = None) -> ModelFile:
    """Take in one file of a draft from a stream; nothing is visible until all of it is here, hashed and durable.

    Sending other bytes under the same path replaces the file.
    """
    expected = check_sha256(sha256)
    check_addition(version, path, by=by, size=length)
    room_left = partial(_still_room, version)
    with store.arriving() as temporary:
        found = store.receive(stream, temporary, length=length, watch=room_left)
        if expected and found != expected:
            raise mismatch(expected, found)
        work.refuse_purged(found)
        store.secure(temporary, found)
        place = partial(store.settle, Path(temporary.name), found, length)
        return work.put_in_version(version, path, sha256=found, size=length, by=by, place=place)


def check_addition(version: ModelVersion, path: str, *, by: User | None, size: int) -> None:
    """Refuse before any byte is read what can be refused: rights, state, name, size, room."""
    if by is not None:
        require_editor(by, version.model)
    if version.model.is_hosted:
        raise Conflict(f"{version.model} is hosted by a vendor; it has no files here.", hint="Describe the service instead.")
    if version.state != VersionState.DRAFT:
        raise Conflict(f"{version} is {words(version.state)}; its files never change again.", hint="Add a new version and send the file there.")
    try:
        check_path(path)
    except ValueError as wrong:
        raise Invalid(f"This cannot be the name of a file. {wrong}", fields={"path": [str(wrong)]}) from wrong
    if size <= 0:
        raise Invalid(f"“{path}” is empty.", fields={"size": ["A file needs at least one byte; leave empty files out."]})
    work.refuse_clash(version, path, besides=_mine(version, path))
    work.require_room(version.model.team, more=size)


def _mine(version: ModelVersion, path: str) -> Upload | None:
    return uploads_of(version).filter(path=path).first()


def _still_room(version: ModelVersion, arrived: int) -> None:
    """Ask again while reading, because others send too."""
    if arrived % ROOM_CHECK_BYTES == 0:
        work.require_room(version.model.team, more=arrived)


@transaction.atomic
def remove_file(version: ModelVersion, path: str, *, by: User) -> None:
    """Take a file out of a draft."""
    require_editor(by, version.model)
    work.require_draft(version)
    file = file_named(version, path)
    record("file.removed", version, by=by, path=file.path, sha256=file.blob_id)
    file.delete()


def start_upload(version: ModelVersion, path: str, *, by: User, size: int, sha256: str = "") -> tuple[Upload, bool]:
    """Open an upload in parts, or find the one under way for the same version, path and size; also say whether it is new.

    Bytes that the team stored itself, or that the person may download anyway, need not be sent again: the upload is done at once.
    """
    declared = check_sha256(sha256)
    require_editor(by, version.model)
    if (there := _resumable(version, path, by=by, size=size, sha256=declared)) is not None:
        return there, False
    check_addition(version, path, by=by, size=size)
    work.refuse_purged(declared)
    reusable = may_reuse(by, version.model.team, declared, size) and store.holds(declared, size) if declared else False
    upload = _open(version, path, by=by, size=size, sha256=declared)
    if reusable:
        place = partial(store.settle, parts.place_of(upload), declared, size)
        with transaction.atomic():
            move(upload, UploadState.VERIFYING, allowed=UPLOAD_MOVES)
            work.put_in_version(version, path, sha256=declared, size=size, by=by, place=place, upload=upload)
    else:
        parts.prepare(upload)
    return upload, True


def reuse_file(version: ModelVersion, file: ModelFile, *, by: User) -> ModelFile:
    """Let a file of another version stand in a draft too, without sending its bytes; refuse what the person could not have sent."""
    require_editor(by, version.model)
    sha256, size = file.blob_id, file.blob.size
    if not (may_reuse(by, version.model.team, sha256, size) and store.holds(sha256, size)):
        raise Conflict(f"The bytes of “{file.path}” cannot be used again.", hint="Send the file again.")
    return work.put_in_version(version, file.path, sha256=sha256, size=size, by=by, place=partial(_still_holds, sha256, size))


def _still_holds(sha256: str, size: int) -> None:
    if not store.holds(sha256, size):
        raise Unavailable("The store does not have these bytes whole right now.", hint="Send the file again.")


def _resumable(version: ModelVersion, path: str, *, by: User, size: int, sha256: str) -> Upload | None:
    """Return the upload to go on with; one that does not fit what is asked now is given up by whoever started it."""
    there = _mine(version, path)
    if there is None:
        return None
    if there.state == UploadState.VERIFYING:
        _take_over(there)
    if there.size == size and (not sha256 or not there.sha256 or there.sha256 == sha256):
        return there
    if there.created_by_id != by.pk:
        raise Conflict(f"{there.created_by} is uploading another file as “{path}”.", hint="Choose another name, or ask them to cancel.")
    with transaction.atomic():
        work.cancel(there, by=by)
    return None


@transaction.atomic
def _open(version: ModelVersion, path: str, *, by: User, size: int, sha256: str) -> Upload:
    """Write the row of a new upload; the team's row is held so that two uploads cannot both take the last room."""
    team = Team.objects.select_for_update(no_key=True).get(pk=version.model.team_id)
    work.require_draft(version)
    work.refuse_clash(version, path)
    work.require_room(team, more=size)
    part_size = max(settings.UPLOAD_PART_BYTES, ceil(size / MOST_PARTS))
    upload = Upload.objects.create(version=version, path=path, size=size, sha256=sha256, part_size=part_size, created_by=by)
    record("upload.started", version, by=by, path=path, size=size)
    return upload


def put_part(upload: Upload, number: int, stream: Readable, *, by: User, length: int) -> Upload:
    """Take in one part; sending it again replaces it, and parts that arrive at once never lose each other."""
    require_editor(by, upload.version.model)
    if not 0 <= number < upload.parts:
        raise Invalid("There is no such part.", fields={"part": [f"Use a number from 0 to {upload.parts - 1}."]})
    if length != (wanted := parts.length_of(upload, number)):
        raise Invalid(f"Part {number} has {length} bytes.", fields={"size": [f"Part {number} of this upload has exactly {wanted} bytes."]})
    if not _is_open(upload):
        raise Conflict(f"This upload is {words(upload.state)}; it takes no more parts.", hint="Look at its state.")
    # While it is sent again it does not count as here, so that a connection that breaks now leaves no mixture behind.
    _note(upload, "array_remove", number)
    parts.write(upload, number, stream, still_open=partial(_is_open, upload))
    if not _note(upload, "array_append", number):
        upload.refresh_from_db()
        if number not in upload.received:
            raise Conflict(f"This upload is {words(upload.state)}; it takes no more parts.", hint="Look at its state.")
    upload.refresh_from_db()
    return upload


def _is_open(upload: Upload) -> bool:
    return Upload.objects.filter(pk=upload.pk, state=UploadState.OPEN).exists()


def _note(upload: Upload, function: str, number: int) -> int:
    """Change the list of received parts in the database itself; return how many rows it concerned."""
    rows = Upload.objects.filter(pk=upload.pk, state=UploadState.OPEN)
    rows = rows.exclude(received__contains=[number]) if function == "array_append" else rows.filter(received__contains=[number])
    return rows.update(received=Func(F("received"), Value(number), function=function), touched_at=Now())


def complete_upload(upload: Upload, *, by: User, sha256: str = "") -> ModelFile:
    """Hash all that arrived; when it is what was declared it becomes a file of the draft, else the parts stay for sending some again."""
    require_editor(by, upload.version.model)
    expected = _expected(upload, check_sha256(sha256))
    if upload.state == UploadState.DONE:
        return _done_before(upload, expected)
    _claim(upload)
    try:
        return _verify(upload, expected, by=by)
    except Exception:
        _reopen(upload)
        raise


def _reopen(upload: Upload) -> None:
    """Let the sender mend what was wrong: the parts are still here."""
    upload.refresh_from_db()
    with suppress(Conflict):
        move(upload, UploadState.OPEN, allowed=UPLOAD_MOVES, touched_at=Now())


def _expected(upload: Upload, declared: str) -> str:
    if declared and upload.sha256 and declared != upload.sha256:
        raise mismatch(upload.sha256, declared)
    if not (declared or upload.sha256):
        raise Invalid("The upload cannot be verified.", fields={"sha256": ["Declare the sha256 of the whole file."]})
    return declared or upload.sha256


def _done_before(upload: Upload, expected: str) -> ModelFile:
    """Answer a repeated request like the first time."""
    file = file_named(upload.version, upload.path)
    if file.blob_id != expected:
        raise mismatch(expected, file.blob_id)
    return file


def _claim(upload: Upload) -> None:
    """Be the only one who verifies: from open, or from somebody whose process died."""
    if upload.state == UploadState.VERIFYING:
        _take_over(upload)
    if upload.state == UploadState.OPEN and (missing := sorted(set(range(upload.parts)) - set(upload.received))):
        raise Conflict(
            f"{len(missing)} of {upload.parts} parts have not arrived.", hint="Send them, then complete the upload.", missing=missing[:100]
        )
    move(upload, UploadState.VERIFYING, allowed=UPLOAD_MOVES, touched_at=Now())


def _take_over(upload: Upload) -> None:
    """Reopen an upload whose verification stopped; while it goes on, say so."""
    stale = Now() - timedelta(seconds=LEASE_SECONDS)
    if not Upload.objects.filter(pk=upload.pk, state=UploadState.VERIFYING, touched_at__lt=stale).exists():
        raise Unavailable("This upload is being verified.", hint="Ask again in a moment.")
    move(upload, UploadState.OPEN, allowed=UPLOAD_MOVES, touched_at=Now())


def _verify(upload: Upload, expected: str, *, by: User) -> ModelFile:
    with parts.alone_with(upload) as file, store.disk_in_words():
        found = parts.digest_of(upload, file, beat=work.Heartbeat(upload))
        if found != expected:
            raise mismatch(expected, found)
        work.refuse_purged(found)
        parts.secure(upload, file, found)
        place = partial(store.settle, parts.place_of(upload), found, upload.size)
        made = work.put_in_version(upload.version, upload.path, sha256=found, size=upload.size, by=by, place=place, upload=upload)
    work.forget_parts(upload)
    return made


@transaction.atomic
def cancel_upload(upload: Upload, *, by: User) -> Upload:
    """Give an upload up; what had arrived is removed."""
    require_editor(by, upload.version.model)
    work.cancel(upload, by=by)
    return upload


@transaction.atomic
def note_read(leave: Pass, *, size: int) -> None:
    """Note who reads bytes, before the first one leaves; a look into quarantine stands in the record by itself as well."""
    record_read(
        leave.version,
        leave.file.path,
        by=leave.caller,
        sha256=leave.blob.sha256,
        size=size,
        kind=leave.kind,
        team=leave.team,
        use_case=leave.grant.use_case if leave.grant else None,
        environment=leave.environment,
        token=leave.token.prefix if leave.token else "",
    )
    if leave.purpose:
        record("bytes.read", leave.version, by=leave.caller, path=leave.file.path, sha256=leave.blob.sha256, size=size, purpose=leave.purpose)
