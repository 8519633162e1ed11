"""Runs the readers away from the worker, in a bounded child process.

What this bound is: a fresh interpreter with limits on processor time, wall time, memory and open files, no environment of ours, no
descriptor of ours, no way to write a file; its answer is size-limited JSON that must speak of the very bytes it was asked about.
What it is not: the child still runs as our user, sees the file system that this user sees, and could open a network connection. The readers
never run what they read, so this bound catches crashes, endless loops and memory bombs, not an attacker who took over the reader itself.
Each reading names the bound it was made under in `profile`; "rlimits" is this one.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from catalog.artifacts.readers import together
from catalog.artifacts.readers.types import READERS_VERSION, Finding, Reading, shorten
from marketplace import bounded

PROFILE = "rlimits"
FUNCTION = "catalog.artifacts.readers.child.read_all"
SECONDS = 20.0
SECONDS_PER_FILE = 2.0
BYTES_PER_SECOND = 50 * 1024 * 1024
MEMORY_MB = 1024
RETRIES = 2
FIX = "Run the checks again; if it happens twice, tell governance which file it is."


@dataclass(frozen=True)
class File:
    """One file to inspect: where its bytes lie, what it is called in the version, and which digest it must have."""

    path: Path
    name: str
    sha256: str = ""


def inspect(path: Path, name: str, *, sha256: str | None = None, seconds: float | None = None) -> Reading:
    """Read one file by itself in a bounded child; whatever goes wrong becomes the verdict "error"."""
    found = _attempt([File(path, name, sha256 or "")], seconds) or {}
    return found[name]


def inspect_many(files: Sequence[File], *, seconds: float | None = None) -> dict[str, Reading]:
    """Read all files of one version in one bounded child.

    If that child fails, each file is tried alone, so that one bad file blames only itself. A file that another one refers to must be
    among them.
    """
    if not files:
        return {}
    if len({item.name for item in files}) != len(files):
        raise ValueError("Two files to inspect have the same name.")
    found = _attempt(files, seconds)
    if found is None:
        found = _one_by_one(files, seconds)
    return together.settle(found, {item.name: _size(item) for item in files})


def _attempt(files: Sequence[File], seconds: float | None) -> dict[str, Reading] | None:
    """Ask one child about these files; None when it failed and the blame is not clear yet."""
    try:
        return _ask(files, seconds)
    except (bounded.BoundedError, ValueError, OSError) as error:
        return None if len(files) > 1 else {files[0].name: could_not_run(files[0].name, _what_happened(error))}


def _one_by_one(files: Sequence[File], seconds: float | None) -> dict[str, Reading]:
    end = time.monotonic() + RETRIES * (seconds if seconds is not None else _seconds(files))
    found: dict[str, Reading] = {}
    for item in files:
        if time.monotonic() > end:
            found[item.name] = could_not_run(item.name, "The other files of this version used up the time.")
        else:
            found.update(_attempt([item], seconds) or {})
    return found


def _what_happened(error: Exception) -> str:
    """Say it without paths of ours."""
    if isinstance(error, bounded.TimedOut):
        return "It took longer than the bound allows."
    if isinstance(error, bounded.Crashed):
        return f"The reader was stopped or crashed (exit code {error.exit_code})."
    if isinstance(error, bounded.BadAnswer):
        return "The reader gave no usable answer."
    if isinstance(error, OSError):
        return f"The file could not be opened ({type(error).__name__})."
    return str(error)


def could_not_run(name: str, what: str) -> Reading:
    """Return the reading of a file whose check did not come to an end."""
    message = shorten(f"The check of {name} could not run. {what}")
    return Reading("unknown", "error", [Finding("files.read", "high", message, shorten(name, 200), FIX, "other")], {}, PROFILE)


def _ask(files: Sequence[File], seconds: float | None) -> dict[str, Reading]:
    sizes = [item.path.stat().st_size for item in files]
    limit = seconds if seconds is not None else _seconds(files)
    payload = {"files": [{"path": str(item.path.absolute()), "name": item.name, "sha256": item.sha256} for item in files]}
    answer = bounded.call(FUNCTION, payload, seconds=limit, memory_mb=MEMORY_MB)
    if not isinstance(answer, Mapping) or set(answer) != {"version", "files"} or answer["version"] != READERS_VERSION:
        raise ValueError("The reader gave an answer of another shape or version.")
    entries = answer["files"]
    if not isinstance(entries, list) or len(entries) != len(files):
        raise ValueError("The reader answered about another number of files.")
    return {item.name: _accept(item, size, entry) for item, size, entry in zip(files, sizes, entries, strict=True)}


def _size(item: File) -> int:
    return item.path.stat().st_size if item.path.is_file() else 0


def _seconds(files: Sequence[File]) -> float:
    return SECONDS + SECONDS_PER_FILE * len(files) + sum(_size(item) for item in files) / BYTES_PER_SECOND


def _accept(item: File, size: int, entry: Any) -> Reading:
    """Take over one answer only when it speaks of the file that was asked about."""
    if not isinstance(entry, Mapping) or set(entry) != {"name", "size", "sha256", "problem", "reading"}:
        return could_not_run(item.name, "The reader gave an answer of another shape.")
    if entry["problem"]:
        return could_not_run(item.name, f"The file could not be opened ({shorten(str(entry['problem']), 80)}).")
    if entry["name"] != item.name or entry["size"] != size:
        return could_not_run(item.name, "The reader answered about another file, or the file changed while it was read.")
    if item.sha256 and entry["sha256"] != item.sha256:
        return could_not_run(item.name, f"The bytes on disk no longer have the digest {item.sha256[:12]}…")
    try:
        reading = Reading.from_json(entry["reading"])
    except ValueError as error:
        return could_not_run(item.name, f"The reader's answer cannot be used: {error}.")
    return replace(reading, profile=PROFILE)
