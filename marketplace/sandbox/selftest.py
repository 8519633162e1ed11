"""Does a profile hold on this machine? A file that was given must be readable, and nothing else may work."""

import os
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path

from marketplace.bounded import BoundedError
from marketplace.sandbox.inside.selftest import READS_A_STRANGER
from marketplace.sandbox.running import SECCOMP, run_here
from marketplace.sandbox.tasks import Limits, Task

LOOK = Task("marketplace.sandbox.inside.selftest.look", ())
LIMITS = Limits(cpu_seconds=5, wall_seconds=15, memory_mb=256, answer_bytes=10_000)
# The filter of system calls alone hides no file: only a scanner that has nothing to hide may use it.
TOLERATED = {SECCOMP: {READS_A_STRANGER}}


def weakness(profile: str) -> str:
    """Return why this profile must not be used here; empty when it denies everything it must."""
    try:
        with tempfile.TemporaryDirectory(prefix="sandbox-") as folder:
            given, stranger, word = Path(folder, "given"), Path(folder, "stranger"), secrets.token_hex(16)
            given.write_text(word, encoding="utf-8")
            stranger.write_text("not for the sandbox", encoding="utf-8")
            payload = {"stranger": os.path.realpath(stranger), "parent": str(os.getpid())}
            found = run_here(LOOK, payload, files=[given], limits=LIMITS, profile=profile).value
    except (BoundedError, OSError) as fault:
        return str(fault)
    return _judged(found, word, TOLERATED.get(profile, set()))


def _judged(found: object, word: str, tolerated: set[str]) -> str:
    if not isinstance(found, dict) or found.get("read") != word or not isinstance(found.get("let through"), list):
        return "it could not read the file it was given"
    through = [str(name) for name in found["let through"] if name not in tolerated]
    return f"it can {', '.join(through)}" if through else ""


def first_that_holds(profiles: Iterable[str]) -> tuple[str, dict[str, str]]:
    """Return the first profile that holds (empty: none does), and per profile that does not, why."""
    weak: dict[str, str] = {}
    for profile in profiles:
        weak[profile] = weakness(profile)
        if not weak[profile]:
            del weak[profile]
            return profile, weak
    return "", weak
