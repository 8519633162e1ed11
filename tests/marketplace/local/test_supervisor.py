"""Programs are kept up, given up on when that is hopeless, and stopped with everything they started."""

import sys
import time

import pytest

from marketplace.local import supervisor as room
from marketplace.local.processes import LocalError
from marketplace.local.supervisor import Program, Supervisor
from tests.marketplace.local.conftest import eventually, running_in

pytestmark = pytest.mark.full


def python(name, code, **more):
    return Program(name, (sys.executable, "-c", code), **more)


def look_until(supervisor, question, seconds=15.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not question():
        supervisor.look_after()
        time.sleep(0.02)
    return question()


def test_a_program_that_falls_over_is_started_again(home, capsys):
    counter = home / "starts"
    code = f"import time; open({str(counter)!r}, 'a').write('x'); time.sleep(0.05 if len(open({str(counter)!r}).read()) < 3 else 60)"
    with Supervisor([python("web", code)], logs=home).running() as supervisor:
        assert look_until(supervisor, lambda: counter.exists() and counter.read_text() == "xxx")
    said = capsys.readouterr().out
    assert said.count("`web` ended with status 0; starting it again in") == 2
    assert not running_in(home)


def test_a_program_that_never_stays_up_ends_the_run_with_its_last_words(home, monkeypatch):
    monkeypatch.setattr(room, "PER_MINUTE", 2)
    with (
        pytest.raises(LocalError, match=r"`web` ended 3 times in a minute(.|\n)*no such table"),
        Supervisor([python("web", "import sys; sys.exit('no such table')")], logs=home).running() as supervisor,
    ):
        look_until(supervisor, lambda: False)


def test_programs_that_will_not_listen_are_stopped_with_their_children(home):
    stubborn = "import signal, subprocess, sys, time; [signal.signal(s, signal.SIG_IGN) for s in (15, 3)]; "
    child = (
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', {str(home)!r}]); open({str(home / 'ready')!r}, 'w'); time.sleep(60)"
    )
    with Supervisor([python("web", stubborn + child, patience=0.2)], logs=home).running():
        assert eventually((home / "ready").exists)
        assert len(running_in(home)) == 2
    assert eventually(lambda: not running_in(home)), running_in(home)


def test_waiting_for_a_web_process_that_never_answers_ends_with_its_log(home, monkeypatch):
    monkeypatch.setattr(room, "READY_WITHIN", 0.5)
    with (
        Supervisor([python("web", "print('listening to nobody', flush=True); import time; time.sleep(60)")], logs=home).running() as supervisor,
        pytest.raises(LocalError, match=r"does not answer(.|\n)*listening to nobody"),
    ):
        supervisor.wait_until_healthy(port=9, public_url="http://localhost")


def test_a_log_that_has_grown_is_put_aside(home, monkeypatch):
    monkeypatch.setattr(room, "LOG_BYTES", 10)
    (home / "web.log").write_text("what was said long ago")
    with Supervisor([python("web", "pass")], logs=home).running():
        assert (home / "web.log.1").read_text() == "what was said long ago"
