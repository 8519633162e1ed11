"""The shapes of cards in /api/v1/."""

from typing import Any

from rest_framework import serializers

from catalog.cards.merging import SOURCES, contradictions
from catalog.cards.models import CardRevision
from catalog.cards.parser import MAX_TEXT
from marketplace.api.serializers import StrictSerializer


class CardInput(StrictSerializer):
    """What is saved: fields by key, where each value is from, the text, and what was changed."""

    values = serializers.DictField(required=False, help_text="Field key -> value; null takes a field away. See card/schema")
    sources = serializers.DictField(
        child=serializers.CharField(max_length=20), required=False, help_text=f"Field key -> {', '.join(SOURCES)}; human when not said"
    )
    text = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False, help_text=f"Markdown, at most {MAX_TEXT:,} characters")
    summary = serializers.CharField(required=False, allow_blank=True, help_text="What was changed, at most 280 characters")


class CompletenessShape(serializers.Serializer[Any]):
    """How much of what a submit asks is there."""

    tier = serializers.CharField()
    done = serializers.IntegerField()
    required = serializers.IntegerField()  # type: ignore[assignment]
    missing = serializers.DictField(child=serializers.CharField(), help_text="Field key -> why it is asked")


class BoundShape(serializers.Serializer[Any]):
    """An approved version and the card revision its approval is bound to."""

    version = serializers.CharField()
    revision = serializers.IntegerField()


class CardShape(serializers.Serializer[Any]):
    """A card as it stands."""

    revision = serializers.IntegerField(help_text="0: nobody has saved a card yet")
    values = serializers.DictField()
    sources = serializers.DictField(child=serializers.CharField())
    found_differs = serializers.DictField(help_text="Field key -> {value, file}: what the files say otherwise")
    text = serializers.CharField(allow_blank=True)
    html = serializers.CharField(allow_blank=True, help_text="The text, cleaned")
    note = serializers.CharField(allow_blank=True, help_text="Why the text is shown as plain text; empty when it is not")
    summary = serializers.CharField(allow_blank=True)
    author = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField(allow_null=True)
    completeness = CompletenessShape()
    approvals = BoundShape(many=True, help_text="Approvals in force: each keeps its revision, a new review will see the present one")


class SavedShape(CardShape):
    """A card after a README was taken over, with what could not be read."""

    warnings = serializers.ListField(child=serializers.CharField())


class RevisionShape(serializers.Serializer[Any]):
    """A revision in the list."""

    revision = serializers.IntegerField()
    summary = serializers.CharField(allow_blank=True)
    author = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class RevisionsShape(serializers.Serializer[Any]):
    """A page of the revisions of a card."""

    results = RevisionShape(many=True)
    next = serializers.CharField(allow_null=True)


def card_shape(card: CardRevision | None) -> dict[str, Any]:
    """Return what a revision says; an empty card when there is none."""
    if card is None:
        return {
            "revision": 0, "values": {}, "sources": {}, "found_differs": {}, "text": "", "html": "", "note": "", "summary": "",
            "author": None, "created_at": None,
        }  # fmt: skip
    return {
        "revision": card.number,
        "values": card.values,
        "sources": card.sources,
        "found_differs": contradictions(card.values, card.sources, card.found),
        "text": card.text,
        "html": card.html,
        "note": card.render_note,
        "summary": card.summary,
        "author": card.author.username if card.author else None,
        "created_at": card.created_at,
    }


def revision_shape(card: CardRevision) -> dict[str, Any]:
    """Return a revision without its content."""
    author = card.author.username if card.author else None
    return {"revision": card.number, "summary": card.summary, "author": author, "created_at": card.created_at}
