"""Making approvals void when what was approved is no longer what the card says."""

from itertools import groupby

from django.db import transaction

from catalog.registry.actions import move_version, void_approvals
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
    lost = []
    for version, approvals in groupby(approvals_to_keep_true(model), key=lambda approval: approval.version):
        about = {approval.pk: cards_about(version, approval.card_revision) for approval in approvals}
        moved = {pk: titles for pk, cards in about.items() if (titles := material_moves(version, *cards, tier=version.tier))}
        if moved:
            _void(version, moved)
            lost.append(version)
    return lost


def _void(version: ModelVersion, moved: dict[int, list[str]]) -> None:
    """Void the approvals, and show a version that has none left as no longer approved."""
    titles = list(dict.fromkeys(title for each in moved.values() for title in each))
    named = ", ".join(titles[:MOST_TITLES]) + (f" and {len(titles) - MOST_TITLES} more" if len(titles) > MOST_TITLES else "")
    void_approvals(version, reason=f"The card changed: {named}", by=None, only=moved)
    if version.state == VersionState.APPROVED and not approvals_in_force().filter(version=version).exists():
        note = f"Its approval is void: the card changed ({named})."
        move_version(version, VersionState.EXPIRED, verb="version.expired", by=None, note=note)
