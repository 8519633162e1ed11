"""Files inside of files: each member is judged like a file of its own, and the worst of them is the verdict of the whole."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from catalog.artifacts.readers import together
from catalog.artifacts.readers.types import Finding, Reading, Refused, TooMuch, Verdict, fact, shorten
from catalog.artifacts.readers.window import Window

Look = Callable[[Window, str], Reading]
WORST: tuple[Verdict, ...] = ("error", "block", "review", "allow")
FINDING_LIMIT = 40
NESTING_LIMIT = 2
FIX_NESTED = "Unpack the inner archive, and upload its files or at most one archive of them."


def members(form: str, opened: Iterable[tuple[str, Window]], look: Look) -> Reading:
    """Judge all members; what stops the unpacking itself blocks the whole."""
    readings: dict[str, Reading] = {}
    sizes: dict[str, int] = {}
    problem: Refused | None = None
    try:
        for name, window in opened:
            sizes[name] = window.left
            readings[name] = look(window, name)
    except Refused as refused:
        problem = refused
    return join(form, together.settle(readings, sizes), problem)


def join(form: str, readings: dict[str, Reading], problem: Refused | None = None) -> Reading:
    """Return one reading for a container from those of its members."""
    verdict: Verdict = min((reading.verdict for reading in readings.values()), key=WORST.index, default="allow")
    findings = [problem.finding()] if problem else []
    for name, reading in sorted(readings.items(), key=lambda item: WORST.index(item[1].verdict)):
        findings += [_placed(name, finding) for finding in reading.findings]
    if problem and verdict != "error":
        verdict = "block"
    kinds = {reading.format for reading in readings.values()} | {inner for reading in readings.values() for inner in contained(reading)}
    facts = {"members": fact(len(readings), form), "contains": fact(sorted(kinds), form)}
    return Reading(form, verdict, findings[:FINDING_LIMIT], facts)


def contained(reading: Reading) -> list[str]:
    """Return the formats inside of a container; none for a plain file."""
    found = reading.facts.get("contains", {}).get("value", [])
    return [str(item) for item in found] if isinstance(found, list) else []


def too_deep(name: str) -> TooMuch:
    """Refuse an archive in an archive in an archive."""
    return TooMuch(f"{name} is nested more than {NESTING_LIMIT} archives deep.", where=name, fix=FIX_NESTED)


def _placed(name: str, finding: Finding) -> Finding:
    where = f"{name}: {finding.where}" if finding.where and not finding.where.startswith(name) else finding.where or name
    return replace(finding, where=shorten(where, 300))
