"""One worker at a time: leases, lost workers and the sweeper, with real commits where two workers meet."""

import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from catalog.registry.actions import move_version
from catalog.registry.states import VersionState
from governance.validation import checks, queries, subject, tasks, work
from governance.validation.actions import submit
from governance.validation.checks.base import CheckAnswer, Found
from governance.validation.models import CheckResult, Finding, ValidationRun
from governance.validation.states import RunState, Verdict
from governance.validation.work import ending, reading, running
from marketplace.activity.models import Event
from tests.catalog.artifacts.build import good
from tests.governance.validation.build import ready
from tests.governance.validation.work.seeing import Broken, checked, verdicts


def test_a_finished_run_is_not_run_again(cast):
    run, _ = checked(cast)
    events = Event.objects.count()
    for _ in range(3):
        work.run_checks(run.pk)
    run.refresh_from_db()
    assert (run.attempts, Event.objects.count()) == (1, events)


def test_a_leased_run_is_left_to_its_worker(cast):
    run = submit(ready(cast), by=cast.nina)
    first = work.take(run.pk)
    assert first is not None
    assert work.take(run.pk) is None
    work.run_checks(run.pk)
    assert not CheckResult.objects.filter(run=run).exists()


def lose(run):
    """Let the lease run out, as when a worker is killed."""
    ValidationRun.objects.filter(pk=run.pk).update(lease_until=Now())


def test_the_worker_whose_lease_was_lost_writes_nothing_more(cast):
    version = ready(cast)
    run = submit(version, by=cast.nina)
    dead = work.take(run.pk)
    lose(run)
    work.run_checks(run.pk)
    before = verdicts(run)
    run.refresh_from_db()
    assert (run.state, run.attempts, run.fence) == (RunState.FINISHED, 2, 2)
    for write in (
        lambda: work.hold(dead),
        lambda: work.keep(dead, checks.CHECKS[0], CheckAnswer(Verdict.FAIL, "Too late."), milliseconds=1),
        lambda: work.finish(dead),
        lambda: work.give_up(dead, "Too late."),
    ):
        with pytest.raises(work.LeaseLostError), transaction.atomic():
            write()
    assert verdicts(run) == before


@pytest.mark.parametrize(("room", "slow"), [(subject, "local_or_none"), (reading, "read")], ids=["download", "reading"])
def test_a_long_download_or_reading_keeps_its_short_lease(cast, monkeypatch, room, slow):
    run, leases, real = submit(ready(cast), by=cast.nina), [], getattr(room, slow)

    def take_time(*given):
        time.sleep(0.3)
        return real(*given)

    def lease(mine):
        work.hold(mine)
        run.refresh_from_db()
        leases.append(run.lease_until - timezone.now())

    monkeypatch.setattr(subject, "BEAT_EVERY", 0.05)
    monkeypatch.setattr(running, "Pulse", lambda mine: lambda: lease(mine))
    monkeypatch.setattr(room, slow, take_time)
    work.run_checks(run.pk)
    run.refresh_from_db()
    assert run.outcome == "pass"
    assert len(leases) >= 3, "whoever takes long says so"
    assert max(leases) <= timedelta(seconds=work.LEASE), "a dead worker is missed soon"


def test_a_lease_lost_during_a_download_ends_it_at_once(cast, monkeypatch):
    run = submit(ready(cast), by=cast.nina)

    def lose_it():
        raise work.LeaseLostError

    monkeypatch.setattr(subject, "BEAT_EVERY", 0.05)
    monkeypatch.setattr(running, "Pulse", lambda _: lose_it)
    monkeypatch.setattr(subject, "local_or_none", lambda *_: time.sleep(1.5))
    begun = time.monotonic()
    work.run_checks(run.pk)
    assert time.monotonic() - begun < 1
    assert not CheckResult.objects.filter(run=run).exists()


def test_what_was_found_is_not_told_to_everybody_who_sees_the_version(cast):
    run, version = checked(cast, files={"model.pkl": good("malicious")})
    messages = [finding.message for finding in queries.findings_of(run)]
    assert messages
    assert not [message for message in messages if message in version.state_note]
    assert "model.pkl" not in version.state_note
    assert "“Pickles only after review” failed" in version.state_note


def test_a_second_worker_starts_over(cast):
    run = submit(ready(cast), by=cast.nina)
    dead = work.take(run.pk)
    work.keep(dead, checks.CHECKS[0], CheckAnswer(Verdict.PASS, "Half done."), milliseconds=1)
    lose(run)
    work.run_checks(run.pk)
    run.refresh_from_db()
    assert (run.state, run.done) == (RunState.FINISHED, len(checks.CHECKS))
    assert CheckResult.objects.filter(run=run).count() == len(checks.CHECKS)


def test_the_lease_is_lost_in_the_middle_of_a_check(cast, monkeypatch):
    run = submit(ready(cast), by=cast.nina)

    class Slow(Broken):
        def run(self, subject):
            lose(run)
            assert work.take(run.pk) is not None
            return CheckAnswer(Verdict.PASS, "Too late.")

    monkeypatch.setattr(checks, "CHECKS", (Slow(None), *checks.CHECKS))
    work.run_checks(run.pk)
    run.refresh_from_db()
    assert (run.state, run.fence) == (RunState.RUNNING, 2)
    assert "broken" not in verdicts(run)


def test_a_run_that_kills_its_workers_ends_after_three(cast):
    version = ready(cast)
    run = submit(version, by=cast.nina)
    for attempt in (1, 2, 3):
        assert not work.take(run.pk).is_last_word
        run.refresh_from_db()
        assert run.attempts == attempt
        lose(run)
    work.run_checks(run.pk)
    run.refresh_from_db()
    version.refresh_from_db()
    assert (run.state, run.outcome, run.attempts) == (RunState.FINISHED, Verdict.ERROR, 3)
    assert version.state == VersionState.VALIDATION_FAILED
    assert set(verdicts(run).values()) == {Verdict.ERROR}
    assert "lost 3 times" in CheckResult.objects.filter(run=run).first().sentence


def test_a_run_that_cannot_be_ended_three_times_ends_as_error(cast, monkeypatch):
    run = submit(ready(cast), by=cast.nina)

    def broken(lease, rules=None):
        raise RuntimeError("a listener fails")

    with monkeypatch.context() as patched:
        patched.setattr(running, "finish", broken)
        for _ in range(3):
            with pytest.raises(RuntimeError):
                work.run_checks(run.pk)
    work.run_checks(run.pk)
    run.refresh_from_db()
    assert (run.state, run.outcome) == (RunState.FINISHED, Verdict.ERROR)
    assert verdicts(run)["run"] == Verdict.ERROR


def test_a_version_that_moved_meanwhile_stays_where_it_is(cast):
    version = ready(cast)
    run = submit(version, by=cast.nina)
    version.refresh_from_db()
    move_version(version, VersionState.QUARANTINED, verb="version.quarantined", by=None, note="By security.")
    work.run_checks(run.pk)
    run.refresh_from_db()
    version.refresh_from_db()
    assert (run.state, version.state) == (RunState.FINISHED, VersionState.QUARANTINED)
    assert queries.run_that_passed(run.pk) is None
    assert '"applies":false' in Event.objects.get(verb="run.finished").body


def rung_by_sweep(monkeypatch, *, broker=True):
    rung = []

    def publish(args, **kwargs):
        if not broker:
            raise OSError("broker is down")
        rung.extend(args)

    monkeypatch.setattr(tasks.run_checks, "apply_async", publish)
    tasks.sweep_runs()
    return rung


def age(run, **values):
    ValidationRun.objects.filter(pk=run.pk).update(**values)


def test_the_sweeper_rings_for_lost_runs_only(cast, monkeypatch):
    run = submit(ready(cast), by=cast.nina)
    assert rung_by_sweep(monkeypatch) == []
    age(run, requested_at=Now() - queries.LOST_AFTER)
    assert rung_by_sweep(monkeypatch) == [str(run.pk)]
    assert rung_by_sweep(monkeypatch) == []  # it may stand in a long queue
    lose(run)
    assert rung_by_sweep(monkeypatch) == [str(run.pk)]
    work.take(run.pk)
    assert rung_by_sweep(monkeypatch) == []
    lose(run)
    assert rung_by_sweep(monkeypatch) == [str(run.pk)]
    work.run_checks(run.pk)
    assert rung_by_sweep(monkeypatch) == []


def test_with_the_broker_down_the_sweeper_tries_again_each_time(cast, monkeypatch):
    run = submit(ready(cast), by=cast.nina)
    age(run, requested_at=Now() - queries.LOST_AFTER)
    assert rung_by_sweep(monkeypatch, broker=False) == []
    assert rung_by_sweep(monkeypatch) == [str(run.pk)]


def test_the_task_sees_a_run_through(cast):
    run = submit(ready(cast), by=cast.nina)
    tasks.run_checks(str(run.pk))
    run.refresh_from_db()
    assert run.state == RunState.FINISHED


def test_more_findings_than_a_page_holds_are_counted(cast):
    run = submit(ready(cast), by=cast.nina)
    lease = work.take(run.pk)
    many = tuple(Found("low", "card", f"Number {number}\0.") for number in range(work.MOST_FINDINGS + 50))
    answer = CheckAnswer(Verdict.FAIL, "x" * 1000, {"text": "a\0b", "list": [1, None, True, {"k": "v"}]}, many)
    work.keep(lease, checks.CHECKS[0], answer, milliseconds=5)
    assert Finding.objects.filter(result__run=run).count() == work.MOST_FINDINGS + 1
    assert "50 more" in Finding.objects.filter(result__run=run).last().message


def test_two_workers_at_once_one_works(transactional_db):
    import threading

    from django.db import connection

    from tests import cast as people

    cast = people.load()
    run = submit(ready(cast), by=cast.nina)
    gate = threading.Barrier(4)

    def worker():
        gate.wait()
        with suppress(Exception):
            work.run_checks(run.pk)
        connection.close()

    workers = [threading.Thread(target=worker) for _ in range(4)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    run.refresh_from_db()
    assert (run.state, run.attempts, run.fence) == (RunState.FINISHED, 1, 1)
    assert CheckResult.objects.filter(run=run).count() == len(checks.CHECKS)
    assert Event.objects.filter(verb="run.finished").count() == 1


def test_the_last_word_can_be_said_again(cast, monkeypatch):
    run = submit(ready(cast), by=cast.nina)
    ValidationRun.objects.filter(pk=run.pk).update(attempts=3, state="running", lease_until=Now())

    def broken(lease, rules=None):
        raise RuntimeError("a listener fails")

    with monkeypatch.context() as patched:
        patched.setattr(ending, "finish", broken)
        for _ in range(2):
            with pytest.raises(RuntimeError):
                work.run_checks(run.pk)
    work.run_checks(run.pk)
    run.refresh_from_db()
    assert (run.state, run.outcome) == (RunState.FINISHED, Verdict.ERROR)
