"""Run one plain function on untrusted input in a child process that has little time, little memory and no secrets."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

JSON: TypeAlias = "Mapping[str, JSON] | Sequence[JSON] | str | int | float | bool | None"

_ROOT = Path(__file__).resolve().parents[2]
_CHILD = Path(__file__).with_name("child.py")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_STDERR_KEPT = 500
_CHUNK = 65536


class BoundedError(Exception):
    """The child gave no usable answer; the verdict on its input is therefore unknown, never good."""


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
    conversation = _Conversation(process, data, max_answer)
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


class _Conversation:
    """Feeds a child its input and gathers what it says, without ever blocking longer than allowed."""

    def __init__(self, process: subprocess.Popen[bytes], data: bytes, max_answer: int) -> None:
        self.process, self.max_answer = process, max_answer
        self.answer, self.stderr, self.too_large = bytearray(), bytearray(), False
        self._left = memoryview(data)
        self._selector = selectors.DefaultSelector()
        self._exit = os.pidfd_open(process.pid)
        self._selector.register(self._exit, selectors.EVENT_READ, self._exited)
        self._has_exited = False
        for pipe, event, react in (
            (process.stdin, selectors.EVENT_WRITE, self._feed),
            (process.stdout, selectors.EVENT_READ, self._hear),
            (process.stderr, selectors.EVENT_READ, self._overhear),
        ):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self._selector.register(pipe, event, react)

    def hold(self, *, until: float) -> bool:
        """Talk until the child has ended and said everything; False when time or space ran out first."""
        while self._selector.get_map():
            left = until - time.monotonic()
            if left <= 0 or self.too_large:
                return False
            for key, _ in self._selector.select(left):
                key.data(key.fd)
        return self._has_exited and not self.too_large

    def close(self) -> None:
        """End the child with everything it started, and let go of all descriptors."""
        self._end_group()
        self.process.wait()
        self._selector.close()
        os.close(self._exit)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None and not pipe.closed:
                # Unbuffered input is never left in the file object, so closing cannot fail on a broken pipe.
                pipe.close()

    def _exited(self, descriptor: int) -> None:
        # The child is not reaped before close(), so its group id cannot belong to anybody else yet.
        self._has_exited = True
        self._selector.unregister(descriptor)
        self._end_group()

    def _end_group(self) -> None:
        if self.process.returncode is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                # Nobody is left in the group, or (on the first instants) the child has not made its own group yet.
                self.process.kill()

    def _feed(self, descriptor: int) -> None:
        try:
            written = os.write(descriptor, self._left[:_CHUNK])
            self._left = self._left[written:]
        except BrokenPipeError:
            self._left = self._left[:0]
        if not self._left:
            self._selector.unregister(descriptor)
            if self.process.stdin is not None:
                self.process.stdin.close()

    def _hear(self, descriptor: int) -> None:
        chunk = os.read(descriptor, _CHUNK)
        self.answer += chunk
        self.too_large = len(self.answer) > self.max_answer
        if not chunk:
            self._selector.unregister(descriptor)

    def _overhear(self, descriptor: int) -> None:
        chunk = os.read(descriptor, _CHUNK)
        self.stderr += chunk
        del self.stderr[: -4 * _STDERR_KEPT]
        if not chunk:
            self._selector.unregister(descriptor)


def _crash(function: str, exit_code: int, stderr: bytes) -> Crashed:
    said = stderr.decode("utf-8", "replace")[-_STDERR_KEPT:].strip()
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
