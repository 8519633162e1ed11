"""Writing a card: every save that changes something is a new revision, and no revision ever changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from catalog.cards.facts import fitting, schema_of
from catalog.cards.merging import Merged, merge, problems_with, same, take_found
from catalog.cards.models import CardRevision
from catalog.cards.parser import MAX_TEXT, OURS, ParsedCard, parse_readme
from catalog.cards.queries import current_card
from catalog.cards.schema import is_undisclosed
from catalog.registry.models import RegisteredModel
from catalog.registry.permissions import require_editor
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid
from marketplace.markdown import Rendered, render

ATTEMPTS = 5
NUMBERING = "one_card_revision_per_number"
MAX_SUMMARY = 280
UNSAID = "The card does not say it: it comes from the registration or the files, and approvals count on it. Say something else instead of nothing."


@dataclass(frozen=True)
class Change:
    """What a save asks for."""

    values: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    summary: str = ""
    unmapped: Mapping[str, Any] | None = None
    expected: int | None = None
    facts: Mapping[str, Any] | None = None


def save_card(
    model: RegisteredModel,
    *,
    by: User,
    values: Mapping[str, Any],
    sources: Mapping[str, str] | None = None,
    text: str | None = None,
    summary: str = "",
    expected_revision: int | None = None,
    unmapped: Mapping[str, Any] | None = None,
) -> CardRevision:
    """Save values over the present card as a new revision; saving what is there already makes none.

    An empty value takes a field away; fields and text that are not given stay. With `expected_revision` (0: no card yet) a card that moved
    on meanwhile is refused with its present number.
    """
    require_editor(by, model)
    change = Change(dict(values), dict(sources or {}), _lines(text), summary.strip(), unmapped, expected_revision)
    _require_savable(change, model)
    return _save(model, change, by=by)


def import_readme(model: RegisteredModel, readme: str, *, by: User, expected_revision: int | None = None) -> tuple[CardRevision, list[str]]:
    """Take over a README.md with YAML at its head as the whole card text and the fields it names; also return what could not be read."""
    require_editor(by, model)
    parsed = parse_readme(readme)
    values, warnings = _importable(model, parsed)
    card = save_card(
        model,
        by=by,
        values=values,
        sources=dict.fromkeys(values, "imported"),
        text=parsed.text,
        summary="Imported from README.md",
        expected_revision=expected_revision,
        unmapped=parsed.unmapped,
    )
    return card, warnings


def take_found_facts(model: RegisteredModel, facts: Mapping[str, Mapping[str, Any]], *, by: User | None = None) -> CardRevision | None:
    """Note what files say: field -> {value, file}. It fills what nobody has said, and stands visibly beside what people said otherwise."""
    usable = fitting(facts, model)
    if not usable:
        return current_card(model)
    return _save(model, Change(facts=usable, summary="Read from the files"), by=by)


@transaction.atomic
def save_facts(model: RegisteredModel, facts: Mapping[str, Any], *, by: User) -> None:
    """Say on the card what somebody changed of a model by the names of its row; the row stays the copy that lists show."""
    keys = {column: key for key, (column, _) in COLUMNS.items() if column in facts}
    given = {keys[column]: [value] if column == "base_model" and value else value for column, value in facts.items()}
    present = current_card(model)
    said = present.values if present is not None else {}
    unsaid = {key for key, value in given.items() if value in (None, "", []) and key not in said}
    schema = schema_of(model)
    if kept := [column for column, key in keys.items() if key in unsaid and (field := schema.field(key)) is not None and field.material]:
        raise Invalid("The model was not changed.", fields={column: [UNSAID] for column in kept})
    if values := {key: value for key, value in given.items() if key not in unsaid}:
        try:
            said = save_card(model, by=by, values=values, summary=f"Changed on the model: {', '.join(sorted(keys))}").values
        except Invalid as wrong:
            columns = {key: column for column, key in keys.items()}
            raise Invalid("The model was not changed.", fields={columns.get(key, key): why for key, why in wrong.fields.items()}) from wrong
    _tell_model(model, Merged(dict(said), {}, sorted(given)), by=by)


@transaction.atomic
def tell_lists(model: RegisteredModel, facts: Mapping[str, Mapping[str, Any]]) -> None:
    """Let lists and search show what files say, field -> {value, file}, where nobody has said anything; the card stays as it was submitted."""
    said = {key: fact["value"] for key, fact in fitting(facts, model).items() if key in COLUMNS}
    silent = {key: value for key, value in said.items() if getattr(model, COLUMNS[key][0]) in (None, "", [])}
    _tell_model(model, Merged(silent, {}, sorted(silent)), by=None)


def rendered(card: CardRevision) -> CardRevision:
    """Return the card with its text as HTML; what was imported in bulk is rendered when somebody first looks."""
    if not card.is_rendered:
        made = render(card.text)
        CardRevision.objects.filter(pk=card.pk, is_rendered=False).update(html=made.html, render_note=made.note[:200], is_rendered=True)
        card.html, card.render_note, card.is_rendered = made.html, made.note[:200], True
    return card


def _lines(text: str | None) -> str | None:
    return None if text is None else text.replace("\r\n", "\n")


def _importable(model: RegisteredModel, parsed: ParsedCard) -> tuple[dict[str, Any], list[str]]:
    """Return the values that a README may bring, and warnings that name the others."""
    card = current_card(model)
    given: dict[str, Any] = dict(parsed.values)
    values = {key: {**value, "accepted": False} if is_undisclosed(value) else value for key, value in given.items()}
    wrong = problems_with(values, {}, card.values if card is not None else {}, schema_of(model))
    warnings = [f"{OURS}: {key} was not taken over: {' '.join(sentences)}" for key, sentences in wrong.items() if key in values]
    return {key: value for key, value in values.items() if key not in wrong}, [*parsed.warnings, *warnings]


def _require_savable(change: Change, model: RegisteredModel) -> None:
    """Raise Invalid naming everything that cannot be saved so, before anything is rendered or locked."""
    card = current_card(model)
    problems = problems_with(change.values, change.sources, card.values if card is not None else {}, schema_of(model))
    if change.text is not None and len(change.text) > MAX_TEXT:
        problems["text"] = [f"The text has {len(change.text):,} characters; at most {MAX_TEXT:,} fit. Shorten it by {len(change.text) - MAX_TEXT:,}."]
    if change.text is not None and "\x00" in change.text:
        problems["text"] = ["The text contains a NUL character. Remove it."]
    if len(change.summary) > MAX_SUMMARY or "\x00" in change.summary:
        problems["summary"] = [f"Say what changed in at most {MAX_SUMMARY} characters."]
    if problems:
        number = len(problems)
        raise Invalid(f"The card was not saved: {number} {'thing needs' if number == 1 else 'things need'} mending.", fields=problems)


def _save(model: RegisteredModel, change: Change, *, by: User | None) -> CardRevision:
    """Store the change as the next number; whoever takes that number first wins, and we put ours over theirs."""
    # Rendering takes up to seconds in a child: no lock is held meanwhile.
    made = render(change.text) if change.text is not None else None
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return _store(model, change, made, by=by)
        except IntegrityError as clash:
            if NUMBERING not in str(clash):
                raise
    raise Conflict(f"Others save the card of {model} at this very moment.", hint="Try again in a moment.")


def _store(model: RegisteredModel, change: Change, made: Rendered | None, *, by: User | None) -> CardRevision:
    present = current_card(model)
    number = present.number if present is not None else 0
    if change.expected is not None and change.expected != number:
        raise Conflict(
            f"The card of {model} is at revision {number} now; you changed revision {change.expected}.",
            hint="Look at what changed, then save your part again.",
            code="card-moved",
            revision=number,
        )
    base = present if present is not None else CardRevision(model=model, number=0)
    merged = _merged(base, change)
    new = CardRevision(
        model=model,
        number=number + 1,
        values=merged.values,
        sources=merged.sources,
        found=dict(base.found) | dict(change.facts or {}),
        unmapped=dict(base.unmapped if change.unmapped is None else change.unmapped),
        text=base.text if change.text is None else change.text,
        html=base.html if made is None else made.html,
        render_note=base.render_note if made is None else made.note[:200],
        is_rendered=base.is_rendered if made is None else True,
        summary=change.summary,
        author=by,
    )
    if present is not None and _is_same(present, new):
        return present
    new.save(force_insert=True)
    changed = merged.changed + ([] if new.text == base.text else ["text"])
    # First what approvals it makes void, which locks versions, then the model: the order of locks of `catalog/registry/work.py`.
    record("card.saved", model, by=by, texts={"summary": change.summary}, revision=new.number, changed=changed)
    _tell_model(model, merged, by=by)
    return new


def _merged(base: CardRevision, change: Change) -> Merged:
    if change.facts is not None:
        return take_found(base.values, base.sources, change.facts)
    return merge(base.values, base.sources, change.values, change.sources)


def _is_same(one: CardRevision, other: CardRevision) -> bool:
    return one.text == other.text and all(
        same(getattr(one, part), getattr(other, part)) for part in ("values", "sources", "found", "unmapped")
    )  # fmt: skip


def _tell_model(model: RegisteredModel, merged: Merged, *, by: User | None) -> None:
    """Copy what lists and search show from the card to the model's row."""
    wanted = {column: read(merged.values.get(key)) for key, (column, read) in COLUMNS.items() if key in merged.changed}
    before = {column: getattr(model, column) for column in wanted}
    changes = {column: value for column, value in wanted.items() if before[column] != value}
    if changes:
        RegisteredModel.objects.filter(pk=model.pk).update(**changes, updated_at=Now())
        for column, value in changes.items():
            setattr(model, column, value)
        record("model.changed", model, by=by, before={column: before[column] for column in changes}, after=changes)


def _words(limit: int) -> Any:
    return lambda value: value.strip()[:limit] if isinstance(value, str) else ""


def _first(value: object) -> str:
    return str(value[0])[:300] if isinstance(value, list) and value else ""


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**62 else None


def _tags(value: object) -> list[str]:
    tags = [tag.strip() for tag in value if isinstance(tag, str) and 1 <= len(tag.strip()) <= 60] if isinstance(value, list) else []
    return list(dict.fromkeys(tags))[:30]


# Field of the card -> column of the model's row, with how it is cut to fit.
COLUMNS: dict[str, tuple[str, Any]] = {
    "identity.name": ("display_name", _words(200)),
    "identity.summary": ("summary", _words(280)),
    "identity.developed_by": ("publisher", _words(160)),
    "technical.task": ("task", _words(80)),
    "technical.library": ("library", _words(80)),
    "technical.parameter_count": ("parameters", _count),
    "technical.tags": ("tags", _tags),
    "lineage.base_model": ("base_model", _first),
    "legal.license": ("license", _words(120)),
}
