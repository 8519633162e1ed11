"""The scanner: runs named tasks for workers, confined, in a process that has no database, no secrets and need not have a network."""

import argparse
import json
import os
import signal
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from marketplace.bounded import BoundedError, Crashed, TimedOut
from marketplace.sandbox.client import ScannerAway
from marketplace.sandbox.inside.selftest import SECRETS
from marketplace.sandbox.running import BUBBLEWRAP, LANDLOCK, SECCOMP, run_here
from marketplace.sandbox.selftest import first_that_holds
from marketplace.sandbox.tasks import Limits, Task

MOST_ASKED = 64 * 1024 * 1024
SECONDS_TO_ASK = 30


class Scanner(socketserver.ThreadingUnixStreamServer):
    """Answers one request a connection; as many tasks at once as `parallel` says, the others wait."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: str, tasks: Sequence[Task], *, roots: Sequence[Path], parallel: int) -> None:
        self.tasks = {task.function: task for task in tasks}
        self.roots = [root.resolve() for root in roots]
        self.turns = threading.BoundedSemaphore(parallel)
        self.profile, self.weak = first_that_holds((BUBBLEWRAP, LANDLOCK, *((SECCOMP,) if alone() else ())))
        before = os.umask(0o117)  # whoever may write to the socket may ask: its account and its group
        try:
            super().__init__(address, Question)
        finally:
            os.umask(before)

    def why(self) -> str:
        """Return why nothing can be confined here; empty when it can."""
        if self.profile:
            return ""
        reasons = "; ".join(f"{name}: {reason}" for name, reason in self.weak.items())
        return f"{reasons}. Install bubblewrap, use a kernel with Landlock, or give the scanner no network (then the filter alone is enough)."

    def sees(self, path: str) -> bool:
        """Whether a path lies under what this scanner was told to read."""
        return any(Path(os.path.realpath(path)).is_relative_to(root) for root in self.roots)


class Question(socketserver.StreamRequestHandler):
    """Reads one line, answers with one line."""

    server: Scanner
    timeout = SECONDS_TO_ASK

    def handle(self) -> None:
        """Answer whatever was asked; a request that is none gets a fault."""
        try:
            line = self.rfile.readline(MOST_ASKED + 1)
            order: Any = json.loads(line) if len(line) <= MOST_ASKED else None
            told = ANSWERS[order["ask"]](self.server, order)
        except (ValueError, KeyError, TypeError, RecursionError):
            told = {"fault": "BadAnswer", "sentence": "The scanner did not understand the request; is it of the same version as the worker?"}
        except OSError as fault:
            told = {"fault": "BadAnswer", "sentence": f"The scanner could not read ({type(fault).__name__})."}
        with suppress(OSError):  # nobody waits any more
            self.wfile.write(json.dumps(told).encode() + b"\n")


def _hello(scanner: Scanner, order: Mapping[str, Any]) -> dict[str, Any]:
    unseen = [folder for folder in order["folders"] if not scanner.sees(folder) or not os.access(folder, os.R_OK | os.X_OK)]
    return {"profile": scanner.profile, "why": scanner.why(), "unseen": unseen}


def _run(scanner: Scanner, order: Mapping[str, Any]) -> dict[str, Any]:
    task, limits, files = scanner.tasks[order["function"]], Limits.from_json(order["limits"]), list(order["files"])
    if not scanner.profile:
        return _told(ScannerAway(f"The scanner can confine nothing: {scanner.why()}"))
    for path in files:
        if not scanner.sees(path):
            return _told(ScannerAway("The scanner was not given the folder of this file; start it with --files for that folder."))
    if not scanner.turns.acquire(timeout=limits.wall_seconds):
        return _told(TimedOut("The scanner had no time for it."))
    try:
        answer = run_here(task, order["payload"], files=files, limits=limits, profile=scanner.profile)
    except BoundedError as fault:
        return _told(fault)
    finally:
        scanner.turns.release()
    return {"answer": answer.value, "profile": answer.profile}


def _told(fault: Exception) -> dict[str, Any]:
    code = {"exit_code": fault.exit_code} if isinstance(fault, Crashed) else {}
    return {"fault": type(fault).__name__, "sentence": str(fault)} | code


ANSWERS: dict[str, Callable[[Scanner, Mapping[str, Any]], dict[str, Any]]] = {"hello": _hello, "run": _run}


def alone() -> bool:
    """Whether this process can reach no other machine: it has no route but to itself."""
    try:
        plain = Path("/proc/net/route").read_text(encoding="ascii").splitlines()[1:]
        longer = Path("/proc/net/ipv6_route").read_text(encoding="ascii").splitlines() if Path("/proc/net/ipv6_route").exists() else []
    except OSError:
        return False
    return not [line for line in plain if line.split()[0] != "lo"] and not [line for line in longer if line.split()[-1] != "lo"]


def handed_secrets() -> list[str]:
    """Return the names of secrets in the environment, none of which a scanner may have."""
    return [name for known in SECRETS for name in (known, f"{known}_FILE") if name in os.environ]


def main(tasks: Sequence[Task], arguments: Sequence[str] | None = None) -> None:
    """Listen until told to stop."""
    parser = argparse.ArgumentParser(prog="scanner", description="Read model files for the workers, confined, without database and secrets.")
    parser.add_argument("--listen", required=True, metavar="SOCKET", help="the unix socket that SCANNER_URL of the workers names")
    parser.add_argument("--files", required=True, action="append", type=Path, metavar="FOLDER", help="a folder of files to read; repeatable")
    parser.add_argument("--parallel", type=int, default=2, help="how many tasks run at once")
    chosen = parser.parse_args(arguments)
    if found := handed_secrets():
        sys.exit(f"Refusing to start: the scanner must not be handed {', '.join(found)}. Start it with an environment of its own.")
    _forget(chosen.listen)
    with Scanner(chosen.listen, tasks, roots=chosen.files, parallel=max(1, chosen.parallel)) as scanner:
        for request in (signal.SIGTERM, signal.SIGINT):
            signal.signal(request, lambda *_: threading.Thread(target=scanner.shutdown).start())
        sys.stdout.write(f"The scanner listens at {chosen.listen}: {scanner.profile or 'nothing can be confined here. ' + scanner.why()}\n")
        sys.stdout.flush()
        scanner.serve_forever()
    with suppress(OSError):
        Path(chosen.listen).unlink()


def _forget(address: str) -> None:
    """Remove the socket that a killed scanner left; refuse to take the place of a running one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(address)
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            Path(address).unlink()
            return
    sys.exit(f"Another scanner already listens at {address}.")
