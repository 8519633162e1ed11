"""What a page does in one step that takes several rooms."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from catalog.artifacts.actions import reuse_file
from catalog.artifacts.queries import files_of
from catalog.cards.actions import save_card, take_found_facts
from catalog.cards.facts import Facts
from catalog.cards.merging import Values
from catalog.registry.actions import add_version, change_version, register_model
from catalog.registry.models import ModelVersion, RegisteredModel
from marketplace.accounts.models import User
from marketplace.accounts.queries import team_named
from marketplace.errors import DomainError


@dataclass(frozen=True)
class Copied:
    """The new draft, and the names of files that could not come along."""

    version: ModelVersion
    left_behind: list[str]


@transaction.atomic
def start_publishing(
    *, team: str, name: str, version: str, kind: str, origin: str, summary: str, by: User
) -> tuple[RegisteredModel, ModelVersion | None]:
    """Register a model with its first draft; a hosted one has none yet, because it is described before its version exists."""
    model = register_model(team_named(team), name, by=by, kind=kind, origin=origin, summary=summary)
    return model, None if model.is_hosted else add_version(model, version, by=by, changelog="First version.")


@transaction.atomic
def describe(version: ModelVersion, values: Values, sources: Mapping[str, str], found: Facts, *, by: User, expected_revision: int) -> None:
    """Save on the card what somebody typed about a version, then note what its files say of the other fields."""
    summary = f"Publishing {version.version}"
    save_card(version.model, by=by, values=values, sources=sources, summary=summary, expected_revision=expected_revision)
    take_found_facts(version.model, {key: fact for key, fact in found.items() if key not in values}, by=by)


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
