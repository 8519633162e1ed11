"""Run a task on untrusted files in a process that can read them and nothing else, and do nothing but answer.

`run` confines in one of three ways, all of which pass the same probe (`tests/marketplace/sandbox`): under bubblewrap, under Landlock, or in
a scanner apart (`service.py`); where none works nothing runs. The task answers JSON of bounded size; whatever else happens is a BoundedError.
What this protects is the machine. The answer still comes from a process that read hostile bytes: a task must not be talked into lying.
"""

import os
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from marketplace.bounded import BadAnswer, BoundedError, Crashed, TimedOut
from marketplace.sandbox.choosing import NONE, REMEDY, Choice, Unavailable, choice, forget, required
from marketplace.sandbox.client import SERVICE, ScannerAway, run_there
from marketplace.sandbox.running import UNSANDBOXED, run_here
from marketplace.sandbox.tasks import NUMERICAL, Answer, Limits, Task

__all__ = [
    "NONE",
    "NUMERICAL",
    "REMEDY",
    "UNSANDBOXED",
    "Answer",
    "BadAnswer",
    "BoundedError",
    "Choice",
    "Crashed",
    "Limits",
    "ScannerAway",
    "Task",
    "TimedOut",
    "Unavailable",
    "choice",
    "forget",
    "run",
]

USUAL = Limits()


def run(task: Task, payload: Any = None, *, files: Sequence[str | os.PathLike[str]] = (), limits: Limits = USUAL) -> Answer:
    """Return what `task` answers about `files`, which it sees under paths that it is given, and may only read.

    Call it from a thread that lives until the answer: the kernel ends the confined process with the thread that started it.
    """
    profile = required()
    try:
        if profile == SERVICE:
            return run_there(settings.SCANNER_URL, task, payload, files=files, limits=limits)
        return run_here(task, payload, files=files, limits=limits, profile=profile)
    except BoundedError as fault:
        fault.profile = profile
        if isinstance(fault, ScannerAway):
            forget()  # another profile may do until it is back
        raise
