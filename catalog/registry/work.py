"""What a worker does for the registry: end what is past its end."""

from django.db import transaction
from django.db.models.functions import Now

from catalog.registry.models import PROJECTED_RIGHTS, AccessGrant, ModelVersion
from catalog.registry.queries import approvals_in_force, ended_approvals, ended_grants
from catalog.registry.states import MOVES, VersionState
from marketplace.activity.actions import record
from marketplace.errors import Conflict
from marketplace.lifecycle import move
from marketplace.permissions.actions import withdraw
from marketplace.permissions.queries import in_force

BATCH = 500


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
            record("grant.ended", grant.thing, by=None, to=grant.team or grant.user, use_case=grant.use_case_id)
            count += 1
    return count


def end_approvals() -> int:
    """Show versions whose last approval ended as expired. The gate judged the approvals by time already."""
    count = 0
    for version in ModelVersion.objects.filter(pk__in=ended_approvals().values("version")).select_related("model__team")[:BATCH]:
        with transaction.atomic():
            if approvals_in_force().filter(version=version).exists():
                continue
            try:
                move(version, VersionState.EXPIRED, allowed=MOVES, state_note="Its approval ended.")
            except Conflict:
                continue  # somebody moved it in the meantime: that is the newer truth
            record("version.expired", version, by=None)
            count += 1
    return count
