"""Keeping the processes of `manage.py up` running: started together, restarted when one falls over, stopped together."""

import contextlib
import http.client
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from marketplace.local import processes
from marketplace.local.folders import REPOSITORY, made
from marketplace.local.processes import LocalError, free_port
from marketplace.local.services import given

PER_MINUTE = 5
HERE = {"localhost", "127.0.0.1", "::1"}
LOG_BYTES = 10 * 1024**2
READY_WITHIN = 90.0


@dataclass(frozen=True)
class Program:
    """One process that belongs to a running marketplace."""

    name: str
    command: tuple[str, ...]
    patience: float = 6.0  # seconds to finish its work after a polite request
    environment: Mapping[str, str] = field(default_factory=dict)


BYTES = {"DATABASE_POOL": "16", "BYTES_ONLY": "1"}  # many threads share few connections, and answer signed links only


def programs(folder: Path, *, port: int) -> tuple[Program, ...]:
    """Return what runs beside the services."""
    celery = (sys.executable, "-m", "celery", "-A", "marketplace")
    gunicorn = (sys.executable, "-m", "gunicorn", "marketplace.wsgi", "--no-control-socket", "--preload", "-k", "gthread", "--graceful-timeout", "4")
    files_port, elsewhere = free_port(), {}
    if not given("FILES_URL") and urlsplit(os.environ.get("PUBLIC_URL", "")).hostname in HERE:  # from other machines only one port is reached
        elsewhere = {"FILES_URL": f"http://127.0.0.1:{files_port}"}
    return (
        Program("web", (*gunicorn, "-b", f"127.0.0.1:{port}", "-w", "2", "--threads", "8"), environment=elsewhere),
        Program(
            "files",
            (*gunicorn, "-b", f"127.0.0.1:{files_port}", "-w", "1", "--threads", "250"),
            environment=BYTES,
        ),
        Program("worker", (*celery, "worker", "-c", "2", "-Q", "default,checks", "-l", "INFO", "--without-gossip", "--without-mingle")),
        Program("beat", (*celery, "beat", "-s", str(made(folder / "beat") / "schedule"), "--pidfile=", "-l", "INFO")),
    )


@dataclass
class _Run:
    """A program with its process and its recent ends."""

    program: Program
    process: subprocess.Popen[bytes]
    ends: deque[float] = field(default_factory=deque)
    again_at: float | None = None


class Supervisor:
    """Runs programs until it is told to stop or one of them cannot be kept up."""

    def __init__(self, wanted: Sequence[Program], *, logs: Path) -> None:
        self.wanted, self.logs = tuple(wanted), logs
        self.runs: list[_Run] = []

    @contextlib.contextmanager
    def running(self) -> Iterator["Supervisor"]:
        """Have every program running within the block."""
        try:
            self.add(self.wanted)
            yield self
        finally:
            self._stop()

    def add(self, wanted: Sequence[Program]) -> None:
        """Start further programs and look after them too."""
        for program in wanted:
            self._shorten_log(program)
            self.runs.append(_Run(program, self._spawn(program)))

    def wait_until_healthy(self, *, port: int, public_url: str) -> None:
        """Return once `/healthz` answers 200; give up with the end of the web log."""
        end = time.monotonic() + READY_WITHIN
        while not answers(port, public_url=public_url):
            self.look_after()
            if time.monotonic() > end:
                raise LocalError(f"The web process does not answer. The end of {self._log('web')}:\n{processes.tail(self._log('web'))}")
            time.sleep(0.1)

    def watch(self) -> None:
        """Look after the programs for ever; a signal ends it."""
        while True:
            self.look_after()
            time.sleep(0.25)

    def look_after(self) -> None:
        """Start again what has ended, later each time, and give up after five times within a minute."""
        now = time.monotonic()
        for run in self.runs:
            if run.again_at is None and run.process.poll() is not None:
                self._note_end(run, now)
            elif run.again_at is not None and now >= run.again_at:
                run.process, run.again_at = self._spawn(run.program), None

    def _note_end(self, run: _Run, now: float) -> None:
        name, log = run.program.name, self._log(run.program.name)
        processes.stop(run.process)  # whatever is left of its group
        run.ends.append(now)
        while run.ends[0] < now - 60:
            run.ends.popleft()
        if len(run.ends) > PER_MINUTE:
            raise LocalError(f"`{name}` ended {len(run.ends)} times in a minute. The end of {self._log(name)}:\n{processes.tail(self._log(name))}")
        delay = 0.25 * 2 ** (len(run.ends) - 1)
        print(f"`{name}` ended with status {run.process.returncode}; starting it again in {delay:g} s. See {log}", flush=True)
        run.again_at = now + delay

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        environment = os.environ | program.environment
        return processes.spawn(program.command, log=self._log(program.name), folder=REPOSITORY, environment=environment)

    def _stop(self) -> None:
        for run in self.runs:
            processes.ask_to_end(run.process)
        for run in self.runs:
            processes.stop(run.process, patience=run.program.patience, asked=True)

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _shorten_log(self, program: Program) -> None:
        log = self._log(program.name)
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))


def answers(port: int, *, public_url: str, path: str = "/healthz") -> bool:
    """Whether the web process says that it is well, asked under the name that people use."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": urlsplit(public_url).netloc})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
