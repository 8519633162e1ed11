"""The inside of a bounded call: set the limits, import the function, answer on a pipe; run as a script, never imported."""

import importlib
import json
import math
import os
import resource
import signal
import sys
import types
from pathlib import Path

_MEGABYTE = 1024 * 1024


def limit(seconds: float, memory_mb: int) -> None:
    """Bound processor, clock, memory and files of this process for good."""
    # The processor limit ends a busy child, the alarm an idle one whose parent died: neither outlives the parent's own deadline by much.
    processor = math.ceil(seconds) + 1
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds + 2)
    bounds = {
        resource.RLIMIT_CPU: processor,
        resource.RLIMIT_DATA: memory_mb * _MEGABYTE,
        resource.RLIMIT_STACK: 8 * _MEGABYTE,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_NPROC: 0,
    }
    for which, bound in bounds.items():
        _, hard = resource.getrlimit(which)
        value = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(which, (value, value))


def bare(package: str, root: Path) -> None:
    """Make the submodules of a top package importable without running its `__init__`, which may start Django or Celery."""
    module = types.ModuleType(package)
    module.__path__ = [str(root / package)]
    sys.modules[package] = module


def main(function: str, root: str, seconds: str, memory_mb: str) -> None:
    """Read JSON from standard input, call the function, write its answer as JSON."""
    answer = os.fdopen(os.dup(1), "wb")
    # What a library prints must not end up inside the answer.
    os.dup2(2, 1)
    limit(float(seconds), int(memory_mb))
    sys.path.insert(0, root)
    module_name, _, name = function.rpartition(".")
    for package in {"marketplace", module_name.partition(".")[0]}:
        bare(package, Path(root))
    work = getattr(importlib.import_module(module_name), name)
    payload = json.loads(sys.stdin.buffer.read())
    answer.write(json.dumps(work(payload)).encode())
    answer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
