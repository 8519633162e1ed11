"""Pickles are refused, unless they hold plain data, or known model classes that a person of the security track looks at."""

from catalog.artifacts.readers.archives.inside import contained
from catalog.artifacts.readers.types import READERS_VERSION, Reading
from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count
from governance.validation.checks.verdicts import PICKLES, evidence_of, found_in, is_dangerous, unready, worst_reading
from governance.validation.states import Severity, Verdict

MATTER = "pickle"
FIX_WAIVER = "Save the weights as safetensors in a new version, or ask governance for a waiver while the review runs."


class Pickles:
    """Judge pickles by what they import, and say what the tier asks besides."""

    id = "pickles"
    version = READERS_VERSION
    stage = "Security"
    title = "Pickles only after review"
    codes = ("V10", "V11", "V12")
    severity = Severity.CRITICAL
    tiers = TIERS
    needs = frozenset({"hosted", "files", "readings", "tier", "waivers"})
    explains = (
        "Follows the instructions of pickles without running them and compares every import with a list of known ones. Where a second "
        "scanner sees a danger that we do not, a reviewer looks. Tiers T1 and T2 need a waiver."
    )

    def run(self, subject: Subject) -> CheckAnswer:
        """Look at every file whose content is a pickle, whatever its name."""
        answer = unready(subject)
        if answer is not None:
            return answer
        pickles = {path: reading for path, reading in subject.readings.items() if _is_one(reading)}
        if not pickles:
            return CheckAnswer(Verdict.PASS, "No file is a pickle.", {"files": [], "count": 0})
        bad = [path for path, reading in pickles.items() if is_dangerous(reading)]
        verdict = worst_reading(pickles)
        if verdict == Verdict.PASS and subject.waivers.get(MATTER):
            verdict = Verdict.WARN  # plain data or not: where the policy wants no pickle, a person says why this one may stay
        found = found_in({path: reading for path, reading in pickles.items() if reading.verdict != "allow"})
        evidence = evidence_of(pickles) | {"acknowledge": "security", "waiver": waiver_words(subject.waivers.get(MATTER))}
        if verdict == Verdict.WARN and subject.waivers.get(MATTER):
            message = f"In tier {subject.tier} a pickle also needs a waiver by the policy."
            found += (Found(Severity.HIGH, "other", message, next(iter(pickles)), fix=FIX_WAIVER),)
        return CheckAnswer(verdict, _sentence(verdict, len(pickles), len(bad)), evidence, found, quarantines=bool(bad))


def _is_one(reading: Reading) -> bool:
    """Whether a file is a pickle or an archive with one inside, or could be one because nobody could read it."""
    return bool(PICKLES & {reading.format, *contained(reading)}) or (reading.verdict == "error" and reading.format == "unknown")


def waiver_words(needed: bool | None) -> str:  # noqa: FBT001 - the three answers of the policy
    """Say what the policy says about a waiver: needed, possible or not possible."""
    if needed is None:
        return "not possible"
    return "needed" if needed else "possible"


def _sentence(verdict: Verdict, total: int, bad: int) -> str:
    if bad:
        return f"{count(bad, 'pickle')} of {total:,} could run anything when loaded. The version is quarantined."
    sentences = {
        Verdict.PASS: f"{count(total, 'pickle')} of plain data, which runs nothing when loaded.",
        Verdict.WARN: f"{count(total, 'pickle')} of plain data or known model classes: a reviewer of the security track has to acknowledge it.",
        Verdict.FAIL: f"{count(total, 'pickle')}, broken or not readable to the end.",
        Verdict.ERROR: f"{count(total, 'file')} could not be read to the end, so it is not known what a pickle in there would do.",
    }
    return sentences[verdict]
