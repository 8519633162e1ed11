"""Calling security: a version was locked away or stopped by the checks, or could not be looked at again."""

from typing import Any

from django.db import transaction

from catalog.registry.models import ModelVersion
from catalog.registry.states import VersionState
from catalog.storefront.publish_steps import version_path
from governance.validation.models import ValidationRun
from governance.validation.states import Reason, Verdict
from marketplace.accounts.queries import holders_of
from marketplace.activity.models import Event
from marketplace.notifications.actions import notify, withdraw_notices
from marketplace.notifications.models import Level
from marketplace.permissions.needs import OrgRole

CALLS = {
    VersionState.QUARANTINED: "{version} is quarantined. Two people of security release it to its checks, or reject it.",
    VersionState.SUSPENDED: "{version} was stopped by a check that looked at it again. Two people of security lift that, or it ends.",
}
AWAY = "{version} could not be checked under the present rules; its last verdict stands. See why in run {run}."


@transaction.atomic
def call_security(event: Event) -> int:
    """Call security for what the checks did; take the call back when somebody dealt with it."""
    version = ModelVersion.objects.select_related("model__team").filter(pk=event.subject_id).first()
    if version is None:
        return 0
    withdraw_notices(about(version))
    if version.state not in CALLS or event.actor is not None or f"version.{version.state}" != event.verb:
        return 0
    text = CALLS[VersionState(version.state)].format(version=version)
    return _call(text, event, about(version), version_path(version))


@transaction.atomic
def tell_of_failed_rescan(event: Event) -> int:
    """Tell security that a stored version could not be looked at again, once until it was."""
    run = ValidationRun.objects.select_related("version__model__team").filter(pk=event.subject_id, reason=Reason.RESCAN).first()
    if run is None:
        return 0
    key = f"rescan:{run.version_id}"
    withdraw_notices(key)
    return _call(AWAY.format(version=run.version, run=run.pk), event, key, f"/checks/{run.pk}") if run.outcome == Verdict.ERROR else 0


def _call(text: str, event: Event, key: str, url: str) -> int:
    common: dict[str, Any] = {"level": Level.NEEDS_YOU, "verb": event.verb, "about": key, "url": url, "urgent": True, "by": None}
    return notify(holders_of(OrgRole.SECURITY), text=text, **common)


def about(version: ModelVersion) -> str:
    """The key under which the call to security is kept."""
    return f"security:{version.pk}"
