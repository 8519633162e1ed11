"""A run as people read it: what came out, what was found, what each check says; made for one viewer."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from governance.validation.checks.base import count, worst_of
from governance.validation.models import CheckResult, Finding, ValidationRun
from governance.validation.queries import Change, ahead_of, compare_with_previous, findings_in, results_of, sees_evidence
from governance.validation.ruleset import present_checks
from governance.validation.states import INTAKE, STAGES, SUMMARY, Reason, RunState, Verdict
from marketplace.sandbox import UNSANDBOXED

LOOKS = {Verdict.PASS: "passed", Verdict.WARN: "passed_with_warnings", Verdict.FAIL: "failed", Verdict.ERROR: "could_not_run"}
HIDDEN = "Only people who work with this model see the place and the evidence."
NOTHING = "nothing"


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
    url: str = ""
    url_text: str = ""


@dataclass(frozen=True)
class Stage:
    """One stage of a run: its state as a badge, and in words how far it is."""

    name: str
    state: str
    text: str


@dataclass(frozen=True)
class Report:
    """Everything the page of a run shows."""

    run: ValidationRun
    look: str
    is_live: bool
    stages: list[Stage]
    findings: list[Row]
    open: list[Row]  # checks that did not pass, or have no answer yet
    passed: list[Row]
    seconds: float | None
    ahead: int
    sees_evidence: bool
    profiles: list[str]
    fixed: list[Row]
    new: int
    changed: list[Change]
    before: int | None
    before_version: str

    @property
    def answered(self) -> int:
        """How many checks have an answer."""
        return len(self.passed) + sum(row.outcome not in {RunState.WAITING, RunState.RUNNING} for row in self.open)

    @property
    def progress(self) -> str:
        """Where a run that is under way stands."""
        if self.run.state == RunState.WAITING:
            if self.run.slices:
                return f"Laid aside after {count(self.run.slices, 'turn')}, because its files are large; it goes on as soon as a worker is free"
            return f"Waiting for a worker; {self.ahead:,} before it" if self.ahead else "Waiting for a worker; it is next"
        return f"{self.run.done} of {self.run.total} checks done" if self.run.done else "Reading the files"

    @property
    def reason(self) -> str:
        """Why it ran, where that is not a submit."""
        return "" if self.run.reason == Reason.SUBMIT else str(self.run.get_reason_display())

    @property
    def unsandboxed(self) -> bool:
        """Whether files were read by a process that nothing held back."""
        return UNSANDBOXED in self.profiles

    @property
    def rules(self) -> str:
        """The digest of the rules it was made by; empty for runs that are older than that."""
        return self.run.rule_set_id or ""

    @property
    def engines(self) -> str:
        """Which programs apart were asked, and in which version."""
        rows: list[dict[str, Any]] = self.run.rule_set.content["checks"] if self.run.rule_set else []
        return ", ".join(str(row["engine"]) for row in rows if row.get("engine"))


def report(run: Any, viewer: Any) -> Report:
    """Gather what the page of a run shows to this viewer."""
    is_live = run.state != RunState.FINISHED
    sees = sees_evidence(viewer, run)
    results = list(results_of(run))
    findings = findings_in(results)
    compared = None if is_live else compare_with_previous(run, findings, results)
    rows = [(result.verdict, _result_row(run, result, sees=sees)) for result in results]
    return Report(
        run=run,
        look=look_of_run(run),
        is_live=is_live,
        stages=stages_of(run, results),
        findings=[_finding_row(finding, sees=sees) for finding in findings],
        open=[row for verdict, row in rows if verdict not in {Verdict.PASS, Verdict.NA}] + (_to_come(run, results) if is_live else []),
        passed=[row for verdict, row in rows if verdict in {Verdict.PASS, Verdict.NA}],
        seconds=_seconds(run),
        ahead=ahead_of(run) if run.state == RunState.WAITING else 0,
        sees_evidence=sees,
        profiles=profiles_of(results),
        fixed=[_finding_row(finding, sees=sees) for finding in compared.fixed] if compared else [],
        new=len(compared.new) if compared else 0,
        changed=compared.changed if compared else [],
        before=compared.before if compared else None,
        before_version=compared.version if compared else "",
    )


def look_of_run(run: ValidationRun) -> str:
    """Return the key of the badge; a run without an outcome is never shown as good."""
    if run.state != RunState.FINISHED:
        return str(run.state)
    return "quarantined" if run.quarantines else LOOKS.get(Verdict(run.outcome), "could_not_run")


def planned(run: ValidationRun) -> list[Mapping[str, Any]]:
    """Return the checks that the rules of a run name, in their order; of one that nobody took yet, those of now."""
    if run.rule_set is not None:
        return list(run.rule_set.content["checks"])
    if run.state == RunState.FINISHED:
        return []
    return [{"id": check.id, "stage": check.stage, "title": check.title} for check in present_checks()]


def profiles_of(results: Sequence[CheckResult]) -> list[str]:
    """Return under which profiles files were read."""
    return sorted({str(profile) for result in results for profile in result.evidence.get("sandbox", ()) if profile})


def stages_of(run: ValidationRun, results: Sequence[CheckResult]) -> list[Stage]:
    """Return every stage with its state in words; none is good before its last check has passed."""
    names = [*STAGES, *dict.fromkeys(result.stage for result in results if result.stage not in STAGES)]
    return [_stage(run, name, [r for r in results if r.stage == name], [p for p in planned(run) if p["stage"] == name]) for name in names]


def _stage(run: ValidationRun, name: str, said: Sequence[CheckResult], expected: Sequence[object]) -> Stage:
    total, is_live = max(len(expected), len(said)), run.state != RunState.FINISHED
    if name in {INTAKE, SUMMARY} and not said:
        return _frame(run, name, is_live=is_live)
    if not total:
        return Stage(name, NOTHING, "nothing to check")
    done = f"{len(said)} of {count(total, 'check')}"
    if is_live and len(said) < total:
        state = RunState.RUNNING if run.state == RunState.RUNNING and run.stage == name else RunState.WAITING
        return Stage(name, state, done)
    if len(said) < total:
        return Stage(name, Verdict.ERROR, f"{done} answered")
    verdicts = {result.verdict for result in said}
    return Stage(name, Verdict.NA if verdicts == {Verdict.NA} else worst_of(verdicts), count(total, "check"))


def _frame(run: ValidationRun, name: str, *, is_live: bool) -> Stage:
    """Return the first or the last stage, to which no check belongs."""
    if name == SUMMARY:
        state = look_of_run(run) if not is_live else RunState.RUNNING if run.stage == SUMMARY else RunState.WAITING
        return Stage(name, state, "the outcome" if not is_live else "comes last")
    if is_live and run.stage in {"", INTAKE}:
        return Stage(name, run.state, "files and card are gathered")
    return Stage(name, NOTHING, "files and card as they were submitted")


def _to_come(run: ValidationRun, results: Sequence[CheckResult]) -> list[Row]:
    said = {result.check_id for result in results}
    state = {stage: RunState.RUNNING if run.stage == stage else RunState.WAITING for stage in STAGES}
    return [Row(row["stage"], row["title"], state.get(row["stage"], RunState.WAITING), row["id"]) for row in planned(run) if row["id"] not in said]


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


def _result_row(run: ValidationRun, result: CheckResult, *, sees: bool) -> Row:
    evidence = json.dumps(result.evidence, indent=2, ensure_ascii=False, sort_keys=True) if sees and result.evidence else ""
    carried = f" · from run {result.carried_from}" if result.carried_from else ""
    name = f"{result.check_id} {result.check_version} · {result.milliseconds:,} ms{carried}"
    url, words = (f"/checks/{run.pk}/raw/{result.check_id}", f"Raw output of {result.title}") if sees else ("", "")
    return Row(result.stage, result.title, result.verdict, name, message=result.sentence, evidence=evidence, url=url, url_text=words)


def check_json(result: CheckResult, *, sees: bool) -> dict[str, Any]:
    """Return the JSON of what one check said."""
    return {
        "check": result.check_id,
        "version": result.check_version,
        "stage": result.stage,
        "title": result.title,
        "severity": result.severity,
        "verdict": result.verdict,
        "sentence": result.sentence,
        "evidence": result.evidence if sees else None,
        "inputs_digest": result.inputs_digest,
        "milliseconds": result.milliseconds,
        "carried_from": result.carried_from,
        "findings": [_finding_json(finding, sees=sees) for finding in result.findings.all()],
    }


def _finding_json(finding: Finding, *, sees: bool) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "kind": finding.kind,
        "path": finding.path if sees else "",
        "where": finding.where if sees else "",
        "message": finding.message if sees else HIDDEN,
        "fix": finding.fix,
    }
