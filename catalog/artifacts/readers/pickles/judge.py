"""What follows from a pickle's imports: plain data is allowed, known classes go to a person, everything else is refused."""

from functools import cache

from catalog.artifacts.readers import rules
from catalog.artifacts.readers.pickles.facts import facts
from catalog.artifacts.readers.pickles.symbols import COMPUTED, Concern, Import, Log
from catalog.artifacts.readers.types import Finding, Reading, Refused, Verdict, shorten

SHOWN = 20
FIX_CODE = "Save the weights as safetensors. Do not load this file: it can run any command on the machine that opens it."
FIX_REVIEW = "Save the weights as safetensors, or ask a reviewer of the security track to look at this exact file."


@cache
def plain_imports() -> frozenset[str]:
    """Return the exact names that make plain data."""
    return rules.names("globals", "allow")


@cache
def known_imports() -> frozenset[str]:
    """Return the exact names that a pickle may import at all, some of them only before the eyes of a person."""
    return plain_imports() | rules.names("globals", "review")


def judge(form: str, name: str, log: Log, top: object, problems: list[Refused], *, hidden: list[Import] | None = None, inside: str = "") -> Reading:
    """Weigh the imports and the problems of one file; `inside` is the part of the file that the places are counted from."""
    known = known_imports()
    bad = [item for item in [*log.imports, *(hidden or [])] if str(item) not in known]
    findings = [_bad_import(name, item, inside) for item in bad[:SHOWN]]
    if len(bad) > SHOWN:
        findings.append(Finding("pickle.imports", "critical", f"{len(bad) - SHOWN:,} more imports are not known.", name, FIX_CODE, "code"))
    findings += [_misuse(name, item, inside) for item in log.concerns[:SHOWN]]
    findings += [problem.finding() for problem in problems]
    if findings:
        return Reading(form, "block", findings, facts(log, top))
    verdict: Verdict = "allow"
    classes = sorted({str(item) for item in [*log.imports, *(hidden or [])]} - plain_imports())
    if classes:
        verdict = "review"
        findings.append(_for_a_person(name, classes))
    return Reading(form, verdict, findings, facts(log, top))


def _for_a_person(name: str, classes: list[str]) -> Finding:
    more = f" and {len(classes) - SHOWN:,} more" if len(classes) > SHOWN else ""
    message = f"{name} is a pickle of known classes, so a person has to look at it: {', '.join(classes[:SHOWN])}{more}."
    return Finding("pickle.imports", "medium", shorten(message), name, FIX_REVIEW, "other")


def _bad_import(name: str, item: Import, inside: str) -> Finding:
    what = "a name that only exists once the code has run" if item.module == COMPUTED else f"“{shorten(str(item), 200)}”"
    where = f"{inside}byte {item.offset}, {item.opcode}"
    message = f"Loading {name} would import {what} ({where}), which is not on the list of known imports."
    return Finding("pickle.imports", "critical", shorten(message), where, FIX_CODE, "code")


def _misuse(name: str, item: Concern, inside: str) -> Finding:
    where = f"{inside}byte {item.offset}, {item.opcode}"
    return Finding("pickle.imports", "critical", shorten(f"Loading {name}: {item.message}"), where, FIX_CODE, "code")
