"""Finding card revisions, what differs between them, and what a card still lacks."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from catalog.cards.completeness import Completeness, Moment, completeness
from catalog.cards.facts import known, schema_of
from catalog.cards.merging import same
from catalog.cards.models import CardRevision
from catalog.registry.models import RegisteredModel
from catalog.registry.queries import approvals_in_force
from marketplace.errors import NotFound

MAX_LINES = 4_000
MAX_CHARACTERS = 200_000
MAX_NUMBER = 2**31 - 1


def current_card(model: RegisteredModel) -> CardRevision | None:
    """The newest revision of a model's card; None when nobody has written one."""
    return CardRevision.objects.filter(model=model).select_related("author").order_by("-number").first()


def card_revision(model: RegisteredModel, number: int) -> CardRevision:
    """One revision of a model's card; NotFound when there is none of this number."""
    rows = CardRevision.objects.select_related("author")
    found = rows.filter(model=model, number=number).first() if 0 < number <= MAX_NUMBER else None
    if found is None:
        raise NotFound
    return found


def history(model: RegisteredModel) -> QuerySet[CardRevision]:
    """The revisions of a model's card, the newest first, without their long parts."""
    rows = CardRevision.objects.filter(model=model).select_related("author").order_by("-number")
    return rows.defer("values", "sources", "found", "unmapped", "text", "html")


def completeness_for(
    card: CardRevision | None, model: RegisteredModel, tier: str = "", moment: Moment = "submit", packs: Collection[str] = ()
) -> Completeness:
    """How much of the card there is at a moment; what the model's row says counts too."""
    values, sources = known(card, model)
    return completeness(values, sources, schema_of(model, tier, packs), moment)


@dataclass(frozen=True)
class FieldChange:
    """A field that differs between two revisions."""

    key: str
    title: str
    type: str
    material: bool
    before: Any
    after: Any


@dataclass(frozen=True)
class Difference:
    """What differs between two revisions: fields, and the lines of the text with "+", "-" or " " before each."""

    fields: list[FieldChange]
    text: list[tuple[str, str]]
    text_changed: bool
    text_too_long: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not self.fields and not self.text_changed


def diff(before: CardRevision | None, after: CardRevision, model: RegisteredModel) -> Difference:
    """What changed from one revision to another, field by field and line by line."""
    old = before.values if before is not None else {}
    fields = [
        FieldChange(field.key, field.title, field.type, field.material, old.get(field.key), after.values.get(field.key))
        for field in schema_of(model).fields
        if not same(old.get(field.key), after.values.get(field.key))
    ]
    there, here = before.text if before is not None else "", after.text
    lines, too_long = compare_texts(there, here)
    return Difference(fields, lines, there != here, too_long)


def compare_texts(before: str, after: str) -> tuple[list[tuple[str, str]], bool]:
    """Compare line by line with little context; say instead when the texts are too long for that."""
    old, new = before.splitlines(), after.splitlines()
    if len(before) + len(after) > MAX_CHARACTERS or len(old) + len(new) > MAX_LINES:
        return [], before != after
    found = difflib.unified_diff(old, new, lineterm="", n=2)
    return [(line[:1], line[1:]) for line in found if not line.startswith(("---", "+++"))], False


def bound_versions(model: RegisteredModel) -> list[tuple[str, int]]:
    """The versions with an approval in force and the card revision each was approved with: a material change makes it void."""
    rows = approvals_in_force().filter(version__model=model).order_by("version__version")
    return list(rows.values_list("version__version", "card_revision").distinct())
