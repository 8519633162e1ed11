"""What a worker does with a run: take it under a lease, ask every check, write each answer, finish it together with its version.

Any number of workers may be told of the same run. A lease by the database's clock lets one of them work; its number, the fence, grows with
every lease and guards every write, so that a worker that was thought dead cannot spoil the work of the next.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce, Now

from catalog.artifacts.models import ModelFile
from catalog.artifacts.readers.types import shorten
from catalog.cards.actions import tell_lists
from catalog.cards.facts import facts_in
from catalog.registry.actions import move_version
from catalog.registry.models import ModelVersion
from catalog.registry.states import VersionState
from governance.validation import checks
from governance.validation.checks.base import Check, CheckAnswer, Found, Subject, count, worst_of
from governance.validation.models import CheckResult, Finding, ValidationRun
from governance.validation.queries import is_about_present, may_be_taken
from governance.validation.states import RUN_MOVES, RunState, Severity, Verdict
from governance.validation.subject import gather
from marketplace.activity.actions import record
from marketplace.lifecycle import move

log = structlog.get_logger(__name__)
LEASE = 90.0
RING_AGAIN = 60.0
MOST_ATTEMPTS = 3
MOST_FINDINGS = 200
BEAT_EVERY = 20.0
FIX_AGAIN = "Submit the version again; if it happens twice, tell governance the number of this run."


class LeaseLostError(Exception):
    """Another worker has taken the run: stop, and write nothing more."""


@dataclass(frozen=True)
class Lease:
    """The right of one worker to write to a run."""

    run: int
    fence: int
    is_last_word: bool  # the attempts are used up: only the end may be written


def in_seconds(seconds: float) -> "ExpressionWrapper[CombinedExpression]":
    """A moment from now by the database's clock."""
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())


def run_checks(run_id: int) -> None:
    """Take a run and see it through; do nothing when somebody else has it or it is finished."""
    lease = take(run_id)
    if lease is None:
        return
    try:
        if lease.is_last_word:
            give_up(lease, f"Its worker was lost {MOST_ATTEMPTS} times.")
        else:
            see_through(lease)
    except LeaseLostError:
        log.warning("lease_lost", run=run_id, fence=lease.fence)
    except Exception:
        release(lease)
        raise


def take(run_id: int) -> Lease | None:
    """Lease a run to this worker; the attempt is committed before anything is read, so that a run that kills its workers ends."""
    with transaction.atomic():
        free = ValidationRun.objects.filter(may_be_taken(), pk=run_id)
        lease = {"state": RunState.RUNNING, "fence": F("fence") + 1, "lease_until": in_seconds(LEASE)}
        started = {"attempts": F("attempts") + 1, "started_at": Coalesce("started_at", Now()), "done": 0, "total": len(checks.CHECKS)}
        fresh = free.filter(attempts__lt=MOST_ATTEMPTS).update(**lease, **started)
        if not fresh and not free.filter(attempts__gte=MOST_ATTEMPTS).update(**lease):
            return None
        if fresh:
            CheckResult.objects.filter(run=run_id).delete()
        fence = ValidationRun.objects.values_list("fence", flat=True).get(pk=run_id)
    return Lease(run_id, fence, is_last_word=not fresh)


def hold(lease: Lease, **changes: object) -> None:
    """Prolong the lease, never by more than a dead worker may be missed for; raise LeaseLostError when somebody else has it."""
    mine = ValidationRun.objects.filter(pk=lease.run, fence=lease.fence, state=RunState.RUNNING)
    if not mine.update(lease_until=in_seconds(LEASE), **changes):
        raise LeaseLostError


def release(lease: Lease) -> None:
    """Let the next worker take the run at once, after a failure of ours."""
    ValidationRun.objects.filter(pk=lease.run, fence=lease.fence, state=RunState.RUNNING).update(lease_until=Now())


def see_through(lease: Lease) -> None:
    """Gather the subject, ask every check in turn and finish the run."""
    run = ValidationRun.objects.select_related("version__model__team", "version__model__accountable", "version__use_case").get(pk=lease.run)
    try:
        with ExitStack() as stack:
            subject = gather(run, stack, beat=beating(lease))
            note_facts(lease, run.version, subject)
            for check in checks.CHECKS:
                begun = time.monotonic()
                answer = ask(check, subject)
                keep(lease, check, answer, milliseconds=int(1000 * (time.monotonic() - begun)))
    except SoftTimeLimitExceeded:
        give_up(lease, "The checks took longer than a run may take.")
    else:
        finish(lease)


def beating(lease: Lease) -> Callable[[], None]:
    """Return what long checks call: it prolongs the lease now and then."""
    last = time.monotonic()

    def beat() -> None:
        nonlocal last
        if time.monotonic() - last > BEAT_EVERY:
            hold(lease)
            last = time.monotonic()

    return beat


def ask(check: Check, subject: Subject) -> CheckAnswer:
    """Return what a check says; whatever goes wrong inside it is "could not run", never passed."""
    try:
        answer = check.run(subject)
    except (LeaseLostError, SoftTimeLimitExceeded):
        raise
    except Exception as fault:
        log.exception("check_crashed", check=check.id, version=subject.version)
        return could_not_run(f"{check.title}: this check stumbled ({type(fault).__name__}) and could not run.")
    if not isinstance(answer, CheckAnswer) or answer.verdict not in Verdict.values or not answer.sentence:
        return could_not_run(f"{check.title}: this check gave no usable answer.")
    return answer


def could_not_run(sentence: str) -> CheckAnswer:
    """Return the answer of a check that did not come to an end."""
    return CheckAnswer(Verdict.ERROR, sentence, {}, (Found(Severity.HIGH, "other", sentence, fix=FIX_AGAIN),))


def keep(lease: Lease, check: Check, answer: CheckAnswer, *, milliseconds: int) -> None:
    """Write one answer with its findings and count it, all under the fence."""
    with transaction.atomic():
        quarantines = {"quarantines": True} if answer.quarantines else {}
        hold(lease, done=F("done") + 1, **quarantines)
        result = CheckResult.objects.create(
            run_id=lease.run,
            check_id=check.id,
            check_version=check.version,
            stage=check.stage,
            title=check.title,
            verdict=answer.verdict,
            sentence=shorten(answer.sentence, 400),
            evidence=plain(answer.evidence),
            milliseconds=max(0, milliseconds),
        )
        Finding.objects.bulk_create(rows_of(result, answer.findings))


def rows_of(result: CheckResult, findings: Sequence[Found]) -> list[Finding]:
    """Turn findings into rows, the gravest first and not more than a page can hold; the last one says how many were left out."""
    gravest = sorted(findings, key=lambda found: -Severity.values.index(found.severity))
    rows = [
        Finding(
            result=result,
            severity=found.severity,
            kind=found.kind[:12],
            path=shorten(found.path, 512),
            where=shorten(found.where, 200),
            message=shorten(found.message, 600),
            fix=shorten(found.fix, 600),
        )
        for found in gravest[:MOST_FINDINGS]
    ]
    if more := len(gravest) - len(rows):
        rows.append(Finding(result=result, severity=gravest[MOST_FINDINGS].severity, kind="other", message=f"{more:,} more were found, not listed."))
    return rows


def plain(value: object) -> object:
    """Return evidence as JSON that the database can hold."""
    if isinstance(value, dict):
        return {shorten(str(key), 200): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else shorten(str(value), 1000)


def note_facts(lease: Lease, version: ModelVersion, subject: Subject) -> None:
    """Write on each file what was found in it, and let lists show it; a refused file tells nothing."""
    with transaction.atomic():
        hold(lease)
        for path, reading in subject.readings.items():
            facts = reading.facts if reading.verdict in {"allow", "review"} else {}
            ModelFile.objects.filter(version=version, path=path).update(format=reading.format[:20], facts=plain(facts))
        tell_lists(version.model, facts_in(subject.readings))


class RunItself:
    """Stands for the run where not one of its checks is to blame."""

    id = "run"
    version = "1"
    stage = "Summary"
    title = "The run comes to its end"

    def run(self, subject: Subject) -> CheckAnswer:
        """Say that it did not."""
        return could_not_run("The run did not come to its end.")


def give_up(lease: Lease, reason: str) -> None:
    """Write "could not run" for every check without an answer, then finish the run."""
    answered = set(CheckResult.objects.filter(run=lease.run).values_list("check_id", flat=True))
    for check in checks.CHECKS:
        if check.id not in answered:
            keep(lease, check, could_not_run(f"{check.title}: this check could not run. {reason}"), milliseconds=0)
    if RunItself.id not in answered and answered.issuperset(check.id for check in checks.CHECKS):
        keep(lease, RunItself(), could_not_run(f"Every check gave an answer, but the run could not be ended. {reason}"), milliseconds=0)
    finish(lease)


@transaction.atomic
def finish(lease: Lease) -> ValidationRun:
    """End the run with the worst of its verdicts, and move its version in the same transaction."""
    # The version first, then the run: the same order as everywhere, so that no two wait for each other.
    rows = ModelVersion.objects.select_for_update(of=("self",), no_key=True).select_related("model__team")
    version = rows.get(runs=lease.run)
    run = ValidationRun.objects.select_for_update(no_key=True).filter(pk=lease.run, fence=lease.fence, state=RunState.RUNNING).first()
    if run is None:
        raise LeaseLostError
    run.version = version
    verdicts = dict(CheckResult.objects.filter(run=run).values_list("check_id", "verdict"))
    missing = {check.id for check in checks.CHECKS} - verdicts.keys()
    outcome = Verdict.ERROR if missing or lease.is_last_word else worst_of(verdicts.values())
    applies = is_about_present(run)
    move(run, RunState.FINISHED, allowed=RUN_MOVES, outcome=outcome, lease_until=None, finished_at=Now())
    run.refresh_from_db(fields=["finished_at"])
    if applies:
        follow(run, version)
    record(
        "run.finished",
        run,
        by=None,
        version=version,
        manifest=run.manifest_digest,
        card_revision=run.card_revision,
        outcome=outcome,
        quarantines=run.quarantines,
        applies=applies,
    )
    return run


def follow(run: ValidationRun, version: ModelVersion) -> None:
    """Move the version where the outcome leads; a run that passed leaves that to whoever opens the review."""
    if run.quarantines:
        move_version(version, VersionState.QUARANTINED, verb="version.quarantined", by=None, note=f"{why(run)} Only security can read the bytes.")
    elif run.outcome in {Verdict.FAIL, Verdict.ERROR}:
        move_version(version, VersionState.VALIDATION_FAILED, verb="version.checks_failed", by=None, note=why(run))


def why(run: ValidationRun) -> str:
    """Say which checks a run did not pass. Everybody who sees the version reads it, so what was found and where stays with the findings."""
    bad = CheckResult.objects.filter(run=run, verdict__in=[Verdict.FAIL, Verdict.ERROR]).order_by("pk")
    return sentence(f"“{result.title}” {'failed' if result.verdict == Verdict.FAIL else 'could not run'}" for result in bad)


def sentence(parts: Iterable[str]) -> str:
    """Join parts into one sentence."""
    listed = list(parts)
    return f"{', '.join(listed)}." if listed else f"{count(0, 'check')} gave an answer."


def mark_rung(run_ids: Iterable[int]) -> int:
    """Remember that these waiting runs were rung again, so that a long queue is not rung at every sweep."""
    waiting = ValidationRun.objects.filter(pk__in=list(run_ids), state=RunState.WAITING)
    return waiting.update(lease_until=in_seconds(RING_AGAIN))
