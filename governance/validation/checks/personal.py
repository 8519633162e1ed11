"""The card tells everybody about the model, and nobody's secrets: no personal data, no passwords."""

from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count
from governance.validation.looking import TextLook
from governance.validation.rules import version_with
from governance.validation.states import Severity, Verdict

GRAVE = ("account number", "payment card")
MENTIONED = "e-mail address"
FIX_KEY = "Make it useless first, where it was issued: the card keeps its history. Then take it out of the card."
FIX_DATA = "Take it out of the card, or show made-up data in its place. Contacts belong into the fields for contacts."


class Personal:
    """Search everything people wrote in the card, but for the fields that name contacts."""

    id = "personal"
    codes = ("V48",)
    stage = "Card"
    title = "No personal data or secrets in the card"
    severity = Severity.CRITICAL
    tiers = TIERS
    needs = frozenset({"texts"})
    explains = (
        "Searches the text and the fields of the card for account and card numbers, telephone numbers and addresses of persons, "
        "passwords and keys. Fields that are there to name a contact are left out. Findings say the place, and never what was found."
    )

    @property
    def version(self) -> str:
        """Change with the code and with the patterns."""
        return version_with(1, "secrets", "personal")

    def run(self, subject: Subject) -> CheckAnswer:
        """Say in which field something was found."""
        lost = [key for key, look in subject.texts.items() if look.problem]
        if lost or not subject.texts:
            said = "The card could not be searched, so nothing can be said about it."
            return CheckAnswer(Verdict.ERROR, said, {}, (Found(Severity.HIGH, "other", said, fix="Run the checks again."),))
        found = [item for key, look in subject.texts.items() for item in _found(key, look)]
        worst = max((item.severity for item in found), key=Severity.values.index, default=Severity.INFO)
        evidence = {"fields": len(subject.texts), "found": len(found)}
        if worst == Severity.CRITICAL:
            return CheckAnswer(Verdict.FAIL, "The card holds a secret that whoever reads it can use.", evidence, tuple(found))
        if worst != Severity.INFO:
            return CheckAnswer(Verdict.WARN, f"{count(len(found), 'place')} in the card may hold personal data or a secret.", evidence, tuple(found))
        mentioned = f" {count(len(found), 'e-mail address')} mentioned." if found else ""
        return CheckAnswer(
            Verdict.PASS, f"{count(len(subject.texts), 'part')} of the card searched; nothing that is private.{mentioned}", evidence, tuple(found)
        )


def _found(key: str, look: TextLook) -> list[Found]:
    found = [
        Found(Severity.CRITICAL if hit.sure else Severity.MEDIUM, "card", f"The card holds {hit.what}.", where=f"{key}, line {hit.line}", fix=FIX_KEY)
        for hit in look.secrets
    ]
    for what, line in look.personal:
        severity = Severity.HIGH if any(word in what for word in GRAVE) else Severity.INFO if MENTIONED in what else Severity.LOW
        found.append(Found(severity, "card", f"The card holds {what}.", where=f"{key}, line {line}", fix=FIX_DATA))
    return found
