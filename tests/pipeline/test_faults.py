"""What is lost when a process dies: nothing, and every run ends exactly once. Real processes, killed hard.

Servers killed in the middle of an upload and 200 slow downloads are in tests/catalog/artifacts/test_pool.py.
"""

import json
import os
import signal
import time
from contextlib import contextmanager

import psycopg
import pytest
from celery import current_app
from django.db import connection
from django.db.models.functions import Now

from governance.validation.actions import submit
from governance.validation.models import CheckResult, ValidationRun
from governance.validation.queries import LOST_AFTER
from governance.validation.states import RunState
from governance.validation.tasks import run_checks, sweep_runs
from marketplace.accounts.actions import issue_token
from marketplace.activity.models import Event
from tests.catalog.artifacts.servers import Server
from tests.governance.validation.build import ready
from tests.pipeline.processes import eventually

pytestmark = pytest.mark.timeout(180)


@contextmanager
def held_up(version):
    """Keep whoever checks this version waiting at its file, in the middle of the run."""
    db = connection.settings_dict
    with psycopg.connect(host=db["HOST"], port=db["PORT"], user=db["USER"], password=db["PASSWORD"], dbname=db["NAME"]) as other:
        other.execute("SELECT 1 FROM catalog_modelfile WHERE version_id = %s FOR UPDATE", [version.pk])
        yield


def someone_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return bool(cursor.fetchone()[0])


@pytest.mark.full
def test_a_run_whose_workers_are_killed_ends_once_and_whole(cast, broker, worker):
    version = ready(cast, "T3")
    run = submit(version, by=cast.nina)
    with held_up(version):
        broker.ring(run_checks, run.pk)
        assert eventually(someone_waits), worker.log.read_text()
        run.refresh_from_db()
        assert (run.state, run.attempts) == (RunState.RUNNING, 1)
        os.kill(worker.children()[0], signal.SIGKILL)  # only the process that worked; its parent gives the job to another
    assert not eventually(lambda: ValidationRun.objects.filter(pk=run.pk, state=RunState.FINISHED).exists(), 1), "the lease is still there"
    ValidationRun.objects.filter(pk=run.pk).update(lease_until=Now())  # as after 90 seconds
    with held_up(version):
        broker.ring(sweep_runs)
        assert eventually(someone_waits), worker.log.read_text()
        os.killpg(worker.process.pid, signal.SIGKILL)  # the whole worker
        worker.process.wait(10)
    worker.start()
    ValidationRun.objects.filter(pk=run.pk).update(lease_until=Now())
    broker.ring(sweep_runs)
    broker.ring(sweep_runs)
    assert eventually(lambda: ValidationRun.objects.filter(pk=run.pk, state=RunState.FINISHED).exists()), worker.log.read_text()
    run.refresh_from_db()
    assert (run.outcome, run.attempts, run.done) == ("pass", 3, run.total)
    assert CheckResult.objects.filter(run=run).count() == run.total
    broker.ring(run_checks, run.pk)  # told again, late
    assert not eventually(lambda: Event.objects.filter(verb="run.finished").count() != 1, 1)
    run.refresh_from_db()
    assert run.attempts == 3


def test_without_a_broker_a_submit_is_taken_and_runs_when_it_is_back(cast, broker, worker, tmp_path):
    _, secret = issue_token(cast.nina, by=cast.nina, name="test", scopes=["read", "publish"], days=1)
    headers = {"Authorization": f"Bearer {secret}", "Host": "localhost", "Content-Type": "application/json"}
    first, second = ready(cast, "T3", name="with-broker"), ready(cast, "T3", name="without-broker")
    web = Server(tmp_path / "web.log", threads=4, REDIS_URL=broker.url)

    def submitted(version):
        begin = time.monotonic()
        status, _, body = web.ask("POST", f"/api/v1/models/{version.model}/versions/{version.version}/submit", body=json.dumps({}), headers=headers)
        assert status in range(200, 300), body
        return json.loads(body)["run"]["run"], time.monotonic() - begin

    def finished(run):
        return ValidationRun.objects.filter(pk=run, state=RunState.FINISHED).exists()

    try:
        run, seconds = submitted(first)
        assert eventually(lambda: finished(run)), worker.log.read_text()
        print(f"submit with a broker: {seconds:.2f} s")
        broker.stop()
        run, seconds = submitted(second)
        print(f"submit without a broker: {seconds:.2f} s (wanted: 1 s on a quiet machine)")
        assert seconds < 3
        assert ValidationRun.objects.get(pk=run).state == RunState.WAITING
        broker.start()
        ValidationRun.objects.filter(pk=run).update(requested_at=Now() - LOST_AFTER)  # as when that time has passed
        broker.ring(sweep_runs)
        assert eventually(lambda: finished(run)), worker.log.read_text()
    finally:
        web.stop()
    assert current_app.conf.beat_schedule["run checks that were lost"]["task"] == sweep_runs.name
