"""The lease on a run: who may work on it, until when, and how it is laid aside."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce, Now

from governance.validation.models import ValidationRun
from governance.validation.queries import may_be_taken
from governance.validation.states import RunState

LEASE = 90.0
RING_AGAIN = 60.0
MOST_ATTEMPTS = 3
BEAT_EVERY = 20.0


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


def take(run_id: int) -> Lease | None:
    """Lease a run to this worker; the attempt is committed before anything is read, so that a run that kills its workers ends."""
    with transaction.atomic():
        free = ValidationRun.objects.filter(may_be_taken(), pk=run_id)
        lease = {"state": RunState.RUNNING, "fence": F("fence") + 1, "lease_until": in_seconds(LEASE)}
        started = {"attempts": F("attempts") + 1, "started_at": Coalesce("started_at", Now())}
        fresh = free.filter(attempts__lt=MOST_ATTEMPTS).update(**lease, **started)
        if not fresh and not free.filter(attempts__gte=MOST_ATTEMPTS).update(**lease):
            return None
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


def lay_aside(lease: Lease) -> None:
    """Let the run go on in another turn. It came further in this one, so whoever goes on has all attempts again."""
    mine = ValidationRun.objects.filter(pk=lease.run, fence=lease.fence, state=RunState.RUNNING)
    if not mine.update(state=RunState.WAITING, lease_until=Now(), attempts=0, slices=F("slices") + 1):
        raise LeaseLostError


def mark_rung(run_ids: Iterable[int]) -> int:
    """Remember that these waiting runs were rung again, so that a long queue is not rung at every sweep."""
    waiting = ValidationRun.objects.filter(pk__in=list(run_ids), state=RunState.WAITING)
    return waiting.update(lease_until=in_seconds(RING_AGAIN))


class Pulse:
    """What long work calls now and then: in the worker's own thread it prolongs the lease, beside it it only learns when to stop."""

    def __init__(self, lease: Lease) -> None:
        self.lease, self.last = lease, time.monotonic()
        self.owner, self.over = threading.get_ident(), threading.Event()

    def __call__(self) -> None:
        """Prolong the lease when it is time; raise LeaseLostError when it was lost, or nobody waits for this work any more."""
        if self.over.is_set():
            raise LeaseLostError
        if threading.get_ident() == self.owner and time.monotonic() - self.last > BEAT_EVERY:
            hold(self.lease)
            self.last = time.monotonic()
