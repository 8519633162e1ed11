"""`manage.py up`, for real: ready, killed hard, started again on the same data, stopped politely."""

import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from marketplace.local.folders import REPOSITORY
from marketplace.local.supervisor import answers
from tests.marketplace.local.conftest import clean_environment, eventually, running_in

pytestmark = pytest.mark.timeout(240)


class Up:
    """A running `manage.py up` and what it says."""

    def __init__(self, home, *flags, **extra):
        command = [sys.executable, "manage.py", "up", *flags]
        environment = clean_environment(home, PYTHONUNBUFFERED="1", **extra)
        self.process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said = ""

    def address(self):
        while "Stop:" not in self.said:
            line = self.process.stdout.readline()
            assert line, self.said
            self.said += line
        return re.search(r"http://localhost:(\d+)/", self.said)

    def end(self, request):
        self.process.send_signal(request)
        rest, _ = self.process.communicate(timeout=60)
        self.said += rest
        return self.process.returncode


def manage(home, *arguments):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=REPOSITORY, env=clean_environment(home), capture_output=True, text=True, check=False
    )


@pytest.mark.full  # two whole starts; the services alone are killed in every run (test_services.py)
def test_up_survives_a_hard_kill_and_stops_when_asked(home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = Up(home, "--no-demo", PORT=str(taken.getsockname()[1]))
        assert refused.process.wait(60) == 1
        assert "cannot be used" in refused.process.stdout.read()
    first = Up(home, "--no-demo")
    port = int(first.address()[1])
    assert answers(port, public_url=f"http://localhost:{port}")
    made = manage(home, "shell", "--no-imports", "-v0", "-c", "import os; print(os.environ['DATABASE_URL'], os.environ['PUBLIC_URL'])")
    assert made.returncode == 0, made.stderr
    assert made.stdout.split()[1] == f"http://localhost:{port}", "a command attaches to what is running"
    assert eventually(lambda: sum("celery" in line for line in running_in(home).values()) >= 4), "worker with two children, and beat"

    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    assert eventually(lambda: not running_in(home), seconds=30), running_in(home)
    assert not answers(port, public_url=f"http://localhost:{port}")

    assert manage(home, "init", "--organization", "Example", "--admin", "anna", "--email", "anna@example.com", "--team", "documents").returncode == 0
    began = time.monotonic()
    second = Up(home)
    second.address()
    assert time.monotonic() - began < 60
    assert "stays out of it" in second.said, "people with known passwords never join real ones"
    assert eventually(lambda: any(" beat " in line for line in running_in(home).values()))
    beat = next(pid for pid, line in running_in(home).items() if "celery" in line and " beat " in line)
    os.kill(beat, signal.SIGKILL)
    assert eventually(lambda: any(" beat " in line for pid, line in running_in(home).items() if pid != beat)), "beat is started again"
    assert second.end(signal.SIGTERM) == 0
    assert "`beat` ended with status -9; starting it again" in second.said
    assert second.said.rstrip().endswith("Stopping …")
    assert not running_in(home)
    assert not (home / "services.json").exists()


def test_up_without_manage_py_says_how_to_run_it(home):
    environment = clean_environment(home, DJANGO_SETTINGS_MODULE="marketplace.settings", DEBUG="1")
    command = [sys.executable, "-m", "django", "up"]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Run this as `python manage.py up`" in done.stderr
