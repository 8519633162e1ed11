"""Which profile this process uses: the first that passes its own test, asked once; without one nothing is read."""

import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from marketplace.bounded import BoundedError
from marketplace.sandbox.client import SERVICE, hello
from marketplace.sandbox.running import BUBBLEWRAP, LANDLOCK, UNSANDBOXED
from marketplace.sandbox.selftest import first_that_holds

AUTO = "auto"
PROFILES = (AUTO, BUBBLEWRAP, LANDLOCK, SERVICE)
NONE = "none"
ASK_AGAIN = 60.0  # seconds after which what is missing is looked for again
REMEDY = (
    "Install bubblewrap (Debian: apt-get install bubblewrap), run where the kernel has Landlock, "
    "or start a scanner and set SCANNER_URL (docs/how-to/run-in-production.md)."
)


class Unavailable(BoundedError):
    """No sandbox works here, so nothing was read; the sentence says what to do."""

    profile = NONE


@dataclass(frozen=True)
class Choice:
    """The profile that is used, or "none", and why those before it are not."""

    profile: str
    weak: Mapping[str, str] = field(default_factory=dict)
    inner: str = ""

    @property
    def settled(self) -> bool:
        """Whether there is nothing better to look for: a scanner that was set may start later than the worker."""
        return self.safe and SERVICE not in self.weak

    @property
    def safe(self) -> bool:
        """Whether files are read in a sandbox."""
        return self.profile not in {NONE, UNSANDBOXED}

    def sentence(self) -> str:
        """Say which profiles do not work here, and why."""
        return "; ".join(f"{name}: {reason.rstrip('.')}" for name, reason in self.weak.items())


_made: dict[tuple[str, str, bool], tuple[float, Choice]] = {}
_making = threading.Lock()


def choice() -> Choice:
    """Return what this process uses; a sandbox that was found stays, what is missing is looked for again after a minute."""
    wanted = (settings.SANDBOX_PROFILE, settings.SCANNER_URL, settings.ALLOW_UNSANDBOXED_SCAN)
    with _making:
        known = _made.get(wanted)
        if known is None or (not known[1].settled and time.monotonic() - known[0] > ASK_AGAIN):
            known = _made[wanted] = (time.monotonic(), _choose(*wanted))
    return known[1]


def forget() -> None:
    """Ask again at the next use."""
    with _making:
        _made.clear()


def required() -> str:
    """Return the profile to use; raises Unavailable when there is none."""
    found = choice()
    if found.profile == NONE:
        raise Unavailable(f"No sandbox works here ({found.sentence()}).")
    return found.profile


def _choose(wanted: str, scanner: str, unsandboxed: bool) -> Choice:  # noqa: FBT001 - one setting each
    weak: dict[str, str] = {}
    if scanner and wanted in {AUTO, SERVICE}:
        try:
            return Choice(SERVICE, weak, hello(scanner, folders()))
        except BoundedError as fault:
            weak[SERVICE] = str(fault)
    if wanted == SERVICE:
        weak.setdefault(SERVICE, "SCANNER_URL is not set")
        profile = ""
    else:
        profile, more = first_that_holds((BUBBLEWRAP, LANDLOCK) if wanted == AUTO else (wanted,))
        weak |= more
    return Choice(profile or (UNSANDBOXED if unsandboxed else NONE), weak)


def folders() -> list[str]:
    """Return the folders that hold files to read: the store when it is a folder, and where copies of an object store are put."""
    stores: Any = settings.STORAGES
    location = str(stores["default"].get("OPTIONS", {}).get("location", ""))
    return [location] if location.startswith("/") else [tempfile.gettempdir()]
