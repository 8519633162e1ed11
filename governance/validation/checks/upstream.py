"""A model from outside names the exact state of its source: a branch or a tag can be something else tomorrow."""

import re

from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject
from governance.validation.states import Severity, Verdict

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
FIX = "Name the full commit, as the history of the source shows it, as upstream commit of the version; once submitted, of a new one."


class Upstream:
    """Look whether the upstream revision can move."""

    id = "upstream"
    codes = ("V33",)
    version = "1"
    stage = "Identity"
    title = "The source is pinned"
    severity = Severity.MEDIUM
    tiers = TIERS
    needs = frozenset({"hosted", "tier", "card", "record"})
    explains = (
        "For models from outside: the upstream revision is a full commit, not a branch, a tag or a shortened number, which could come "
        "to mean another state."
    )

    def run(self, subject: Subject) -> CheckAnswer:
        """Fail in tiers T1 and T2, warn elsewhere."""
        if subject.record.origin == "internal":
            return CheckAnswer(Verdict.NA, "This model was made here, so there is no source to pin.")
        if subject.hosted:
            return CheckAnswer(Verdict.NA, "A vendor serves this model; its snapshot is part of what was submitted.")
        said = str(subject.record.upstream_commit or subject.card.values.get("identity.upstream_revision") or "").strip()
        evidence: dict[str, object] = {"revision": said[:100]}
        if COMMIT.fullmatch(said.lower()):
            return CheckAnswer(Verdict.PASS, f"The source is pinned to the commit {said[:12]}….", evidence)
        verdict = Verdict.FAIL if subject.is_strict else Verdict.WARN
        message = (
            f"“{said[:60]}” is no full commit, so it can come to mean another state." if said else "Nothing says which state of the source this is."
        )
        sentence = "The source is not pinned to a commit." if said else "Nothing says which state of the source this is."
        found = Found(Severity.MEDIUM, "other", message, where="identity.upstream_revision", fix=FIX)
        return CheckAnswer(verdict, sentence, evidence, (found,))
