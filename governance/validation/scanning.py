"""Judging files on a disk as the gate judges uploaded ones: no database, nothing stored, nothing executed."""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG

from catalog.artifacts import sandbox
from catalog.artifacts.readers.types import Finding, Reading
from catalog.cards.schema import schema_for
from governance.validation.checks.base import Check, CheckAnswer, Subject, SubjectCard, SubjectFile
from governance.validation.ruleset import present_checks
from governance.validation.states import Verdict
from governance.validation.work.asking import ask
from marketplace.sandbox import UNSANDBOXED

ALLOW, REVIEW, BLOCK, ERROR = VERDICTS = ("allow", "review", "block", "error")  # the exit status is the place of the worst
MEANS = {Verdict.WARN: REVIEW, Verdict.FAIL: BLOCK, Verdict.ERROR: ERROR}
HUGGING_FACE_BLOBS = "blobs"
NOT_HELD = Finding(
    "sandbox", "medium", "Read without a sandbox, as ALLOW_UNSANDBOXED_SCAN says.", fix="Install bubblewrap and leave the setting out."
)


@dataclass(frozen=True)
class Scanned:
    """What is said of one file; `path` as it was given."""

    path: str
    verdict: str
    format: str
    findings: Sequence[Finding] = field(default_factory=tuple)


@dataclass(frozen=True)
class Found:
    """A file to judge, or the reason why it is not one."""

    path: str
    real: Path
    problem: Scanned | None = None


def scan(paths: Sequence[str]) -> Iterator[Scanned]:
    """Judge every file at these paths and below them; files of one directory are judged together."""
    groups: dict[Path, list[Found]] = defaultdict(list)
    for found in _found(paths):
        groups[Path(found.path).parent].append(found)
    checks = [check for check in present_checks() if getattr(check, "scans", False)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for some in pool.map(lambda group: _judge(group, checks), groups.values()):
            yield from some


def worst(scanned: Sequence[str]) -> int:
    """Return the exit status: that of the worst verdict."""
    return max((VERDICTS.index(verdict) for verdict in scanned), default=VERDICTS.index(ERROR))


def _found(paths: Sequence[str]) -> Iterator[Found]:
    seen = set[str]()
    for given in paths:
        for found in _walk(given):
            if found.path not in seen:
                seen.add(found.path)
                yield found


def _walk(given: str) -> Iterator[Found]:
    """Yield the files at a path: itself, or everything below it in order."""
    if not Path(given).is_dir():
        yield _looked(given, None)
        return
    empty = True
    for folder, folders, names in os.walk(given):
        folders.sort()
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in sorted([*names, *links]):
            empty = False
            yield _looked(str(Path(folder, name)), Path(given))
    if empty:
        yield _problem(given, ERROR, "There is no file in here.", "Name the folder that holds the files.")


def _looked(path: str, root: Path | None) -> Found:
    """Return a file that can be judged; one that is missing, no plain file, or a link that leads away is none."""
    place = Path(path)
    try:
        if root is not None and place.is_symlink() and not _stays(place, root):
            return _problem(path, BLOCK, "It is a link that leads out of the folder.", "Put the file itself there.", kind="files.links")
        mode = place.stat().st_mode
    except (OSError, RuntimeError) as fault:  # the second for a link that leads to itself
        return _problem(path, ERROR, f"It could not be opened ({type(fault).__name__}).", "Check the path and who may read it.")
    if not S_ISREG(mode):
        return _problem(path, BLOCK, "It is not an ordinary file.", "Remove it.", kind="files.links")
    return Found(path, place)


def _stays(link: Path, root: Path) -> bool:
    """Whether a link leads to something below the folder, or, as in Hugging Face's cache, to the blobs of the same model."""
    target, top = link.resolve(), root.resolve()
    own = next((folder.parent / HUGGING_FACE_BLOBS for folder in (top, *top.parents) if folder.name == "snapshots"), None)
    return target.is_relative_to(top) or (own is not None and target.is_relative_to(own))


def _problem(path: str, verdict: str, message: str, fix: str, *, kind: str = "files.read") -> Found:
    finding = Finding(kind, "high", message, "", fix, "structure" if verdict == BLOCK else "other")
    return Found(path, Path(path), Scanned(path, verdict, "unknown", (finding,)))


def _judge(group: Sequence[Found], checks: Sequence[Check]) -> list[Scanned]:
    """Judge the files of one directory."""
    good = [found for found in group if found.problem is None]
    readings = _read(good)
    said = [answer for check in checks for answer in [_asked(check, good, readings)] if answer.verdict in MEANS] if good else []
    return [found.problem or _summed(found, readings[Path(found.path).name], said) for found in group]


def _read(good: Sequence[Found]) -> dict[str, Reading]:
    try:
        return sandbox.inspect_many([sandbox.File(found.real, Path(found.path).name) for found in good])
    except (OSError, ValueError) as fault:
        what = f"The reader could not be started ({type(fault).__name__})."
        return {Path(found.path).name: sandbox.could_not_run(Path(found.path).name, what) for found in good}


def _asked(check: Check, good: Sequence[Found], readings: dict[str, Reading]) -> CheckAnswer:
    """Ask a check for which files are enough; there is no card and no policy here."""
    files = tuple(SubjectFile(Path(found.path).name, found.real.stat().st_size, "", found.real) for found in good)
    nothing = SubjectCard(0, {}, {}, schema_for("T3"))
    return ask(check, Subject("", False, "T3", "", files, readings, nothing, {}, lambda: None), {}).answer  # noqa: FBT003 - not hosted


def _summed(found: Found, reading: Reading, said: Sequence[CheckAnswer]) -> Scanned:
    """Return the worst that was said of one file; what names no file is said of all of them."""
    name, verdict, findings = Path(found.path).name, str(reading.verdict), list(reading.findings)
    for answer in said:
        about = [item for item in answer.findings if item.path in {"", name}]
        if about or not answer.findings:
            verdict = max(verdict, MEANS[answer.verdict], key=VERDICTS.index)
            findings += [Finding(item.kind, item.severity.value, item.message, item.where, item.fix) for item in about]  # type: ignore[arg-type]
    if reading.profile == UNSANDBOXED:
        findings.append(NOT_HELD)
    return Scanned(found.path, verdict, reading.format, tuple(findings))
