"""A private home per test, processes that hold services in it, and a way to see what is still running there."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from marketplace.local.folders import REPOSITORY, temporary_home

HOLD = """
import json, sys, time
from pathlib import Path
from marketplace.local.services import attach_or_start
from dataclasses import asdict
with attach_or_start(Path(sys.argv[1]), holder=sys.argv[2], say=lambda s: print(s, file=sys.stderr, flush=True)) as found:
    print(json.dumps(asdict(found)), flush=True)
    sys.stdin.readline()
"""


def clean_environment(home: Path, **extra: str) -> dict[str, str]:
    """The environment of somebody who has set nothing but the home."""
    given = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_URL", "STORAGE_URL", "DEBUG", "LOCAL", "PORT", "DJANGO_SETTINGS_MODULE", "FILES_URL"}
    kept = {key: value for key, value in os.environ.items() if key not in given and not key.startswith(("PYTEST", "COV_"))}
    return kept | {"MARKETPLACE_VAR": str(home), "PYTHONPATH": str(REPOSITORY)} | extra


def running_in(home: Path) -> dict[int, str]:
    """Every living process that stands in the home or names it, this one and its parents aside."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if entry.joinpath("stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                continue
            line = entry.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = entry.joinpath("environ").read_bytes()
            stands_in = entry.joinpath("cwd").readlink().is_relative_to(home)
        except OSError:
            continue
        if stands_in or str(home) in line or f"MARKETPLACE_VAR={home}".encode() in environment.split(b"\0"):
            found[int(entry.name)] = line
    return found


def eventually(question, *, seconds=20.0):
    """Ask until the answer is yes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.05)
    return question()


class Holder:
    """A process that holds services, as a command does."""

    def __init__(self, home: Path, name: str = "search", **extra: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(home), name],
            env=clean_environment(home, **extra),
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def services(self) -> dict[str, str]:
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def finish(self) -> str:
        """Let it end by itself; return what it said to the person."""
        _, said = self.process.communicate("\n", timeout=60)
        assert self.process.returncode == 0, said
        return said

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def home():
    with temporary_home() as folder:
        yield folder


@pytest.fixture
def hold(home):
    holders = []

    def start(name: str = "search", **extra: str) -> Holder:
        holders.append(Holder(home, name, **extra))
        return holders[-1]

    yield start
    for holder in holders:
        if holder.process.poll() is None:
            holder.kill()
    assert eventually(lambda: not running_in(home)), running_in(home)
