"""A bounded call answers in time, or says exactly why it did not."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from marketplace.bounded import BadAnswer, Crashed, TimedOut, call

HERE = "tests.marketplace.bounded_functions"


def run(name, payload=None, *, seconds=10, **more):
    return call(f"{HERE}.{name}", payload, seconds=seconds, **more)


def test_the_answer_is_what_the_function_returns():
    assert run("add", {"a": 2, "b": 3}) == 5
    value = {"text": "ä\x00\ud800", "list": [1, 2.5, None, True]}
    assert run("echo", value) == value


def test_a_large_payload_travels_both_ways():
    value = "y" * 5_000_000
    assert run("echo", value) == value


def test_neither_django_nor_celery_is_loaded():
    assert not {"django", "celery", "kombu", "asyncio"} & set(run("modules"))


def test_the_environment_carries_no_secret(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    assert "do not tell" not in str(run("environment"))


def test_no_descriptor_is_inherited(tmp_path):
    with (tmp_path / "open").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        # standard streams, the answer pipe and the listing of the folder itself
        assert len(run("descriptors")) <= 5


def test_limits_are_hard():
    limits = run("limits", seconds=3, memory_mb=200)
    assert limits["RLIMIT_CPU"] == [4, 4]
    assert limits["RLIMIT_DATA"] == [200 * 1024 * 1024] * 2
    assert limits["RLIMIT_FSIZE"] == limits["RLIMIT_NPROC"] == limits["RLIMIT_CORE"] == [0, 0]
    assert limits["RLIMIT_NOFILE"][1] <= 64


@pytest.mark.parametrize(("name", "payload"), [("spin", None), ("sleep", 30), ("ignore_signals", None)])
def test_too_slow_is_timed_out(name, payload):
    began = time.monotonic()
    with pytest.raises(TimedOut, match="did not finish"):
        run(name, payload, seconds=0.5)
    assert time.monotonic() - began < 3


def test_memory_beyond_the_limit_is_a_crash():
    with pytest.raises(Crashed, match="MemoryError"):
        run("hog", 500_000_000, memory_mb=200)
    assert run("hog", 50_000_000, memory_mb=200) == 50_000_000


def test_a_signal_is_named():
    with pytest.raises(Crashed, match="SIGSEGV") as caught:
        run("die", int(signal.SIGSEGV))
    assert caught.value.exit_code == -signal.SIGSEGV


def test_an_exception_keeps_the_last_words_only():
    with pytest.raises(Crashed, match="RuntimeError: out of cheese") as caught:
        run("fail", "out of cheese")
    assert len(caught.value.stderr) <= 500


def test_leaving_early_is_a_crash_and_silence_is_a_bad_answer():
    with pytest.raises(Crashed, match="exit code 3"):
        run("leave", 3)
    with pytest.raises(BadAnswer):
        run("silent")


def test_an_unknown_function_is_a_crash():
    with pytest.raises(Crashed, match="nothing_like_it"):
        run("nothing_like_it")


def test_too_large_an_answer_is_refused():
    with pytest.raises(BadAnswer, match="more than 1,000 bytes"):
        run("large", 1_000_000, max_answer=1000)
    assert len(run("large", 900, max_answer=1000)) == 900


@pytest.mark.parametrize(("name", "payload"), [("garbage", None), ("not_a_number", None), ("nested", 900_000)])
def test_what_is_not_json_is_refused(name, payload):
    with pytest.raises((BadAnswer, Crashed)):
        run(name, payload)


def test_a_value_that_json_cannot_carry_is_a_crash():
    with pytest.raises(Crashed, match="not JSON serializable"):
        run("not_json")


def test_printing_does_not_reach_the_answer():
    assert run("print_first") == "clean"


def test_the_child_reads_the_file_it_is_given_but_writes_none(tmp_path):
    given = tmp_path / "in.txt"
    given.write_text("hello")
    assert run("read", str(given)) == "hello"
    with pytest.raises(Crashed, match="File too large"):
        run("write", str(tmp_path / "out.txt"))


def test_a_grandchild_does_not_survive():
    try:
        pid = run("leave_a_child", 60)
    except Crashed:
        # Not root: the limit on processes already refuses to start one.
        return
    for _ in range(50):
        # Gone, or dead and waiting for whoever adopted it to notice.
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the grandchild is still running")


def test_calls_from_many_threads_do_not_disturb_each_other():
    answers = {}
    threads = [threading.Thread(target=lambda n=n: answers.__setitem__(n, run("echo", n))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: n for n in range(8)}


def test_no_descriptor_leaks():
    run("echo", 1)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name, payload in (("echo", 1), ("fail", "x"), ("silent", None)):
        try:
            run(name, payload)
        except (BadAnswer, Crashed):
            continue
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("more", [{"seconds": 0}, {"memory_mb": 0}])
def test_a_bound_must_be_positive(more):
    with pytest.raises(ValueError, match="positive"):
        run("echo", 1, **more)
