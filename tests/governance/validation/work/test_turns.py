"""Large versions: read and hashed in turns, each of which the next worker can go on from."""

import hashlib

import pytest

from governance.validation import hashing, work
from governance.validation.actions import submit
from governance.validation.models import CheckResult
from governance.validation.states import RunState, Verdict
from governance.validation.work import reading, running
from tests.factories import safetensors
from tests.governance.validation.build import ready
from tests.governance.validation.work.seeing import spoil, verdicts


@pytest.fixture
def short_turns(monkeypatch):
    """Let a turn read 3,000 bytes."""
    monkeypatch.setattr(reading, "TURN", 3000)
    monkeypatch.setattr("governance.validation.subject.HASHED_BESIDE", 3000)
    monkeypatch.setattr(hashing, "CHUNK", 1000)


def in_turns(run):
    turns = 1
    while work.run_checks(run.pk):
        turns += 1
        run.refresh_from_db()
        assert (run.state, run.attempts, run.outcome) == (RunState.WAITING, 0, "")
        assert turns < 50
    run.refresh_from_db()
    return turns


FILES = {f"text-{number}.txt": b"word " * 400 for number in range(3)} | {"large.txt": b"large word " * 1000, "model.safetensors": safetensors()}


def test_a_large_version_takes_several_turns_and_ends_like_any_other(cast, short_turns, monkeypatch):
    run, hashed = submit(ready(cast, files=FILES), by=cast.nina), []
    real = reading.hash_on
    monkeypatch.setattr(reading, "hash_on", lambda place, beat, **more: hashed.append(more["start"]) or real(place, beat, **more))
    assert in_turns(run) >= 4
    assert (verdicts(run)["integrity"], run.state) == ("pass", RunState.FINISHED)
    assert run.slices >= 3
    assert run.place == {}
    assert [start for start in hashed if start] == [3000, 6000, 9000], "the large file is hashed once, from where it was left"


def test_a_changed_byte_of_a_large_file_is_found(cast, short_turns):
    version = ready(cast, files=FILES | {"large.txt": b"other words " * 1000})
    run = submit(version, by=cast.nina)
    spoil(version, "large.txt", 10_000)
    in_turns(run)
    assert verdicts(run)["integrity"] == Verdict.FAIL
    assert run.outcome in {Verdict.FAIL, Verdict.ERROR}


def test_a_turn_that_is_lost_begins_where_the_last_one_ended(cast, short_turns, monkeypatch):
    run = submit(ready(cast, files={"large.txt": FILES["large.txt"], "model.safetensors": safetensors()}), by=cast.nina)
    starts, real = [], reading.hash_on

    def once_lost(place, beat, **more):
        starts.append(more["start"])
        if len(starts) == 3:
            raise SystemExit("killed")
        return real(place, beat, **more)

    monkeypatch.setattr(reading, "hash_on", once_lost)
    with pytest.raises(SystemExit):
        in_turns(run)
    type(run).objects.filter(pk=run.pk).update(lease_until=None, state="waiting")
    in_turns(run)
    assert starts[3] == starts[2], "not from the beginning"
    assert verdicts(run)["integrity"] == "pass"


def test_without_openssl_a_large_file_is_hashed_in_one_go(cast, short_turns, monkeypatch):
    monkeypatch.setattr(hashing, "_library", lambda: None)
    run = submit(ready(cast, files={"large.txt": FILES["large.txt"], "model.safetensors": safetensors()}), by=cast.nina)
    in_turns(run)
    assert verdicts(run)["integrity"] == "pass"


@pytest.mark.parametrize("cut", [0, 1, 63, 64, 65, 999, 5000])
def test_a_digest_goes_on_in_another_process(cut):
    data = bytes(range(256)) * 20
    first = hashing.resumable()
    assert first is not None
    first.add(data[:cut])
    again = hashing.resumable(first.state())
    again.add(data[cut:])
    assert again.hex() == hashlib.sha256(data).hexdigest()


def test_between_two_stages_a_long_run_is_laid_aside(cast, monkeypatch):
    run = submit(ready(cast), by=cast.nina)
    monkeypatch.setattr(running, "TURN_SECONDS", 0.0)
    assert in_turns(run) >= 3
    assert verdicts(run)["integrity"] == "pass"
    assert CheckResult.objects.filter(run=run).count() == run.total
