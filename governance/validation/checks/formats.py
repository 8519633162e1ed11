"""Every file is what its name says and follows its format to the last byte; read in the sandbox, never by a worker."""

from catalog.artifacts.readers.types import READERS_VERSION
from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count, worst_of
from governance.validation.checks.verdicts import DANGEROUS, evidence_of, found_from, is_dangerous, unready, verdict_of, without_sandbox
from governance.validation.states import Severity, Verdict

UNSAFELY = " Read without a sandbox, as ALLOW_UNSANDBOXED_SCAN lets this installation."


class Formats:
    """Judge types and structure of all files."""

    id = "formats"
    version = READERS_VERSION
    stage = "Security"
    title = "File types and structure"
    codes = ("V02", "V04", "V15", "V16", "V17", "V18")
    severity = Severity.HIGH
    tiers = TIERS
    needs = frozenset({"hosted", "files", "readings"})
    explains = (
        "Reads every file to the last byte, in a sandbox: it is what its name says, follows its format, and archives hold no bomb. "
        "Nothing is ever loaded."
    )

    def run(self, subject: Subject) -> CheckAnswer:
        """Refuse what is broken, of a type that cannot be checked, or different from what its name says."""
        answer = unready(subject)
        if answer is not None:
            return answer
        verdicts, found = [], list[Found]()
        for path, reading in subject.readings.items():
            # A file for review is in order; whether it may be used is the question of the checks for code and pickles.
            verdicts.append(Verdict.PASS if reading.verdict == "review" else verdict_of(reading))
            if reading.verdict in {"allow", "review"}:
                continue
            found += [found_from(path, finding) for finding in reading.findings if finding.kind not in DANGEROUS]
        evidence = evidence_of(subject.readings) | {"readers": READERS_VERSION}
        said = _sentence(subject, verdicts) + (UNSAFELY if without_sandbox(subject.readings) else "")
        return CheckAnswer(worst_of(verdicts), said, evidence, tuple(found))


def _sentence(subject: Subject, verdicts: list[Verdict]) -> str:
    total, failed, unknown = len(verdicts), verdicts.count(Verdict.FAIL), verdicts.count(Verdict.ERROR)
    if not failed and not unknown:
        formats = ", ".join(sorted({reading.format for reading in subject.readings.values()}))
        return f"{count(total, 'file')} read to the last byte: {formats}."[:300]
    unsafe = sum(is_dangerous(reading) for reading in subject.readings.values())
    parts = [f"{count(failed, 'file')} of {total:,} refused"] if failed else []
    parts += [f"{count(unknown, 'file')} could not be read"] if unknown else []
    parts += [f"{unsafe:,} of them as unsafe, see the checks for code and pickles"] if unsafe else []
    return "; ".join(parts) + "."
