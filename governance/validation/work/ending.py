"""How a run ends: with the worst of its verdicts, and in the same transaction with what follows for its version."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from catalog.registry.actions import move_version
from catalog.registry.models import ModelVersion
from catalog.registry.states import MOVES, VersionState
from governance.validation.checks.base import CheckAnswer, Found, Subject, count, worst_of
from governance.validation.models import CheckResult, RuleSet, ValidationRun
from governance.validation.queries import is_about_present, is_about_same
from governance.validation.ruleset import Rules, present
from governance.validation.states import IDENTITY, INTEGRITY, LICENCE, RUN_MOVES, SECURITY, SUMMARY, RunState, Severity, Verdict
from governance.validation.work.leasing import Lease, LeaseLostError, hold
from governance.validation.work.writing import keep
from marketplace.activity.actions import record
from marketplace.lifecycle import move

FIX_AGAIN = "Run the checks again; if it happens twice, tell governance the number of this run."
# What may be in use: a failure that is found later stops it, if it is one of the files; what a card lacks today is for its next review.
IN_USE = (VersionState.APPROVED, VersionState.DEPRECATED)
ABOUT_FILES = (INTEGRITY, SECURITY, IDENTITY, LICENCE)


def could_not_run(sentence: str) -> CheckAnswer:
    """Return the answer of a check that did not come to an end."""
    return CheckAnswer(Verdict.ERROR, sentence, {}, (Found(Severity.HIGH, "other", sentence, fix=FIX_AGAIN),))


class RunItself:
    """Stands for the run where not one of its checks is to blame."""

    id = "run"
    version = "1"
    stage = SUMMARY
    title = "The run comes to its end"

    def run(self, subject: Subject) -> CheckAnswer:
        """Say that it did not."""
        return could_not_run("The run did not come to its end.")


def named_rules() -> Rules:
    """Return the rules of now, which runs can name from here on."""
    rules = present()
    RuleSet.objects.get_or_create(digest=rules.digest, defaults={"content": dict(rules.content)})
    return rules


def bind(lease: Lease, rules: Rules, **changes: object) -> None:
    """Note under the fence which rules this run goes by."""
    with transaction.atomic():
        hold(lease, rule_set=rules.digest, total=len(rules.checks), **changes)


def give_up(lease: Lease, reason: str, rules: Rules | None = None) -> None:
    """Write "could not run" for every check without an answer, then finish the run."""
    rules = rules or named_rules()
    bind(lease, rules)
    answered = set(CheckResult.objects.filter(run=lease.run).values_list("check_id", flat=True))
    for place, check in enumerate(rules.checks):
        if check.id not in answered:
            keep(lease, check, could_not_run(f"{check.title}: this check could not run. {reason}"), milliseconds=0, place=place)
    if RunItself.id not in answered and answered.issuperset(check.id for check in rules.checks):
        said = could_not_run(f"Every check gave an answer, but the run could not be ended. {reason}")
        keep(lease, RunItself(), said, milliseconds=0, place=len(rules.checks))
    finish(lease, rules)


@transaction.atomic
def finish(lease: Lease, rules: Rules | None = None) -> ValidationRun:
    """End the run with the worst of its verdicts, and move its version in the same transaction."""
    # The version first, then the run: the same order as everywhere, so that no two wait for each other.
    rows = ModelVersion.objects.select_for_update(of=("self",), no_key=True).select_related("model__team")
    version = rows.get(runs=lease.run)
    run = ValidationRun.objects.select_for_update(no_key=True).filter(pk=lease.run, fence=lease.fence, state=RunState.RUNNING).first()
    if run is None:
        raise LeaseLostError
    run.version = version
    said = {row[0]: row[1:] for row in CheckResult.objects.filter(run=run).values_list("check_id", "verdict", "quarantines")}
    missing = {check.id for check in (rules or present()).checks} - said.keys()
    outcome = Verdict.ERROR if missing or lease.is_last_word else worst_of(verdict for verdict, _ in said.values())
    quarantines = any(dangerous for _, dangerous in said.values())
    applies = is_about_present(run)
    over: dict[str, Any] = {"outcome": outcome, "quarantines": quarantines, "stage": "", "place": {}, "lease_until": None, "finished_at": Now()}
    move(run, RunState.FINISHED, allowed=RUN_MOVES, **over)
    run.refresh_from_db(fields=["finished_at"])
    if applies:
        follow(run, version)
    elif is_about_same(run):
        take_away(run, version)
    record(
        "run.finished",
        run,
        by=None,
        version=version,
        manifest=run.manifest_digest,
        card_revision=run.card_revision,
        rules=run.rule_set_id,
        reason=run.reason,
        outcome=outcome,
        quarantines=quarantines,
        applies=applies,
    )
    return run


def follow(run: ValidationRun, version: ModelVersion) -> None:
    """Move the version where the outcome leads; a run that passed leaves that to whoever opens the review."""
    if run.quarantines:
        move_version(version, VersionState.QUARANTINED, verb="version.quarantined", by=None, note=f"{why(run)} Only security can read the bytes.")
    elif run.outcome in {Verdict.FAIL, Verdict.ERROR}:
        move_version(version, VersionState.VALIDATION_FAILED, verb="version.checks_failed", by=None, note=why(run))


def take_away(run: ValidationRun, version: ModelVersion) -> None:
    """After a later look at what is stored: lock away what is dangerous, stop what fails, and leave what could not be looked at."""
    if run.quarantines and VersionState.QUARANTINED in MOVES.get(version.state, ()):
        note = f"Found when it was checked again: {why(run)} Only security can read the bytes."
        move_version(version, VersionState.QUARANTINED, verb="version.quarantined", by=None, note=note)
    elif version.state in IN_USE and CheckResult.objects.filter(run=run, verdict=Verdict.FAIL, stage__in=ABOUT_FILES).exists():
        note = f"Found when it was checked again: {why(run)} Two people of security can lift this."
        move_version(version, VersionState.SUSPENDED, verb="version.suspended", by=None, note=note, suspended_by=None)


def why(run: ValidationRun) -> str:
    """Say which checks a run did not pass. Everybody who sees the version reads it, so what was found and where stays with the findings."""
    bad = CheckResult.objects.filter(run=run, verdict__in=[Verdict.FAIL, Verdict.ERROR])
    return sentence(f"“{result.title}” {'failed' if result.verdict == Verdict.FAIL else 'could not run'}" for result in bad)


def sentence(parts: Iterable[str]) -> str:
    """Join parts into one sentence."""
    listed = list(parts)
    return f"{', '.join(listed)}." if listed else f"{count(0, 'check')} gave an answer."
