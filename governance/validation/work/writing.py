"""Writing what a run finds: each answer with its findings, and what was found in the files."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from catalog.artifacts.models import ModelFile
from catalog.artifacts.readers.types import shorten
from catalog.cards.actions import tell_lists
from catalog.cards.facts import facts_in
from catalog.registry.models import ModelVersion
from governance.validation.checks.base import Check, CheckAnswer, Found, Subject
from governance.validation.models import CheckResult, Finding
from governance.validation.ruleset import severity_of
from governance.validation.states import Severity
from governance.validation.work.leasing import Lease, hold

MOST_FINDINGS = 200


@dataclass(frozen=True)
class Told:
    """One answer that is to be written."""

    check: Check
    answer: CheckAnswer
    milliseconds: int = 0
    inputs: str = ""
    place: int = 0


def keep(lease: Lease, check: Check, answer: CheckAnswer, *, milliseconds: int, inputs: str = "", place: int = 0) -> None:
    """Write one answer with its findings and count it, all under the fence."""
    keep_all(lease, [Told(check, answer, milliseconds, inputs, place)])


def keep_all(lease: Lease, told: Sequence[Told]) -> None:
    """The same for several answers at once."""
    with transaction.atomic():
        hold(lease, done=F("done") + len(told))
        results = CheckResult.objects.bulk_create(_row_of(lease, one) for one in told)
        Finding.objects.bulk_create(row for result, one in zip(results, told, strict=True) for row in rows_of(result, one.answer.findings))


def _row_of(lease: Lease, told: Told) -> CheckResult:
    check, answer = told.check, told.answer
    return CheckResult(
        run_id=lease.run,
        check_id=check.id,
        check_version=check.version,
        stage=check.stage,
        title=check.title,
        verdict=answer.verdict,
        sentence=shorten(answer.sentence, 400),
        evidence=plain(answer.evidence),
        milliseconds=max(0, told.milliseconds),
        severity=severity_of(check),
        quarantines=answer.quarantines,
        inputs_digest=told.inputs,
        place=told.place,
    )


def rows_of(result: CheckResult, findings: Sequence[Found]) -> list[Finding]:
    """Turn findings into rows, the gravest first and not more than a page can hold; the last one says how many were left out."""
    gravest = sorted(findings, key=lambda found: -Severity.values.index(found.severity))
    rows = [
        Finding(
            result=result,
            severity=found.severity,
            kind=found.kind[:12],
            path=shorten(found.path, 512),
            where=shorten(found.where, 200),
            message=shorten(found.message, 600),
            fix=shorten(found.fix, 600),
        )
        for found in gravest[:MOST_FINDINGS]
    ]
    if more := len(gravest) - len(rows):
        rows.append(Finding(result=result, severity=gravest[MOST_FINDINGS].severity, kind="other", message=f"{more:,} more were found, not listed."))
    return rows


def plain(value: object) -> object:
    """Return evidence as JSON that the database can hold."""
    if isinstance(value, dict):
        return {shorten(str(key), 200): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else shorten(str(value), 1000)


def note_facts(lease: Lease, version: ModelVersion, subject: Subject) -> None:
    """Write on each file what was found in it, and let lists show it; a refused file tells nothing."""
    with transaction.atomic():
        hold(lease)
        for path, reading in subject.readings.items():
            facts = reading.facts if reading.verdict in {"allow", "review"} else {}
            ModelFile.objects.filter(version=version, path=path).update(format=reading.format[:20], facts=plain(facts))
        tell_lists(version.model, facts_in(subject.readings))
