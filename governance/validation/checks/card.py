"""The card says what the tier asks: what a submit needs is missing, it fails; what an approval needs, it warns."""

from catalog.cards.completeness import Missing, completeness
from catalog.cards.schema import validate
from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count
from governance.validation.states import Severity, Verdict

FIX = "Edit the card, then submit again: the files stay as they are."
FIX_LATER = "Edit the card before the review decides; otherwise reviewers will ask for it."


class CardDuties:
    """Compare the pinned card with the duties of the tier."""

    id = "card"
    version = "1"
    stage = "Card"
    title = "The card is complete"
    codes = ("V45",)
    severity = Severity.HIGH
    tiers = TIERS
    needs = frozenset({"tier", "card"})
    explains = "Compares the card with the duties of the tier: what a submit needs fails, what an approval needs warns."

    def run(self, subject: Subject) -> CheckAnswer:
        """Name every field that is missing or wrong, and why it is asked."""
        card = subject.card
        now = completeness(card.values, card.sources, card.schema, "submit")
        later = completeness(card.values, card.sources, card.schema, "approval")
        owed = {missing.field for missing in now.missing}
        problems = validate(card.values, card.schema)
        wrong = [Found(Severity.HIGH, "card", problem.message, where=problem.field, fix=problem.fix) for problem in problems]
        failing = wrong + [_found(missing, Severity.HIGH, FIX) for missing in now.missing]
        warning = [_found(missing, Severity.LOW, FIX_LATER) for missing in later.missing if missing.field not in owed]
        verdict = Verdict.FAIL if failing else Verdict.WARN if warning else Verdict.PASS
        evidence = {
            "revision": card.revision,
            "tier": subject.tier,
            "submit": {"done": now.done, "required": now.required},
            "approval": {"done": later.done, "required": later.required},
        }
        return CheckAnswer(verdict, _sentence(subject.tier, len(failing), len(warning), later.required), evidence, tuple(failing + warning))


def _found(missing: Missing, severity: Severity, fix: str) -> Found:
    return Found(severity, "card", f"Missing: {missing.title}. {missing.why}", where=missing.field, fix=fix)


def _sentence(tier: str, failing: int, warning: int, required: int) -> str:
    if failing:
        return f"{count(failing, 'field')} of the card missing or wrong; tier {tier} needs them before a review can start."
    if warning:
        return f"{count(warning, 'field')} of the card will be needed before an approval in tier {tier}."
    return f"All {count(required, 'required field')} of the card for tier {tier} are there."
