"""Makes things look older than they are: a demo world has a past that nobody lived through.

Only dates of rows move, and only where the database allows it. The record is left alone: its events say truthfully when the demo
world was loaded, and so do decisions, which never change.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone

from catalog.registry.models import Approval, ModelVersion, RegisteredModel
from marketplace.celery import app


@contextmanager
def without_a_worker() -> Iterator[None]:
    """Do what is rung for a worker here and at once; nobody is mailed about a past that was made up."""
    mail, eager, trace = settings.EMAIL_BACKEND, app.conf.task_always_eager, logging.getLogger("celery.app.trace")
    settings.EMAIL_BACKEND, app.conf.task_always_eager = "django.core.mail.backends.dummy.EmailBackend", True
    level = trace.level
    trace.setLevel(logging.WARNING)  # else a line for each of a thousand small tasks
    try:
        yield
    finally:
        settings.EMAIL_BACKEND, app.conf.task_always_eager = mail, eager
        trace.setLevel(level)


def age_version(version: ModelVersion, *, days: int) -> None:
    """Let a version be this many days older, with its model and its approvals; the ends of its approvals stay."""
    back = timedelta(days=days)
    ModelVersion.objects.filter(pk=version.pk).update(created_at=F("created_at") - back, submitted_at=F("submitted_at") - back)
    oldest = timezone.now() - back - timedelta(days=2)
    RegisteredModel.objects.filter(pk=version.model_id, created_at__gt=oldest).update(created_at=oldest)
    Approval.objects.filter(version=version).update(valid_from=F("valid_from") - back)


def end_approvals_in_the_past(version: ModelVersion, *, days: int) -> None:
    """Let the approvals of a version have ended so many days ago, grace included; a worker then shows it as expired."""
    ended = timezone.now() - timedelta(days=days)
    Approval.objects.filter(version=version).update(valid_from=ended - timedelta(days=540), valid_until=ended - timedelta(days=1), stop_at=ended)


def pass_last_day(version: ModelVersion) -> None:
    """Let the announced last day of a deprecated version be yesterday."""
    ModelVersion.objects.filter(pk=version.pk).update(sunset_at=timezone.localdate() - timedelta(days=1))


def number_next_review(number: int) -> None:
    """Let the next review have this number, unless the numbers have gone past it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value, pg_get_serial_sequence('governance_review', 'id') FROM governance_review_id_seq")
        last, sequence = cursor.fetchone()
        if last < number - 1:
            cursor.execute("SELECT setval(%s, %s)", [sequence, number - 1])
