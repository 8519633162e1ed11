"""No file carries a password, a token or a key along: whoever may read the model could use it."""

from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count, listed, no_files, not_applicable, unseen
from governance.validation.looking import Look
from governance.validation.rules import version_with
from governance.validation.states import Severity, Verdict

FIX = "Make it useless first, where it was issued: others may have seen it. Then bring a new version without it."
FIX_LIKELY = "If it is one, make it useless where it was issued and bring a new version without it; if not, say so to the reviewer."


class Secrets:
    """Search text, settings and the metadata of weights for secrets; findings say the place, and never the secret."""

    id = "secrets"
    codes = ("V06",)
    stage = "Security"
    title = "No passwords, tokens or keys"
    severity = Severity.CRITICAL
    tiers = TIERS
    needs = frozenset({"hosted", "files", "looks"})
    explains = (
        "Searches text files, settings and the metadata inside weights for access keys, tokens and private keys. A key that its form "
        "gives away quarantines the version; a value that is only named like a password is shown to a reviewer."
    )

    @property
    def version(self) -> str:
        """Change with the code and with the list of patterns."""
        return version_with(1, "secrets")

    def run(self, subject: Subject) -> CheckAnswer:
        """Say where something looks like a secret."""
        if subject.hosted:
            return not_applicable()
        if not subject.files:
            return no_files()
        if (answer := unseen(subject)) is not None:
            return answer
        looks = {file.path: subject.looks[file.path] for file in subject.files}
        sure = [_found(path, what, line, sure=True) for path, look in looks.items() for what, line in _hits(look, sure=True)]
        likely = [_found(path, what, line, sure=False) for path, look in looks.items() for what, line in _hits(look, sure=False)]
        evidence = {"files": len(looks), "read to the end": sum(look.whole for look in looks.values()), "library": "detect-secrets"}
        if sure:
            names = listed(sorted({found.path for found in sure}))
            return CheckAnswer(
                Verdict.FAIL, f"{names}: {count(len(sure), 'secret')}. The version is quarantined.", evidence, tuple(sure + likely), quarantines=True
            )
        if likely:
            said = f"{count(len(likely), 'place')} could hold a secret; a reviewer has to look."
            return CheckAnswer(Verdict.WARN, said, evidence, tuple(likely))
        ends = "" if all(look.whole for look in looks.values()) else ", of binary ones the beginning and the end"
        return CheckAnswer(Verdict.PASS, f"{count(len(looks), 'file')} searched{ends}; no secret found.", evidence)


def _hits(look: Look, *, sure: bool) -> list[tuple[str, int]]:
    return [(hit.what, hit.line) for hit in look.secrets if hit.sure is sure]


def _found(path: str, what: str, line: int, *, sure: bool) -> Found:
    message = f"{path} holds {what}." if sure else f"{path} may hold a secret: {what}."
    place = f"line {line}" if line else "in its metadata"
    return Found(Severity.CRITICAL if sure else Severity.MEDIUM, "secret", message, path, place, FIX if sure else FIX_LIKELY)
