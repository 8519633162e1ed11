"""Running one task in a confined process of this machine, and judging what comes back."""

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from signal import SIGALRM, SIGXCPU, Signals
from typing import Any

from marketplace.bounded import BadAnswer, Crashed, TimedOut
from marketplace.bounded.conversation import Conversation
from marketplace.sandbox.tasks import Answer, Limits, Task
from marketplace.sandbox.world import World, bubblewrap, world

BUBBLEWRAP, LANDLOCK, SECCOMP, UNSANDBOXED = "bubblewrap", "landlock", "seccomp", "unsandboxed"
CONFINING = (BUBBLEWRAP, LANDLOCK, SECCOMP)
HERE = (*CONFINING, UNSANDBOXED)
SHOWN = 200
MOST_SAID = 8_000_000  # what a library may print while it works


def run_here(task: Task, payload: Any, *, files: Sequence[str | os.PathLike[str]], limits: Limits, profile: str) -> Answer:
    """Return what the task answers under this profile; raises BoundedError, or OSError for a file that cannot be opened."""
    if profile not in HERE:
        raise ValueError(f"{profile} is no profile of a process on this machine.")
    own = world(task, files, moved=profile == BUBBLEWRAP)
    command = (bubblewrap(own.binds) if profile == BUBBLEWRAP else []) + own.start
    answer, stderr, code = _converse(command, _order(task, payload, own, limits, profile), task, limits)
    return Answer(_judge(task.function, code, answer, stderr, profile), profile)


def _order(task: Task, payload: Any, own: World, limits: Limits, profile: str) -> bytes:
    order = {
        "function": task.function,
        "payload": payload,
        "files": own.files,
        "sources": own.sources,
        "packages": own.packages,
        "profile": profile,
        "parent": os.getpid(),
        "limits": limits.to_json(),
        "calls": task.calls,
        # In a file system of its own nothing is there that was not given.
        "readable": ["/"] if profile == BUBBLEWRAP else [outside for outside, _ in own.binds],
    }
    return json.dumps(order).encode()


def _converse(command: Sequence[str], order: bytes, task: Task, limits: Limits) -> tuple[bytes, bytes, int]:
    """Start the process with an empty environment and no descriptor of ours; return its answer, its last words and how it ended."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own file, or bwrap with them
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={},
        cwd="/",
        close_fds=True,
        start_new_session=True,
    )
    conversation = Conversation(process, order, limits.answer_bytes, max_said=MOST_SAID)
    try:
        finished = conversation.hold(until=time.monotonic() + limits.wall_seconds)
    finally:
        conversation.close()
    if conversation.too_large:
        raise BadAnswer(f"{task.function} answered with more than {limits.answer_bytes:,} bytes, or said more than {MOST_SAID:,} beside it.")
    if not finished:
        raise TimedOut(f"{task.function} did not finish within {limits.wall_seconds:g} s.")
    return bytes(conversation.answer), bytes(conversation.stderr), process.returncode


def _judge(function: str, code: int, answer: bytes, stderr: bytes, profile: str) -> Any:
    """Turn the end of the process and its answer into a value, trusting neither."""
    if profile == BUBBLEWRAP and code > 128:
        code = 128 - code  # how bwrap reports a signal
    if -code in {SIGXCPU, SIGALRM}:
        raise TimedOut(f"{function} used up its seconds.")
    if code:
        how = f"was ended by {_signal(-code)}" if code < 0 else f"failed (exit code {code})"
        raise Crashed(f"{function} {how}.", exit_code=code, stderr=stderr.decode("utf-8", "replace").strip())
    told = strict(answer, function)
    if set(told) == {"fault"} and isinstance(told["fault"], str):
        fault = "".join(char if char.isprintable() else " " for char in told["fault"][:SHOWN])
        raise Crashed(f"{function} failed: {fault}", exit_code=1, stderr=fault)
    if set(told) != {"answer"}:
        raise BadAnswer(f"{function} answered in another shape.")
    return told["answer"]


def strict(line: bytes, function: str) -> Mapping[str, Any]:
    """Read exactly one line of JSON: an object, without NaN and Infinity, without halves of characters, and nothing after it."""
    try:
        text = line.decode("ascii")
        if text.count("\n") != 1 or not text.endswith("\n"):
            raise ValueError("it is not one line")
        value = json.loads(text, parse_constant=_refuse)
        if not isinstance(value, dict):
            raise ValueError("it is no object")  # noqa: TRY004 - every wrong answer is the same error
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as problem:
        raise BadAnswer(f"{function} did not give one usable answer: {str(problem)[:SHOWN]}") from problem
    return value


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _signal(number: int) -> str:
    return Signals(number).name if number in set(Signals) else f"signal {number}"
