"""A worker that is killed hard in any stage of a run: the run ends once, whole, with one event. Real processes."""

import os
import signal
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from django.db.models.functions import Now

from governance.validation.actions import submit
from governance.validation.checks import CHECKS
from governance.validation.models import CheckResult, ValidationRun
from governance.validation.queries import LOST_AFTER
from governance.validation.states import INTAKE, INTEGRITY, STAGES, SUMMARY, RunState
from governance.validation.tasks import run_checks, sweep_runs
from marketplace.activity.models import Event
from tests.governance.validation.build import ready
from tests.pipeline.processes import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(180)]
# Where a run says it is; a stage without checks is never entered.
ENTERED = [stage for stage in STAGES if stage in {INTAKE, INTEGRITY, SUMMARY, *(check.stage for check in CHECKS)}]
GATE = 4711
WAITING = """SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
    WHERE locktype = 'advisory' AND objid = %s AND NOT granted AND d.datname = current_database()"""
HOLD_UP = f"""
CREATE OR REPLACE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.stage = TG_ARGV[0] AND OLD.stage <> NEW.stage AND NOT pg_try_advisory_xact_lock({GATE}) THEN
        PERFORM pg_advisory_xact_lock({GATE});
    END IF;
    RETURN NEW;
END $$;
"""


def connected():
    db = connection.settings_dict
    return psycopg.connect(host=db["HOST"], port=db["PORT"], user=db["USER"], password=db["PASSWORD"], dbname=db["NAME"], autocommit=True)


@contextmanager
def held_up_in(stage):
    """Let whoever brings a run into this stage wait there, having written nothing of it yet."""
    with connected() as other:
        other.execute(HOLD_UP)
        other.execute(f"CREATE TRIGGER hold_up AFTER UPDATE ON governance_validationrun FOR EACH ROW EXECUTE FUNCTION hold_up('{stage}')")
        other.execute(f"SELECT pg_advisory_lock({GATE})")
        try:
            yield
        finally:
            other.execute(f"SELECT pg_advisory_unlock({GATE})")
            other.execute("DROP TRIGGER hold_up ON governance_validationrun")


def someone_waits():
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [GATE])
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("stage", ENTERED)
def test_killed_in_a_stage_it_ends_once_and_whole(cast, broker, worker, stage):
    run = submit(ready(cast, "T3"), by=cast.nina)
    with held_up_in(stage):
        broker.ring(run_checks, run.pk)
        assert eventually(someone_waits), worker.log.read_text()
        before = CheckResult.objects.filter(run=run).count()
        os.kill(worker.children()[0], signal.SIGKILL)
    ValidationRun.objects.filter(pk=run.pk).update(lease_until=Now(), requested_at=Now() - LOST_AFTER)  # as after 90 seconds
    broker.ring(sweep_runs)
    broker.ring(sweep_runs)
    assert eventually(lambda: ValidationRun.objects.filter(pk=run.pk, state=RunState.FINISHED).exists()), worker.log.read_text()
    run.refresh_from_db()
    assert (run.outcome, run.done, run.attempts, run.stage) == ("pass", run.total, 2, "")
    results = CheckResult.objects.filter(run=run)
    assert results.count() == run.total
    kept = sum(result.pk <= min(row.pk for row in results) + before - 1 for result in results) if before else 0
    assert kept == before, "what the lost worker had found out by these rules stands"
    broker.ring(run_checks, run.pk)  # told again, late
    assert not eventually(lambda: Event.objects.filter(verb="run.finished").count() != 1, 1)
