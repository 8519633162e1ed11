"""The same weights are here already, in another model: then its approval may be what is needed, not a new one."""

from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count, listed, no_files, not_applicable
from governance.validation.states import Severity, Verdict

FIX = "Use the model that is here, or say in the summary what this one adds."


class Copies:
    """Name other models with the same bytes, among those that everybody in the organization may see."""

    id = "copies"
    codes = ("V35",)
    version = "1"
    stage = "Identity"
    title = "Not here already"
    severity = Severity.LOW
    tiers = TIERS
    needs = frozenset({"hosted", "files", "tier", "record"})
    explains = (
        "Looks for the very same weights in other models. In a sandbox (T4) a copy is only mentioned; elsewhere a reviewer is asked "
        "whether the model that is here would do. Models that not everybody may see are never mentioned."
    )

    def run(self, subject: Subject) -> CheckAnswer:
        """Say which models have the same files, and which of them are approved."""
        if subject.hosted:
            return not_applicable()
        if not subject.files:
            return no_files()
        copies = subject.record.copies
        here = {file.sha256: file.path for file in subject.files}
        evidence = {"copies": [[copy.model, copy.version, copy.path, copy.approved] for copy in copies]}
        if not copies:
            return CheckAnswer(Verdict.PASS, "No other model that everybody may see has the same weights.", evidence)
        found = [_found(copy.model, copy.version, copy.path, here.get(copy.sha256, ""), approved=copy.approved) for copy in copies]
        models = sorted({f"{copy.model}@{copy.version}" for copy in copies})
        said = f"The same weights are in {count(len(models), 'other version')}: {listed(models, 3)}."
        return CheckAnswer(Verdict.PASS if subject.tier == "T4" else Verdict.WARN, said, evidence, tuple(found))


def _found(model: str, version: str, theirs: str, ours: str, *, approved: bool) -> Found:
    more = ", which is approved" if approved else ""
    return Found(Severity.LOW, "other", f"The bytes of {ours} are also {theirs} of {model}@{version}{more}.", ours, fix=FIX)
