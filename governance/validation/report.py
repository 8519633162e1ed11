"""A run as people read it: what came out, what was found, what each check says; made for one viewer."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from governance.validation.models import CheckResult, Finding, ValidationRun
from governance.validation.queries import ahead_of, compare_with_previous, findings_in, results_of, sees_evidence
from governance.validation.states import RunState, Verdict

LOOKS = {Verdict.PASS: "passed", Verdict.WARN: "passed_with_warnings", Verdict.FAIL: "failed", Verdict.ERROR: "could_not_run"}
HIDDEN = "Only people who work with this model see the place and the evidence."


@dataclass(frozen=True)
class Row:
    """One line of the report, in the words of the component that shows it."""

    stage: str
    title: str
    outcome: str
    check: str
    severity: str = ""
    where: str = ""
    message: str = ""
    fix: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class Report:
    """Everything the page of a run shows."""

    run: ValidationRun
    look: str
    is_live: bool
    findings: list[Row]
    results: list[Row]
    seconds: float | None
    ahead: int
    sees_evidence: bool
    fixed: int
    new: int
    before: int | None

    @property
    def progress(self) -> str:
        """Where a run that is under way stands."""
        if self.run.state == RunState.WAITING:
            return f"Waiting for a worker; {self.ahead:,} before it" if self.ahead else "Waiting for a worker; it is next"
        return f"{self.run.done} of {self.run.total} checks done" if self.run.done else "Reading the files"

    @property
    def engines(self) -> str:
        """Which rules of which version spoke."""
        return ", ".join(row.check.partition(" · ")[0] for row in self.results)


def report(run: ValidationRun, viewer: Any) -> Report:
    """Gather what the page of a run shows to this viewer."""
    is_live = run.state != RunState.FINISHED
    sees = sees_evidence(viewer, run)
    results = list(results_of(run))
    findings = findings_in(results)
    compared = None if is_live else compare_with_previous(run, findings)
    return Report(
        run=run,
        look=look_of_run(run),
        is_live=is_live,
        findings=[_finding_row(finding, sees=sees) for finding in findings],
        results=[_result_row(result, sees=sees) for result in results],
        seconds=_seconds(run),
        ahead=ahead_of(run) if run.state == RunState.WAITING else 0,
        sees_evidence=sees,
        fixed=len(compared.fixed) if compared else 0,
        new=len(compared.new) if compared else 0,
        before=compared.before if compared else None,
    )


def look_of_run(run: ValidationRun) -> str:
    """Return the key of the badge; a run without an outcome is never shown as good."""
    if run.state != RunState.FINISHED:
        return str(run.state)
    return "quarantined" if run.quarantines else LOOKS.get(Verdict(run.outcome), "could_not_run")


def _seconds(run: ValidationRun) -> float | None:
    if run.started_at is None or run.finished_at is None:
        return None
    lasted: timedelta = run.finished_at - run.started_at
    return round(lasted.total_seconds(), 1)


def _finding_row(finding: Finding, *, sees: bool) -> Row:
    result = finding.result
    title, verdict, check = result.title, result.verdict, result.check_id
    if not sees:
        return Row("", title, verdict, check, finding.severity, message=HIDDEN, fix=finding.fix)
    place = " · ".join(dict.fromkeys(part for part in (finding.path, finding.where) if part))
    return Row("", title, verdict, check, finding.severity, place, finding.message, finding.fix)


def _result_row(result: CheckResult, *, sees: bool) -> Row:
    evidence = json.dumps(result.evidence, indent=2, ensure_ascii=False, sort_keys=True) if sees and result.evidence else ""
    name = f"{result.check_id} {result.check_version} · {result.milliseconds:,} ms"
    return Row(result.stage, result.title, result.verdict, name, message=result.sentence, evidence=evidence)
