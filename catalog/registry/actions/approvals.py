"""Approvals: the yes to a version for one use, and its undoing."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from catalog.registry.actions.grants import give_grant
from catalog.registry.models import Approval, ModelVersion
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.errors import Conflict


@transaction.atomic
def give_approval(
    version: ModelVersion,
    *,
    by: User | None,
    valid_until: datetime,
    grace_days: int,
    conditions: list[str],
    checks_run: int,
    policy: str,
    review: int | None,
) -> Approval:
    """Approve a version for the use it was submitted for; the owner team may use it for that at once."""
    if version.use_case is None or version.card_revision is None or not version.manifest_digest:
        raise Conflict(f"{version} names no use case, card or files to approve.", hint="Submit it first.")
    now = timezone.now()
    Approval.objects.filter(
        version=version, use_case=version.use_case, environment=version.environment, data_class=version.data_class, voided_at=None
    ).update(voided_at=now, void_reason="Replaced by a newer approval.")
    approval = Approval.objects.create(
        version=version,
        use_case=version.use_case,
        environment=version.environment,
        data_class=version.data_class,
        conditions=conditions,
        valid_from=now,
        valid_until=valid_until,
        stop_at=valid_until + timedelta(days=grace_days),
        manifest_digest=version.manifest_digest,
        card_revision=version.card_revision,
        checks_run=checks_run,
        policy=policy,
        review=review,
    )
    record(
        "approval.given",
        version,
        by=by,
        use_case=version.use_case,
        environment=approval.environment,
        data_class=approval.data_class,
        until=valid_until,
        manifest=approval.manifest_digest,
        card_revision=approval.card_revision,
        run=checks_run,
        policy=policy,
        review=review,
    )
    give_grant(
        version.model,
        team=version.model.team,
        use_case=version.use_case,
        environment=version.environment,
        data_class=version.data_class,
        until=approval.stop_at,  # the approval's own end is judged by the gate; its grace needs the grant
        by=None,
    )
    return approval


@transaction.atomic
def void_approvals(version: ModelVersion, *, reason: str, by: User | None, only: Collection[int] | None = None) -> int:
    """Void every approval of a version (or `only` those), because what was approved is no longer what is there."""
    rows = Approval.objects.filter(version=version, voided_at=None)
    if only is not None:
        rows = rows.filter(pk__in=only)
    count = rows.update(voided_at=Now(), void_reason=reason[:300])
    if count:
        record("approval.voided", version, by=by, count=count, reason=reason)
    return count
