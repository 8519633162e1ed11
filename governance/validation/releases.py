"""Releases from quarantine: two people of security looked at exactly these files and findings, and answer for them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from governance.validation.checks.base import CheckAnswer
from governance.validation.models import CheckResult, Finding, Release
from governance.validation.states import Verdict
from marketplace.identifiers import digest


def fingerprint(check: str, manifest: str, findings: Iterable[Finding]) -> str:
    """Return the digest of what a check found in the files of a manifest."""
    rows = sorted([found.severity, found.kind, found.path, found.where, found.message] for found in findings)
    return digest([check, manifest, rows])


def may_be_released(verdict: str, *, quarantines: bool, findings: Iterable[object]) -> bool:
    """Whether a release speaks of this answer: it quarantines, or it only fails together with one that does."""
    return verdict == Verdict.FAIL and (quarantines or not list(findings))


def to_release(results: Iterable[CheckResult], manifest: str) -> list[tuple[CheckResult, str]]:
    """Return the answers of a run that a release is about, each with the fingerprint of its findings."""
    return [
        (result, fingerprint(result.check_id, manifest, result.findings.all()))
        for result in results
        if may_be_released(result.verdict, quarantines=result.quarantines, findings=result.findings.all())
    ]


def lifted(check: str, answer: CheckAnswer, rows: Iterable[Finding], manifest: str, releases: Mapping[str, Release]) -> CheckAnswer:
    """Return the answer as a warning where two people of security released exactly this; reviewers acknowledge it."""
    if not may_be_released(answer.verdict, quarantines=answer.quarantines, findings=answer.findings):
        return answer
    release = releases.get(fingerprint(check, manifest, rows))
    if release is None:
        return answer
    told = {"by": [str(release.released_by), str(release.seconded_by)], "at": release.released_at.isoformat(), "reason": release.reason}
    said = f"Released by security ({release.released_by} and {release.seconded_by}). {answer.sentence}"
    return replace(answer, verdict=Verdict.WARN, quarantines=False, sentence=said, evidence={**answer.evidence, "released": told})
