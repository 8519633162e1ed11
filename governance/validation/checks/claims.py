"""What the card claims is what the files say: parameters, precision, architecture, context length."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from governance.validation.checks.base import TIERS, CheckAnswer, Found, Subject, count, not_applicable
from governance.validation.facts import facts_of_readings
from governance.validation.states import Severity, Verdict

# People round: "8 billion" for 8.03.
TOLERANCE = 0.05
FIX = "Correct the card, or take the value out: what the files say is then shown by itself. If the wrong files were uploaded, bring a new version."
SAME = {"fp32": "f32", "float32": "f32", "float": "f32", "fp16": "f16", "float16": "f16", "half": "f16", "bfloat16": "bf16", "float64": "f64",
        "double": "f64", "int8": "i8", "int4": "i4", "uint8": "u8"}  # fmt: skip


class Claims:
    """Compare what people wrote with what was read in weights and settings."""

    id = "claims"
    codes = ("V49",)
    version = "1"
    stage = "Card"
    title = "The card says what the files say"
    severity = Severity.MEDIUM
    tiers = TIERS
    needs = frozenset({"hosted", "readings", "card"})
    explains = (
        "Compares the number of parameters (within five in a hundred), the precision, the architecture and the context length that "
        "people wrote into the card with what the weights and their settings say."
    )

    def run(self, subject: Subject) -> CheckAnswer:
        """Name every claim that differs."""
        if subject.hosted:
            return not_applicable()
        facts = facts_of_readings(subject.readings)
        claimed = {key: value for key, value in subject.card.values.items() if subject.card.sources.get(key) not in {"found", "computed"}}
        both = [key for key in COMPARED if key in facts and claimed.get(key) not in (None, "", [])]
        found = [item for key in both for item in _compare(key, claimed[key], facts[key])]
        evidence = {"compared": both, "files": {key: str(facts[key][0])[:200] for key in COMPARED if key in facts}}
        if found:
            return CheckAnswer(Verdict.WARN, f"Card and files say different things about {count(len(found), 'fact')}.", evidence, tuple(found))
        if not both:
            return CheckAnswer(Verdict.NA, "The card claims nothing that could be compared with the files.", evidence)
        return CheckAnswer(Verdict.PASS, f"{count(len(both), 'claim')} of the card compared with the files, which say the same.", evidence)


def _compare(key: str, claim: object, fact: tuple[object, str]) -> Iterator[Found]:
    value, place = fact
    title, agrees = COMPARED[key]
    if not agrees(claim, value):
        message = f"{title}: the card says {_shown(claim)}, {place} says {_shown(value)}."
        yield Found(Severity.MEDIUM, "card", message, place, key, FIX)


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))[:120]
    return f"{value:,}" if isinstance(value, int) else str(value)[:120]


def _near(claim: object, value: object) -> bool:
    if not isinstance(claim, int | float) or not isinstance(value, int | float):
        return str(claim) == str(value)
    return abs(claim - value) <= TOLERANCE * max(abs(value), 1)


def _same_number(claim: object, value: object) -> bool:
    return str(claim).partition(".")[0] == str(value).partition(".")[0]


def _precisions(value: object) -> set[str]:
    words = value if isinstance(value, list | tuple) else [value]
    return {SAME.get(word, word) for word in (str(item).lower().replace("torch.", "").strip() for item in words)}


def _overlap(claim: object, value: object) -> bool:
    """Whether one of the claimed precisions is among those of the tensors: norms and embeddings often have another."""
    return not _precisions(claim).isdisjoint(_precisions(value))


def _related(claim: object, value: object) -> bool:
    """Whether two names mean one architecture: "llama" and "LlamaForCausalLM"."""
    first, second = (re.sub(r"[^a-z0-9]", "", re.sub(r"For[A-Z]\w+$|Model$|LMHead\w*$", "", str(item)).lower()) for item in (claim, value))
    return bool(first and second) and (first in second or second in first)


COMPARED: Mapping[str, tuple[str, Any]] = {
    "technical.parameter_count": ("Parameters", _near),
    "technical.precision": ("Precision", _overlap),
    "technical.architecture": ("Architecture", _related),
    "technical.context_length": ("Context length", _same_number),
}
