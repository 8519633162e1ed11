"""Making approvals void when what was approved is no longer what the card says."""

from itertools import groupby

from django.db import transaction

from catalog.registry.actions import lock_version, move_version, void_approvals
from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.queries import approvals_in_force
from catalog.registry.states import VersionState
from governance.reviews.queries import approvals_to_keep_true, cards_about, material_moves

MOST_TITLES = 5


@transaction.atomic
def void_what_changed(model: RegisteredModel) -> list[ModelVersion]:
    """Void each approval whose card moved in a material field since it was given; return the versions that lost one.

    Rung twice it does nothing new.
    """
    lost: dict[int, dict[int, list[str]]] = {}
    for version, approvals in groupby(approvals_to_keep_true(model), key=lambda approval: approval.version):
        about = {approval.pk: cards_about(version, approval.card_revision) for approval in approvals}
        moved = {pk: titles for pk, cards in about.items() if (titles := material_moves(version, *cards, tier=version.tier))}
        if moved:
            lost[version.pk] = moved
    # All versions before the first move, which locks the model.
    versions = [lock_version(pk) for pk in lost]
    for version in versions:
        moved = lost[version.pk]
        titles = list(dict.fromkeys(title for each in moved.values() for title in each))
        named = ", ".join(titles[:MOST_TITLES]) + (f" and {len(titles) - MOST_TITLES} more" if len(titles) > MOST_TITLES else "")
        void_and_show(version, f"The card changed: {named}", only=list(moved))
    return versions


def void_and_show(version: ModelVersion, reason: str, *, only: list[int]) -> None:
    """Void approvals of a version that is held, and show it as no longer approved when none is left."""
    void_approvals(version, reason=reason, by=None, only=only)
    if version.state == VersionState.APPROVED and not approvals_in_force().filter(version=version).exists():
        note = f"Its approval is void. {reason}."
        move_version(version, VersionState.EXPIRED, verb="version.expired", by=None, note=note)
