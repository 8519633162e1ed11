"""Child processes that never outlive the process that started them."""

import contextlib
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
PROC = Path("/proc")


class LocalError(Exception):
    """Something on this machine keeps the marketplace from running; the sentence says what to do."""


@dataclass(frozen=True)
class Account:
    """The system account that a child runs as."""

    user: int
    group: int


def service_account() -> Account | None:
    """Return the account PostgreSQL must run as: nobody when we are root, which PostgreSQL refuses; otherwise ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as missing:
        raise LocalError("PostgreSQL refuses to run as root and there is no account `nobody`; run this as an ordinary user.") from missing
    return Account(entry.pw_uid, entry.pw_gid)


def require_linux() -> None:
    """Refuse elsewhere: orphans are found and parents are watched in Linux's own ways."""
    if sys.platform != "linux":
        raise LocalError("The embedded PostgreSQL and Valkey run on Linux only; set DATABASE_URL and REDIS_URL to services of your own.")


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def die_with_parent(death: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before its program so that the kernel signals it when its parent is gone, however it went."""
    libc, parent = ctypes.CDLL(None), os.getpid()

    def before_program() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(death))
        if os.getppid() != parent:
            os.kill(os.getpid(), death)

    return before_program


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    folder: Path,
    death: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
    text: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, its output appended to `log`, `text` given on its input."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=None if environment is None else dict(environment),
            start_new_session=True,
            preexec_fn=die_with_parent(death),  # noqa: PLW1509 - only system calls run between fork and exec
            user=account.user if account else None,
            group=account.group if account else None,
            extra_groups=[] if account else None,
        )
    if text is not None and process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(text.encode())
    return process


def ask_to_end(process: subprocess.Popen[bytes], request: signal.Signals = signal.SIGTERM) -> None:
    """Send a polite request, once: a second one means hurry to some programs."""
    if process.poll() is None:
        process.send_signal(request)


def stop(process: subprocess.Popen[bytes], *, first: signal.Signals = signal.SIGTERM, patience: float = 10, asked: bool = False) -> None:
    """Ask a child to end, insist when it does not, and end whatever is left of its group."""
    for request, seconds in ((None if asked else first, patience), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 5.0)):
        if request is not None:
            ask_to_end(process, request)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            break
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def wait_until(ready: Callable[[], bool], *, process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Ask `ready` until it says yes; no as soon as the process has ended or the time is over."""
    end = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def works_in(pid: int, folder: Path) -> bool:
    """Whether a running process belongs to this folder, by where it stands or by its command line (a number alone may be reused)."""
    with contextlib.suppress(OSError):
        if (PROC / str(pid) / "cwd").readlink() == folder.resolve():
            return True
    with contextlib.suppress(OSError):
        return os.fsencode(folder) in (PROC / str(pid) / "cmdline").read_bytes()
    return False


def stop_orphan(pid_file: Path, folder: Path, *, first: signal.Signals = signal.SIGTERM, patience: float = 30) -> None:
    """End a server that a killed supervisor left on this folder, and wait until it has let go of the data."""
    try:
        pid = int(pid_file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    for request, seconds in ((first, patience), (signal.SIGKILL, 5.0)):
        end = time.monotonic() + seconds
        while works_in(pid, folder) and time.monotonic() < end:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, request)
            time.sleep(0.1)
    if works_in(pid, folder):
        raise LocalError(f"Process {pid} still uses {folder} and could not be stopped; end it and try again.")


def tail(path: Path, lines: int = 15) -> str:
    """Return the last lines of a log, for the message that says what went wrong."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
