"""Seeing a run through: read its files, ask its checks stage by stage, and go on where an earlier turn or a lost worker stopped."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from governance.validation.checks.base import Check, Subject
from governance.validation.models import CheckResult, Release, ValidationRun
from governance.validation.queries import releases_of
from governance.validation.releases import lifted
from governance.validation.ruleset import Rules
from governance.validation.states import INTAKE, INTEGRITY, STAGES, SUMMARY, Verdict
from governance.validation.subject import gather
from governance.validation.work.asking import ask_stage, inputs_of, learn
from governance.validation.work.ending import bind, finish, give_up, named_rules
from governance.validation.work.leasing import MOST_ATTEMPTS, Lease, LeaseLostError, Pulse, hold, lay_aside, release, take
from governance.validation.work.reading import Reader, read_ahead
from governance.validation.work.writing import Told, keep_all, note_facts, rows_of

log = structlog.get_logger(__name__)
TOGETHER = 0.25  # seconds for which answers wait to be written with others
TURN_SECONDS = 480.0  # after which no further stage is begun in this turn


def run_checks(run_id: int) -> bool:
    """Take a run and see it through; do nothing when somebody else has it or it is finished. True: it goes on in another turn."""
    lease = take(run_id)
    if lease is None:
        return False
    try:
        if lease.is_last_word:
            give_up(lease, f"Its worker was lost {MOST_ATTEMPTS} times.")
            return False
        return see_through(lease)
    except LeaseLostError:
        log.warning("lease_lost", run=run_id, fence=lease.fence)
        return False
    except Exception:
        release(lease)
        raise


def see_through(lease: Lease) -> bool:
    """Gather the subject, ask every check in turn and finish the run; lay it aside when this turn is used up."""
    begun, rules = time.monotonic(), named_rules()
    bind(lease, rules, stage=INTAKE)
    run = ValidationRun.objects.select_related("version__model__team", "version__model__accountable", "version__use_case").get(pk=lease.run)
    pulse = Pulse(lease)
    try:
        if read_ahead(lease, run, pulse):
            lay_aside(lease)
            return True
        with ExitStack() as stack:
            hold(lease, stage=INTEGRITY)
            reader = Reader(run, pulse)
            subject = replace(gather(run, stack, beat=pulse, read=reader), digests=reader.digests)
            note_facts(lease, run.version, subject)
            releases = releases_of(run)
            if not ask_all(lease, rules, subject, pulse, releases=releases, until=begun + TURN_SECONDS):
                lay_aside(lease)
                return True
    except SoftTimeLimitExceeded:
        pulse.over.set()
        give_up(lease, "The checks took longer than a turn may take.", rules)
    else:
        hold(lease, stage=SUMMARY)
        finish(lease, rules)
    return False


def ask_all(lease: Lease, rules: Rules, subject: Subject, pulse: Pulse, *, releases: dict[str, Release], until: float) -> bool:
    """Ask every check that has no answer yet; False when time was up between two stages."""
    inputs = inputs_of(rules, subject, releases)
    answered = still_standing(lease, inputs)
    places = {check.id: place for place, check in enumerate(rules.checks)}
    came_further = False
    for stage in STAGES:
        todo = [check for check in rules.checks if check.stage == stage and check.id not in answered]
        if not todo:
            continue
        if came_further and time.monotonic() > until:
            return False
        hold(lease, stage=stage)
        ask_and_keep(lease, todo, subject, pulse, inputs=inputs, places=places, releases=releases)
        came_further = True
    return True


def ask_and_keep(
    lease: Lease,
    todo: Sequence[Check],
    subject: Subject,
    pulse: Pulse,
    *,
    inputs: Mapping[str, str],
    places: Mapping[str, int],
    releases: Mapping[str, Release],
) -> None:
    """Ask the checks of one stage; quick answers are written together, and whatever ends the asking, those that were given are written."""
    given: list[Told] = []
    begun = time.monotonic()
    try:
        for asked in ask_stage(todo, subject, pulse):
            check = asked.check
            answer = lifted(check.id, asked.answer, rows_of(CheckResult(), asked.answer.findings), subject.manifest_digest, releases)
            given.append(Told(check, answer, asked.milliseconds, inputs[check.id], places[check.id]))
            learn(asked, subject)
            if time.monotonic() - begun > TOGETHER:
                keep_all(lease, given)
                given, begun = [], time.monotonic()
    finally:
        if given:
            keep_all(lease, given)


def still_standing(lease: Lease, inputs: dict[str, str]) -> set[str]:
    """Return the checks whose answers stand: by these very rules, about these very inputs. All other answers are taken away."""
    rows = list(CheckResult.objects.filter(run=lease.run).values_list("pk", "check_id", "inputs_digest", "verdict"))
    standing = {check: pk for pk, check, digest, verdict in rows if digest and inputs.get(check) == digest and verdict != Verdict.ERROR}
    with transaction.atomic():
        hold(lease, done=len(standing))
        if rows:
            CheckResult.objects.filter(run=lease.run).exclude(pk__in=list(standing.values())).delete()
    return set(standing)
