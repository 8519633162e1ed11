"""Taking from this process, for good, everything that a task does not need; then trying what must no longer work."""

import math
import os
import resource
import signal
import struct
from collections.abc import Mapping
from typing import Any

from marketplace.sandbox.inside import landlock, seccomp
from marketplace.sandbox.inside.kernel import LIBC, must

_MEGABYTE = 1024 * 1024
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CAPABILITIES_VERSION = 0x20080522
OUTSIDE = "/etc/passwd"
GRACE = 5.0  # seconds after which the process ends itself when nobody else did


def confine(order: Mapping[str, Any]) -> None:
    """Confine this process as its profile says; raises unless all of it holds."""
    profile = order["profile"]
    os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})  # threads are refused below
    _end_with_parent(None if profile == "bubblewrap" else order["parent"])
    _limit(order["limits"])
    if profile == "unsandboxed":
        return
    must(LIBC.capset(struct.pack("=Ii", _CAPABILITIES_VERSION, 0), bytes(24)), "capset")
    must(LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    known = landlock.version() if profile != "seccomp" else 0
    if known:
        landlock.allow_only(order["readable"], known)
    elif profile == "landlock":
        raise RuntimeError("this kernel has no Landlock, or it is switched off")
    seccomp.install(frozenset(order["calls"]))
    _check(order)


def _end_with_parent(parent: int | None) -> None:
    """Ask for the kernel's signal when the parent dies; bwrap looks after its own children itself."""
    must(LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0), "death signal")
    if parent is not None and os.getppid() != parent:
        raise RuntimeError("the parent is gone")


def _limit(limits: Mapping[str, Any]) -> None:
    """Bound processor, clock, memory, stack and files; nothing may be written to a file, no process may be started."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits["wall_seconds"] + GRACE)
    processor, memory = math.ceil(limits["cpu_seconds"]), limits["memory_mb"] * _MEGABYTE
    bounds = {
        resource.RLIMIT_CPU: (processor, processor + 1),
        resource.RLIMIT_DATA: (memory, memory),
        resource.RLIMIT_STACK: (8 * _MEGABYTE, 8 * _MEGABYTE),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NOFILE: (64, 64),
        resource.RLIMIT_NPROC: (0, 0),
        resource.RLIMIT_MEMLOCK: (0, 0),
    }
    for which, (soft, hard) in bounds.items():
        _, before = resource.getrlimit(which)
        most = hard if before == resource.RLIM_INFINITY else min(hard, before)
        resource.setrlimit(which, (min(soft, most), most))


def _check(order: Mapping[str, Any]) -> None:
    """Try three things that must fail, in every process, before anything hostile is read."""
    child = LIBC.fork()
    if child == 0:
        os._exit(1)
    if child > 0 or LIBC.socket(1, 1, 0) >= 0 or (known_outside(order["profile"]) and _opens(OUTSIDE)):
        raise RuntimeError("the confinement does not hold")


def known_outside(profile: str) -> bool:
    """Whether files that were not given are out of reach in this profile."""
    return profile in {"bubblewrap", "landlock"}


def _opens(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError:
        return False
    return True
