"""Asking the scanner: a process of its own, reached by a unix socket, that confines and runs what it is asked for."""

import json
import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from marketplace.bounded import BadAnswer, BoundedError, Crashed, TimedOut
from marketplace.sandbox.running import CONFINING, strict
from marketplace.sandbox.tasks import Answer, Limits, Task

SERVICE = "service"
SCHEME = "unix:"
PATIENCE = 120.0  # seconds a task may wait for its turn beyond its own
ENVELOPE = 10_000
NAME = "The scanner"


class ScannerAway(BoundedError):
    """The scanner does not answer, or may not answer; the sentence says what to do."""


def run_there(url: str, task: Task, payload: Any, *, files: Sequence[str | os.PathLike[str]], limits: Limits) -> Answer:
    """Return what the task answers over there; the files are named by paths that the scanner must see too."""
    order = {
        "ask": "run",
        "function": task.function,
        "payload": payload,
        "files": [str(Path(path).absolute()) for path in files],
        "limits": limits.to_json(),
    }
    told = _speak(url, order, seconds=limits.wall_seconds + PATIENCE, most=limits.answer_bytes + ENVELOPE)
    if set(told) == {"answer", "profile"} and told["profile"] in CONFINING:
        return Answer(told["answer"], f"{SERVICE}/{told['profile']}")
    raise _fault(told)


def hello(url: str, folders: Sequence[str | os.PathLike[str]]) -> str:
    """Return the profile that the scanner itself confines with; raises ScannerAway when it does not, or does not see these folders."""
    told = _speak(url, {"ask": "hello", "folders": [str(Path(folder).absolute()) for folder in folders]}, seconds=60, most=ENVELOPE)
    if set(told) != {"profile", "why", "unseen"} or told["profile"] not in ("", *CONFINING) or not isinstance(told["unseen"], list):
        raise _fault(told)
    if not told["profile"]:
        raise ScannerAway(f"{NAME} can confine nothing: {told['why']}")
    if told["unseen"]:
        raise ScannerAway(f"{NAME} does not see {told['unseen'][0]}; start it with --files for that folder.")
    return str(told["profile"])


def _fault(told: Mapping[str, Any]) -> BoundedError:
    kind, sentence, code = told.get("fault"), str(told.get("sentence", ""))[:500], told.get("exit_code")
    if kind == "TimedOut":
        return TimedOut(sentence)
    if kind == "Crashed" and isinstance(code, int):
        return Crashed(sentence, exit_code=code, stderr="")
    if kind == "ScannerAway":
        return ScannerAway(sentence)
    return BadAnswer(sentence or f"{NAME} answered in another shape.")


def _speak(url: str, order: Mapping[str, Any], *, seconds: float, most: int) -> Mapping[str, Any]:
    """Send one line, take one line; whatever happens, it ends within these seconds and this size."""
    end = time.monotonic() + seconds
    answer = bytearray()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(10)
            line.connect(url.removeprefix(SCHEME).replace("//", "/", 1))
            line.sendall(json.dumps(order).encode() + b"\n")
            while (left := end - time.monotonic()) > 0 and len(answer) <= most:
                line.settimeout(left)
                chunk = line.recv(65536)
                if not chunk:
                    return strict(bytes(answer), NAME)
                answer += chunk
    except TimeoutError as late:
        raise TimedOut(f"{NAME} did not answer in time.") from late
    except OSError as away:
        why = away.strerror or type(away).__name__
        raise ScannerAway(f"{NAME} does not answer at SCANNER_URL ({why}); start it, or leave SCANNER_URL out.") from away
    if len(answer) > most:
        raise BadAnswer(f"{NAME} answered with more than {most:,} bytes.")
    raise TimedOut(f"{NAME} did not answer in time.")
