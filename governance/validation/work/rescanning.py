"""Looking again at what is stored when the rules have changed, what is used most first, a few at a time."""

from django.db import IntegrityError, transaction

from catalog.registry.models import ModelVersion
from governance.validation.models import ValidationRun
from governance.validation.queries import stale_versions
from governance.validation.states import Reason, RunState
from governance.validation.work.ending import named_rules
from marketplace.activity.actions import record

PER_TICK = 20
MOST_OPEN = 40  # so that whoever submits now never waits behind all that is stored


def ask_for_rescans() -> list[int]:
    """Ask for the checks of the most used versions that were not judged by the rules of now; return the runs to ring for."""
    rules = named_rules()
    under_way = ValidationRun.objects.filter(reason=Reason.RESCAN).exclude(state=RunState.FINISHED).count()
    room = min(PER_TICK, MOST_OPEN - under_way)
    versions = list(stale_versions(rules.digest)[:room]) if room > 0 else []
    return [run for version in versions if (run := _ask(version, len(rules.checks), rules.digest)) is not None]


def _ask(version: ModelVersion, total: int, rules: str) -> int | None:
    """Ask for one rescan; None when somebody else has just done so."""
    pins = {"manifest_digest": version.manifest_digest, "card_revision": version.card_revision}
    try:
        with transaction.atomic():
            run = ValidationRun.objects.create(version=version, **pins, reason=Reason.RESCAN, total=total)
            record("run.requested", run, by=None, version=version, manifest=version.manifest_digest, reason=Reason.RESCAN, rules=rules)
    except IntegrityError:
        return None
    return run.pk
