"""Runs the readers away from the worker, in the sandbox (`marketplace/sandbox`), and takes over what they say only when it fits.

Nobody else parses a file that came with a model. The sandbox protects the machine, not the verdict: whoever takes over a reader could still
let it say "allow", so readers are plain Python without native parsers. Each reading names the profile it was made under in `profile`:
"bubblewrap", "landlock", "service/…" for a scanner apart, "unsandboxed" when that was allowed for development, "none" when nothing was read.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from catalog.artifacts.readers import together
from catalog.artifacts.readers.types import READERS_VERSION, Finding, Reading, shorten
from marketplace import sandbox

READ = sandbox.Task("catalog.artifacts.readers.child.read_all", ("catalog.artifacts.readers", "catalog.artifacts.paths"), packages=True)
TASKS = (READ,)  # what a scanner apart runs
SECONDS = 20.0
SECONDS_PER_FILE = 2.0
BYTES_PER_SECOND = 50 * 1024 * 1024
PATIENCE = 3  # wall time for each second of processor time
MEMORY_MB = 1024
AT_ONCE = 250  # bubblewrap takes more than its share of time to show a process more files than this
RETRIES = 2
FIX = "Run the checks again; if it happens twice, tell governance which file it is."


@dataclass(frozen=True)
class File:
    """One file to inspect: where its bytes lie, what it is called in the version, and which digest it must have."""

    path: Path
    name: str
    sha256: str = ""


def inspect(path: Path, name: str, *, sha256: str | None = None, seconds: float | None = None) -> Reading:
    """Read one file by itself in the sandbox; whatever goes wrong becomes the verdict "error"."""
    found = _attempt([File(path, name, sha256 or "")], seconds) or {}
    return found[name]


def inspect_many(files: Sequence[File], *, seconds: float | None = None) -> dict[str, Reading]:
    """Read all files of one version in one sandbox. A file that another one refers to must be among them."""
    return settle(read_each(files, seconds=seconds), {item.name: _size(item) for item in files})


def settle(found: Mapping[str, Reading], sizes: Mapping[str, int]) -> dict[str, Reading]:
    """Return the readings of all files of a version after the rules that need them all."""
    return together.settle(found, sizes)


def read_each(files: Sequence[File], *, seconds: float | None = None) -> dict[str, Reading]:
    """Read files in few sandboxes, each by itself: the same bytes under the same name always give the same reading.

    If that fails, each file is tried alone, so that one bad file blames only itself.
    """
    if len({item.name for item in files}) != len(files):
        raise ValueError("Two files to inspect have the same name.")
    found: dict[str, Reading] = {}
    for some in _batches(files):
        answered = _attempt(some, seconds)
        found |= _one_by_one(some, seconds) if answered is None else answered
    return found


def _batches(files: Sequence[File]) -> Iterator[Sequence[File]]:
    for start in range(0, len(files), AT_ONCE):
        yield files[start : start + AT_ONCE]


def _attempt(files: Sequence[File], seconds: float | None) -> dict[str, Reading] | None:
    """Ask one sandbox about these files; None when it failed and the blame is not clear yet."""
    try:
        return _ask(files, seconds)
    except (sandbox.Unavailable, sandbox.ScannerAway) as error:
        return {item.name: could_not_run(item.name, str(error), fix=sandbox.REMEDY, profile=error.profile) for item in files}
    except (sandbox.BoundedError, ValueError, OSError) as error:
        if len(files) > 1:
            return None
        profile = error.profile if isinstance(error, sandbox.BoundedError) else sandbox.choice().profile
        return {files[0].name: could_not_run(files[0].name, _what_happened(error), profile=profile)}


def _one_by_one(files: Sequence[File], seconds: float | None) -> dict[str, Reading]:
    end = time.monotonic() + RETRIES * (seconds if seconds is not None else PATIENCE * _seconds(files))
    found: dict[str, Reading] = {}
    for item in files:
        if time.monotonic() > end:
            found[item.name] = could_not_run(item.name, "The other files of this version used up the time.")
        else:
            found.update(_attempt([item], seconds) or {})
    return found


def _what_happened(error: Exception) -> str:
    """Say it without paths of ours."""
    if isinstance(error, sandbox.TimedOut):
        return "It took longer than the bound allows."
    if isinstance(error, sandbox.Crashed):
        return f"The reader was stopped or crashed (exit code {error.exit_code})."
    if isinstance(error, sandbox.BoundedError):
        return "The reader gave no usable answer."
    if isinstance(error, OSError):
        return f"The file could not be opened ({type(error).__name__})."
    return str(error)


def could_not_run(name: str, what: str, *, fix: str = FIX, profile: str = sandbox.NONE) -> Reading:
    """Return the reading of a file whose check did not come to an end."""
    message = shorten(f"The check of {name} could not run. {what}")
    return Reading("unknown", "error", [Finding("files.read", "high", message, shorten(name, 200), fix, "other")], {}, profile)


def _ask(files: Sequence[File], seconds: float | None) -> dict[str, Reading]:
    sizes = [item.path.stat().st_size for item in files]
    payload = {"files": [{"name": item.name, "sha256": item.sha256} for item in files]}
    told = sandbox.run(READ, payload, files=[item.path for item in files], limits=_limits(files, seconds))
    answer = told.value
    if not isinstance(answer, Mapping) or set(answer) != {"version", "files"} or answer["version"] != READERS_VERSION:
        raise ValueError("The reader gave an answer of another shape or version.")
    entries = answer["files"]
    if not isinstance(entries, list) or len(entries) != len(files):
        raise ValueError("The reader answered about another number of files.")
    return {item.name: _accept(item, size, entry, told.profile) for item, size, entry in zip(files, sizes, entries, strict=True)}


def _limits(files: Sequence[File], seconds: float | None) -> sandbox.Limits:
    """Return how much the reading of these files may use; `seconds` when somebody waits."""
    processor = _seconds(files)
    wall = seconds if seconds is not None else PATIENCE * processor
    return sandbox.Limits(cpu_seconds=min(processor, wall), wall_seconds=wall, memory_mb=MEMORY_MB)


def _size(item: File) -> int:
    return item.path.stat().st_size if item.path.is_file() else 0


def _seconds(files: Sequence[File]) -> float:
    return SECONDS + SECONDS_PER_FILE * len(files) + sum(_size(item) for item in files) / BYTES_PER_SECOND


def _accept(item: File, size: int, entry: Any, profile: str) -> Reading:
    """Take over one answer only when it speaks of the file that was asked about."""
    problem = _problem(item, size, entry)
    if problem:
        return could_not_run(item.name, problem, profile=profile)
    try:
        reading = Reading.from_json(entry["reading"])
    except ValueError as error:
        return could_not_run(item.name, f"The reader's answer cannot be used: {error}.", profile=profile)
    return replace(reading, profile=profile)


def _problem(item: File, size: int, entry: Any) -> str:
    """Say why this entry is no answer about this file; empty when it is one."""
    if not isinstance(entry, Mapping) or set(entry) != {"name", "size", "sha256", "problem", "reading"}:
        return "The reader gave an answer of another shape."
    if entry["problem"]:
        return f"The file could not be opened ({shorten(str(entry['problem']), 80)})."
    if entry["name"] != item.name or entry["size"] != size:
        return "The reader answered about another file, or the file changed while it was read."
    if item.sha256 and entry["sha256"] != item.sha256:
        return f"The bytes on disk no longer have the digest {item.sha256[:12]}…"
    return ""
