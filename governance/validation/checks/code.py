"""No file brings code, a secret or something forbidden along; pickles have a check of their own."""

from catalog.artifacts.readers.types import READERS_VERSION, Reading
from governance.validation.checks.base import TIERS, CheckAnswer, Subject, count
from governance.validation.checks.verdicts import DANGEROUS, PICKLES, evidence_of, found_in, is_dangerous, unready, worst_reading
from governance.validation.states import Severity, Verdict


class Code:
    """Refuse and quarantine what could run, or must not be here at all."""

    id = "code"
    version = READERS_VERSION
    stage = "Security"
    title = "No code, secrets or forbidden content"
    codes = ("V07", "V16", "V17", "V18")
    severity = Severity.CRITICAL
    tiers = TIERS
    needs = frozenset({"hosted", "files", "readings"})
    explains = (
        "Refuses what could run: programs, scripts, notebooks, templates that reach out, custom operators, layers with code. Such a "
        "version is quarantined."
    )

    def run(self, subject: Subject) -> CheckAnswer:
        """Look at every file that is no pickle."""
        answer = unready(subject)
        if answer is not None:
            return answer
        others = {path: reading for path, reading in subject.readings.items() if reading.format not in PICKLES}
        bad = {path: reading for path, reading in others.items() if is_dangerous(reading)}
        judged = {path: reading for path, reading in others.items() if _counts(reading)}
        if not judged:
            return CheckAnswer(Verdict.NA, _nothing_judged(len(others)))
        verdict = worst_reading(judged)
        found = found_in({path: reading for path, reading in judged.items() if reading.verdict == "review"}) + found_in(bad, kinds=DANGEROUS)
        return CheckAnswer(verdict, _sentence(verdict, len(others), len(bad), judged), evidence_of(judged), found, quarantines=bool(bad))


def _counts(reading: Reading) -> bool:
    """Whether this file says something about code: a merely broken one is judged by the check of formats."""
    return reading.verdict != "block" or is_dangerous(reading)


def _nothing_judged(broken: int) -> str:
    if broken:
        return f"{count(broken, 'file')} broken, so there was nothing to look at; see the check of file types."
    return "All files are pickles, which have a check of their own."


def _sentence(verdict: Verdict, total: int, bad: int, judged: dict[str, Reading]) -> str:
    if bad:
        return f"{count(bad, 'file')} could run code or must not be here. The version is quarantined."
    if verdict == Verdict.ERROR:
        unknown = sum(reading.verdict == "error" for reading in judged.values())
        return f"{count(unknown, 'file')} could not be read, so it is not known whether there is code inside."
    if verdict == Verdict.WARN:
        return "Some files need the eyes of a security reviewer before they may be used."
    unread = total - len(judged)
    broken = f" {count(unread, 'file')} broken, see the check of file types." if unread else ""
    return f"{count(len(judged), 'file')} cannot run anything.{broken}"
