"""Every result says on which data and when, and from which value on it counts as good; and it is that good."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, TypeGuard

from django.utils import timezone

from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count
from governance.validation.rules import rules, version_with
from governance.validation.states import Severity, Verdict

FIELD = "evaluation.metrics"
FIX_PARTS = "Add it to the row in the card: without it nobody can tell what the figure means."
FIX_MISSED = "Explain in the card why the model may be used all the same, or bring a version that reaches its threshold."
FIX_DATE = "Correct the date in the card."


class Metrics:
    """Judge the rows of results in the card."""

    id = "metrics"
    codes = ("V46",)
    stage = "Card"
    title = "Results can be judged"
    severity = Severity.HIGH
    tiers = TIERS
    needs = frozenset({"tier", "card", "day"})
    explains = (
        "Looks whether each result in the card names its data set, its date and the threshold it was measured against, and whether it "
        "reaches it. A missed threshold fails in tiers T1 and T2, and is shown to a reviewer elsewhere."
    )

    @property
    def version(self) -> str:
        """Change with the code and with the list of measures."""
        return version_with(1, "metrics")

    def run(self, subject: Subject) -> CheckAnswer:
        """Name what each row lacks."""
        rows = subject.card.values.get(FIELD)
        rows = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
        if not rows:
            return CheckAnswer(Verdict.NA, "The card has no results; whether the tier asks for some is said by the check of the card.")
        today = timezone.localdate()
        found = [item for number, row in enumerate(rows, start=1) for item in _judge(number, row, today)]
        missed = [item for item in found if item.severity == Severity.HIGH]
        evidence = {"results": len(rows), "missed": len(missed), "incomplete": len({item.where for item in found if item.severity == Severity.LOW})}
        if missed:
            return CheckAnswer(Verdict.FAIL if subject.is_strict else Verdict.WARN, missed[0].message, evidence, tuple(found))
        if found:
            return CheckAnswer(
                Verdict.WARN, f"{count(len(found), 'thing')} missing or wrong in {count(len(rows), 'result')}.", evidence, tuple(found)
            )
        return CheckAnswer(Verdict.PASS, f"{count(len(rows), 'result')} with data set, date and threshold; all thresholds are reached.", evidence)


def _judge(number: int, row: Mapping[str, Any], today: date) -> Iterator[Found]:
    name = str(row.get("name") or f"number {number}")[:80]
    where = f"{FIELD}, row {number}"
    for part, what in (("dataset", "the data it was measured on"), ("date", "when it was measured"), ("threshold", "from which value on it is good")):
        if row.get(part) in (None, ""):
            yield Found(Severity.LOW, "card", f"The result {name} does not say {what}.", where=where, fix=FIX_PARTS)
    value, threshold = row.get("value"), row.get("threshold")
    if _is_number(value) and _is_number(threshold) and not _reaches(name, value, threshold):
        yield Found(Severity.HIGH, "card", f"The result {name} is {value:g} and misses its threshold of {threshold:g}.", where=where, fix=FIX_MISSED)
    if isinstance(row.get("date"), str) and row["date"] > today.isoformat():
        yield Found(Severity.MEDIUM, "card", f"The result {name} is dated {row['date'][:10]}, which is still to come.", where=where, fix=FIX_DATE)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _reaches(name: str, value: float, threshold: float) -> bool:
    return value <= threshold if less_is_better(name) else value >= threshold


def less_is_better(name: str) -> bool:
    """Whether a measure is an error or a cost, by the words of its name."""
    return not set(rules("metrics").data["lower_is_better"]).isdisjoint(re.findall(r"[a-z]+", name.lower()))
