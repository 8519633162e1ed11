"""What is still missing on the card of an imported model before its first version can be submitted."""

from dataclasses import dataclass

from catalog.cards.completeness import completeness
from catalog.cards.schema import schema_for, validate
from catalog.sources.connectors.records import Record

UNKNOWN_TIER = "T3"


@dataclass(frozen=True)
class Lack:
    """The state of one model's card: how much is answered, what is missing, what does not fit."""

    row: int
    name: str
    tier: str
    is_guessed: bool
    done: int
    required: int
    missing: tuple[str, ...]
    wrong: tuple[str, ...]


def lack_of(row: int, found: Record) -> Lack:
    """Say what a record leaves open for its tier; without one, what the standard tier asks."""
    tier = found.tier or UNKNOWN_TIER
    schema = schema_for(tier, third_party=found.origin != "internal", hosted=found.kind == "hosted")
    state = completeness(found.card, dict.fromkeys(found.card, "imported"), schema, "submit")
    wrong = tuple(f"{problem.message} {problem.fix}" for problem in validate(found.card, schema))
    return Lack(row, found.name, tier, not found.tier, state.done, state.required, tuple(m.title for m in state.missing), wrong)
