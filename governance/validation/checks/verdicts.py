"""From what the readers say about each file to what a check says about all of them: the verdict table."""

from collections.abc import Iterable, Mapping

from catalog.artifacts.readers.types import Finding, Reading
from governance.validation.checks.base import CheckAnswer, Found, Subject, count, no_files, not_applicable, worst_of
from governance.validation.states import Severity, Verdict
from marketplace.sandbox import UNSANDBOXED

# A block for one of these means that the bytes themselves are dangerous; any other block, that they are broken.
DANGEROUS = frozenset({"code", "secret", "licence"})
PICKLES = frozenset({"pickle", "zlib", "torch-zip"})
FOLLOWS: dict[str, Verdict] = {"allow": Verdict.PASS, "review": Verdict.WARN, "block": Verdict.FAIL, "error": Verdict.ERROR}


def verdict_of(reading: Reading) -> Verdict:
    """Return what a file's verdict means for the check; a word nobody knows is an error."""
    return FOLLOWS.get(reading.verdict, Verdict.ERROR)


def is_dangerous(reading: Reading) -> bool:
    """Whether a file is refused because of what it could do."""
    return reading.verdict == "block" and any(finding.kind in DANGEROUS for finding in reading.findings)


def unready(subject: Subject) -> CheckAnswer | None:
    """Answer for subjects whose files cannot be judged at all; None when they can."""
    if subject.hosted:
        return not_applicable()
    if not subject.files:
        return no_files()
    unread = [file.path for file in subject.files if file.path not in subject.readings]
    if unread:
        return CheckAnswer(Verdict.ERROR, f"{count(len(unread), 'file')} could not be read, so nothing is known of them.", {"unread": unread[:100]})
    return None


def found_in(readings: Mapping[str, Reading], *, kinds: Iterable[str] | None = None) -> tuple[Found, ...]:
    """Return the findings of these files, of some kinds or of all, as findings of a check."""
    wanted = None if kinds is None else frozenset(kinds)
    return tuple(
        found_from(path, finding) for path, reading in readings.items() for finding in reading.findings if wanted is None or finding.kind in wanted
    )


def found_from(path: str, finding: Finding) -> Found:
    """Return a reader's finding as a finding of a check."""
    return Found(Severity(finding.severity), finding.kind, finding.message, path, finding.where, finding.fix)


def evidence_of(readings: Mapping[str, Reading]) -> dict[str, object]:
    """Return per file what the readers said, and under which bound they ran."""
    rows = [{"path": path, "format": r.format, "verdict": r.verdict, "profile": r.profile} for path, r in list(readings.items())[:500]]
    return {"files": rows, "count": len(readings), "sandbox": sorted({r.profile for r in readings.values()})}


def without_sandbox(readings: Mapping[str, Reading]) -> bool:
    """Whether files were read by a process that nothing holds back; only a setting for development allows it."""
    return any(reading.profile == UNSANDBOXED for reading in readings.values())


def worst_reading(readings: Mapping[str, Reading]) -> Verdict:
    """Return the worst that follows from these readings."""
    return worst_of(verdict_of(reading) for reading in readings.values())
