"""What a page does in one step that takes several rooms."""

from dataclasses import dataclass

from catalog.artifacts.actions import cancel_upload, start_upload
from catalog.artifacts.queries import files_of
from catalog.artifacts.states import UploadState
from catalog.registry.actions import add_version, change_version
from catalog.registry.models import ModelVersion
from marketplace.accounts.models import User


@dataclass(frozen=True)
class Copied:
    """The new draft, and the names of files that could not come along."""

    version: ModelVersion
    left_behind: list[str]


def copy_version(version: ModelVersion, to: str, *, by: User) -> Copied:
    """Start a new draft from a version: what is asked for, answers, and files whose bytes may be used again without sending them."""
    descriptor = dict(version.descriptor) if version.descriptor else None
    draft = add_version(version.model, to, by=by, changelog=version.changelog, descriptor=descriptor, upstream_commit=version.upstream_commit)
    change_version(
        draft, by=by, use_case=version.use_case, environment=version.environment, data_class=version.data_class, answers=version.answers or None
    )
    left = []
    for file in files_of(version):
        upload, _ = start_upload(draft, file.path, by=by, size=file.blob.size, sha256=file.blob_id)
        upload.refresh_from_db()
        if upload.state != UploadState.DONE:
            cancel_upload(upload, by=by)
            left.append(file.path)
    return Copied(draft, left)
