"""Run one plain function on untrusted input in a child process that has little time, little memory and no secrets."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from marketplace.bounded.conversation import STDERR_KEPT, Conversation

JSON: TypeAlias = "Mapping[str, JSON] | Sequence[JSON] | str | int | float | bool | None"

_ROOT = Path(__file__).resolve().parents[2]
_CHILD = Path(__file__).with_name("child.py")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class BoundedError(Exception):
    """The child gave no usable answer; the verdict on its input is therefore unknown, never good.

    `profile` names what held the child, where something did.
    """

    profile = ""


class TimedOut(BoundedError):  # named by what happened
    """The child used up its seconds, on the clock or on the processor."""


class Crashed(BoundedError):  # named by what happened
    """The child ended by a signal or an error; `stderr` holds the last 500 characters it wrote."""

    def __init__(self, sentence: str, *, exit_code: int, stderr: str) -> None:
        super().__init__(sentence)
        self.exit_code, self.stderr = exit_code, stderr


class BadAnswer(BoundedError):  # named by what happened
    """The child answered with more than it may, or with something that is not JSON."""


def call(function: str, payload: JSON, *, seconds: float, memory_mb: int = 1024, max_answer: int = 8_000_000) -> JSON:
    """Return `function(payload)`, computed in a fresh bounded interpreter; `function` is a dotted path, the answer is JSON.

    A file to read is named by its path inside the payload: the child inherits no descriptor. The child imports the function's module
    without running the top package's `__init__`, so that Django and Celery stay out of it.
    """
    if seconds <= 0 or memory_mb <= 0:
        raise ValueError("A bounded call needs a positive number of seconds and megabytes.")
    data = json.dumps(payload).encode()
    command = [sys.executable, "-I", "-B", "-X", "utf8", str(_CHILD), function, str(_ROOT), str(float(seconds)), str(memory_mb)]
    process = subprocess.Popen(  # noqa: S603  # our own interpreter and our own file; the input travels by pipe
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_ENVIRONMENT,
        cwd="/",
        close_fds=True,
        start_new_session=True,
    )
    conversation = Conversation(process, data, max_answer)
    try:
        finished = conversation.hold(until=time.monotonic() + seconds)
    finally:
        conversation.close()
    if conversation.too_large:
        raise BadAnswer(f"{function} answered with more than {max_answer:,} bytes.")
    if not finished or -process.returncode in {signal.SIGXCPU, signal.SIGALRM}:
        raise TimedOut(f"{function} did not finish within {seconds:g} s.")
    if process.returncode != 0:
        raise _crash(function, process.returncode, bytes(conversation.stderr))
    return _parse(function, bytes(conversation.answer))


def _crash(function: str, exit_code: int, stderr: bytes) -> Crashed:
    said = stderr.decode("utf-8", "replace")[-STDERR_KEPT:].strip()
    how = f"was ended by {_signal_name(-exit_code)}" if exit_code < 0 else f"failed (exit code {exit_code})"
    last = said.rsplit("\n", 1)[-1]
    return Crashed(f"{function} {how}{': ' + last if last else '.'}", exit_code=exit_code, stderr=said)


def _signal_name(number: int) -> str:
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _parse(function: str, answer: bytes) -> JSON:
    try:
        value: JSON = json.loads(answer, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        raise BadAnswer(f"{function} did not answer with JSON: {problem}") from problem
    return value
