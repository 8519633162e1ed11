"""@job: the only way to declare a Celery task.

A job carries ids only, may run twice, be killed or lost. It is acknowledged late and has hard limits. Ringing
it never fails a request: when the broker is down the loss is counted and the room's sweeper finds the row.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import structlog
from celery import Celery, Task, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError
from prometheus_client import Counter
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
LOST = Counter("marketplace_jobs_not_published_total", "Jobs that could not be handed to the broker and wait for a sweeper", ["job"])

F = TypeVar("F", bound=Callable[..., object])
__all__ = ["Celery", "Job", "job"]


class Job(Task):  # type: ignore[type-arg]
    """A task that is rung after the commit and never fails the request that rings it."""

    abstract = True

    def delay_on_commit(self, *ids: object) -> None:
        """Publish once the transaction is committed; a broker that is down is left to the sweeper."""
        transaction.on_commit(lambda: self.ring(*ids), robust=True)

    def ring(self, *ids: object) -> bool:
        """Publish now, without retries; return whether the broker took it."""
        try:
            self.apply_async(args=tuple(str(i) for i in ids), retry=False)
        except (OperationalError, RedisError, OSError) as fault:
            LOST.labels(self.name).inc()
            log.warning("job_not_published", job=self.name, reason=str(fault)[:200])
            return False
        return True


def job(*, seconds: int, **options: object) -> Callable[[F], Job]:
    """Declare a task with a hard limit of `seconds` (at most 900: see the visibility timeout) and a soft one before it."""
    if not 0 < seconds <= 900:
        raise ValueError("a job runs at most 900 seconds; cut the work into slices")

    def declare(function: F) -> Job:
        register: Any = shared_task
        made: Any = register(
            base=Job,
            acks_late=True,
            reject_on_worker_lost=True,
            ignore_result=True,
            time_limit=seconds + 5,
            soft_time_limit=seconds,
            **options,
        )(function)
        return cast("Job", made)

    return declare
