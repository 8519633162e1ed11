"""What the sandbox must deny, tried in short; run once by every worker before it trusts a profile."""

import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence

SECRETS = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL")
READS_A_STRANGER = "read a file that was not given"


def look(payload: Mapping[str, str], files: Sequence[str]) -> dict[str, object]:
    """Read the given file, and say which of the forbidden things worked."""
    with open(files[0], encoding="utf-8") as stream:
        read = stream.read()
    return {"read": read, "let through": [name for name, attempt in ATTEMPTS.items() if _works(attempt, payload, files[0])]}


def _works(attempt: Callable[[Mapping[str, str], str], object], payload: Mapping[str, str], given: str) -> bool:
    try:
        attempt(payload, given)
    except (OSError, KeyError, RuntimeError):
        return False
    return True


def _close(descriptor: int) -> None:
    os.close(descriptor)


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)
    os.wait()


def _secrets() -> None:
    if not any(name in os.environ for name in SECRETS):
        raise KeyError


ATTEMPTS: dict[str, Callable[[Mapping[str, str], str], object]] = {
    READS_A_STRANGER: lambda payload, _given: _close(os.open(payload["stranger"], os.O_RDONLY)),
    "see a secret in the environment": lambda _payload, _given: _secrets(),
    "write to the given file": lambda _payload, given: _close(os.open(given, os.O_WRONLY)),
    "make a file": lambda _payload, _given: _close(os.open("/made-in-the-sandbox", os.O_WRONLY | os.O_CREAT)),
    "open a socket": lambda _payload, _given: socket.socket().close(),
    "start a process": lambda _payload, _given: _fork(),
    "start a program": lambda _payload, _given: os.execv(sys.executable, [sys.executable, "-c", ""]),
    "signal its parent": lambda payload, _given: os.kill(int(payload["parent"]), 0),
}
