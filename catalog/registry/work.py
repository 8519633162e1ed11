"""Moving versions through their life, for people and for the clock; and what a worker does: end what is past its end.

**One order of locks, everywhere: the version, then its review, then the model.** Whoever changes a version takes `lock_version` before
anything else; a model is locked last, by `settle_model` or when its rights change. So no two transactions wait for each other.
"""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from catalog.registry.models import PROJECTED_RIGHTS, AccessGrant, ModelVersion, RegisteredModel
from catalog.registry.queries import approvals_in_force, ended_approvals, ended_grants
from catalog.registry.states import MOVES, ModelState, VersionState
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.lifecycle import move
from marketplace.permissions.actions import withdraw
from marketplace.permissions.queries import in_force

BATCH = 500


def lock_version(pk: int) -> ModelVersion:
    """The version as it is now, held until the end of the transaction; to be taken before its review and before its model."""
    rows = ModelVersion.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("model__team", "use_case", "submitted_by").get(pk=pk)


def move_version(
    version: ModelVersion,
    to: str,
    *,
    verb: str,
    by: User | None,
    note: str = "",
    texts: dict[str, str] | None = None,
    **changes: Any,
) -> ModelVersion:
    """Move a version and remember it; the room that calls it has checked who may. Must run in a transaction."""
    before, note = version.state, note[:2000]
    move(version, to, allowed=MOVES, state_note=note, **changes)
    settle_model(version.model)
    # The note as well: whoever is told later is told what happened then, not what the version says by now.
    record(verb, version, by=by, texts={"note": note} | (texts or {}), before=before, after=to, manifest=version.manifest_digest)
    return version


def settle_model(model: RegisteredModel) -> None:
    """Derive what the whole model is from its versions, holding it, so that of two moves at once the later one counts both."""
    state = RegisteredModel.objects.select_for_update(no_key=True).values_list("state", flat=True).get(pk=model.pk)
    if state not in {ModelState.BLOCKED, ModelState.ARCHIVED, ModelState.LISTED}:
        active = approvals_in_force().filter(version__model=model).exists() or model.versions.filter(state=VersionState.APPROVED).exists()
        state = ModelState.ACTIVE if active else ModelState.DRAFT
        RegisteredModel.objects.filter(pk=model.pk).update(state=state, updated_at=Now())
    model.state = state


def end_grants() -> int:
    """Sweep grants past their end: mark them, take guardian's rows away, remember it. Lists and gate refused them by time already."""
    count = 0
    for grant in ended_grants()[:BATCH]:
        with transaction.atomic():
            if not AccessGrant.objects.filter(pk=grant.pk, ended_at=None).update(ended_at=Now()):
                continue
            subject = {"team": grant.team} if grant.team_id else {"user": grant.user}
            if not AccessGrant.objects.filter(in_force(), thing=grant.thing_id, **subject).exists():
                holder = grant.team.group if grant.team else grant.user
                for right in PROJECTED_RIGHTS:
                    withdraw(right, grant.thing, subject=holder)
            record("grant.ended", grant.thing, by=None, to=grant.team or grant.user, use_case=grant.use_case)
            count += 1
    return count


def end_approvals() -> int:
    """Show versions whose last approval ended as expired. The gate judged the approvals by time already."""
    # Approvals that ended before a newer one was given stay ended for ever: their versions must not fill the batch.
    over = ended_approvals().exclude(version__in=approvals_in_force().values("version"))
    return sum(end_approval(pk) for pk in over.order_by("version").values_list("version", flat=True).distinct()[:BATCH])


@transaction.atomic
def end_approval(pk: int) -> bool:
    """Show one version as expired, unless somebody moved or approved it in the meantime: that is the newer truth."""
    version = lock_version(pk)
    if version.state != VersionState.APPROVED or approvals_in_force().filter(version=version).exists():
        return False
    move_version(version, VersionState.EXPIRED, verb="version.expired", by=None, note="Its approval ended.")
    return True
