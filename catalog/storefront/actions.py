"""What a page does in one step that takes several rooms."""

from dataclasses import dataclass

from django.db import transaction

from catalog.artifacts.actions import reuse_file
from catalog.artifacts.queries import files_of
from catalog.registry.actions import add_version, change_version
from catalog.registry.models import ModelVersion
from marketplace.accounts.models import User
from marketplace.errors import DomainError


@dataclass(frozen=True)
class Copied:
    """The new draft, and the names of files that could not come along."""

    version: ModelVersion
    left_behind: list[str]


@transaction.atomic
def copy_version(version: ModelVersion, to: str, *, by: User) -> Copied:
    """Start a new draft from a version: what is asked for, answers, and files whose bytes may be used again without sending them."""
    descriptor = dict(version.descriptor) if version.descriptor else None
    draft = add_version(version.model, to, by=by, changelog=version.changelog, descriptor=descriptor, upstream_commit=version.upstream_commit)
    change_version(
        draft, by=by, use_case=version.use_case, environment=version.environment, data_class=version.data_class, answers=version.answers or None
    )
    left = []
    # In the order of their bytes, as each stays locked to the end: two copies of the same files wait for each other and never cross.
    for file in files_of(version).order_by("blob", "path"):
        try:
            reuse_file(draft, file, by=by)
        except DomainError:
            left.append(file.path)
    return Copied(draft, sorted(left))
