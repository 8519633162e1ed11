"""What the pages of a card show: sections with their state, fields with duty and source, values as text, list or table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from catalog.cards.actions import rendered
from catalog.cards.completeness import SUGGESTED, Completeness, completeness, says_something
from catalog.cards.editing import ACCEPT, TAKE, FieldsForm, written
from catalog.cards.facts import COMPUTED, known, schema_of
from catalog.cards.merging import FOUND, IMPORTED, contradictions
from catalog.cards.models import CardRevision
from catalog.cards.parser import export_readme
from catalog.cards.queries import Difference, bound_versions, current_card
from catalog.cards.schema import TIERS, CardSchema, Field, Section, is_undisclosed
from catalog.registry.models import RegisteredModel
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import allowed

DUTIES = {"R": "submit", "A": "approval", "P": "production", "o": "optional"}
LENIENT = "T4"
TEXT = "text"
# What a reader asks first: what is it for, where does it fail, how good is it.
READ_FIRST = ("use", "risk", "evaluation", "lineage", "operation", "legal", "technical")


def model_path(model: RegisteredModel) -> str:
    """The page of a model."""
    return f"/m/{model.team.name}/{model.name}"


def crumbs(model: RegisteredModel, *last: str) -> list[dict[str, str]]:
    """The way from the catalog to a page of the card."""
    return [{"text": "Catalog", "url": "/models"}, {"text": str(model), "url": model_path(model)}, *({"text": text} for text in last)]


def tier_shown(request: HttpRequest, model: RegisteredModel) -> str:
    """The tier whose duties a page shows: the one asked for, else the model's, else what every tier asks."""
    asked = request.GET.get("tier", "")
    return asked if asked in TIERS else model.tier or LENIENT


def source_words(source: str, found: Mapping[str, Any] | None) -> str:
    """Say where a value is from; what a person said needs no mark."""
    if source == FOUND:
        return f"found in {found['file']}" if found and found.get("file") else "found in the files"
    return {IMPORTED: "imported", SUGGESTED: "suggested", COMPUTED: "from the model"}.get(source, "")


@dataclass(frozen=True)
class ShownField:
    """A field with its value, ready to be shown."""

    field: Field
    value: Any
    source: str
    differs: Mapping[str, Any] | None

    @property
    def silent(self) -> bool:
        """Whether the supplier does not disclose it."""
        return is_undisclosed(self.value)

    @property
    def words(self) -> str:
        """The value in words, with the titles of options."""
        titles = dict(self.field.options)
        if isinstance(self.value, list):
            return ", ".join(titles.get(str(item), str(item)) for item in self.value)
        return titles.get(str(self.value), str(self.value))

    @property
    def rows(self) -> list[list[tuple[str, Any]]]:
        """The cells of a table, each with its heading, column by column."""
        rows = self.value if isinstance(self.value, list) else []
        return [[(heading, row.get(name)) for name, heading in self.columns] for row in rows if isinstance(row, Mapping)]

    @property
    def columns(self) -> list[tuple[str, str]]:
        """The columns that say something, with their headings."""
        rows = [row for row in self.value if isinstance(row, Mapping)] if isinstance(self.value, list) else []
        return [(name, name.replace("_", " ").capitalize()) for name, _ in self.field.columns if any(says_something(row.get(name)) for row in rows)]

    @property
    def differs_words(self) -> str:
        """What a file says otherwise."""
        return written(self.field, self.differs["value"]).replace("\n", ", ") if self.differs else ""


def _mark(source: str, found: Mapping[str, Any] | None) -> str:
    """Say where a shown value is from; what the page says of the model anyway needs no mark."""
    return "" if source == COMPUTED else source_words(source, found)


def shown_sections(schema: CardSchema, values: Mapping[str, Any], sources: Mapping[str, str], found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the sections that say something, each with its fields."""
    other = contradictions(values, sources, found)
    sections = []
    for section in sorted(schema.sections, key=lambda section: READ_FIRST.index(section.key) if section.key in READ_FIRST else len(READ_FIRST)):
        fields = [
            ShownField(f, values[f.key], _mark(sources.get(f.key, ""), found.get(f.key)), other.get(f.key))
            for f in section.fields
            if is_undisclosed(values.get(f.key)) or says_something(values.get(f.key))
        ]
        if fields:
            sections.append({"key": section.key, "title": section.title, "fields": fields})
    return sections


def card_panel(request: HttpRequest, model: RegisteredModel) -> str:
    """Render the present card for the model page."""
    card = current_card(model)
    tier = tier_shown(request, model)
    schema = schema_of(model, tier)
    values, sources = known(card, model)
    lacks = completeness(values, sources, schema, "submit")
    context = {
        "model": model,
        "path": model_path(model),
        "card": rendered(card) if card is not None else None,
        "sections": shown_sections(schema, values, sources, card.found if card is not None else {}),
        "lacks": lacks,
        "tier": tier,
        "may_edit": allowed(request.user, Need.EDIT, model),
        "bound": [pair for pair in bound_versions(model) if card is not None and pair[1] != card.number],
    }
    return render_to_string("catalog/cards/_card.html", context, request=request)


@dataclass
class EditPage:
    """The editor at one section of a card."""

    model: RegisteredModel
    tier: str
    section_key: str
    card: CardRevision | None = field(init=False)

    def __post_init__(self) -> None:
        self.card = current_card(self.model)
        self.schema = schema_of(self.model, self.tier)
        self.values, self.sources = known(self.card, self.model)
        self.lacks = completeness(self.values, self.sources, self.schema, "submit")
        keys = {section.key for section in self.editable} | {TEXT}
        if self.section_key not in keys:
            self.section_key = self.next_missing() or self.editable[0].key

    @property
    def editable(self) -> list[Section]:
        """The sections with something to ask."""
        return [section for section in self.schema.sections if any(f.auto != COMPUTED for f in section.fields)]

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the section that a person may fill, the most urgent first."""
        section = next((s for s in self.editable if s.key == self.section_key), None)
        asked = [f for f in section.fields if f.auto != COMPUTED] if section else []
        return tuple(sorted(asked, key=lambda f: "RAPo".index(f.duty)))

    @property
    def number(self) -> int:
        """The present revision."""
        return self.card.number if self.card is not None else 0

    @property
    def found(self) -> Mapping[str, Any]:
        """What the files say."""
        return self.card.found if self.card is not None else {}

    def next_missing(self, *, after: str = "") -> str:
        """Return the section of the next missing field, from a section on."""
        keys = [section.key for section in self.editable]
        start = keys.index(after) + 1 if after in keys else 0
        missing = {item.field.partition(".")[0] for item in self.lacks.missing}
        return next((key for key in [*keys[start:], *keys[:start]] if key in missing), "")

    def url(self, section: str, anchor: str = "") -> str:
        """The address of a section of the editor."""
        return f"{model_path(self.model)}/edit?section={section}&tier={self.tier}{anchor}"

    def steps(self) -> list[dict[str, Any]]:
        """The list of sections with what each still needs."""
        left = _count(self.lacks)
        needed = _count_keys(f.key for f in self.schema.required("R"))
        rows = [
            {
                "text": section.title,
                "url": self.url(section.key),
                "current": section.key == self.section_key,
                "left": left.get(section.key, 0),
                "needed": needed.get(section.key, 0),
            }
            for section in self.editable
        ]
        return [*rows, {"text": "Text", "url": self.url(TEXT), "current": self.section_key == TEXT, "left": 0, "needed": 0}]

    def rows(self, form: FieldsForm) -> list[dict[str, Any]]:
        """The fields of the form with duty, source, and what a file says otherwise."""
        other = contradictions(self.values, self.sources, self.found)
        return [
            {
                "bound": form[f.key],
                "duty": DUTIES[f.duty],
                "source": source_words(self.sources.get(f.key, ""), self.found.get(f.key)),
                "suggested": self.sources.get(f.key) == SUGGESTED,
                "accept": f"{f.key}{ACCEPT}",
                "take": f"{f.key}{TAKE}",
                "differs": ShownField(f, None, "", other[f.key]) if f.key in other else None,
                "more": [form[name] for name in form.fields if name.startswith(f"{f.key}--")],
                "missing": any(item.field == f.key for item in self.lacks.missing),
            }
            for f in self.fields
        ]

    def context(self) -> dict[str, Any]:
        """Everything the page shows besides its forms."""
        following = self.next_missing(after=self.section_key)
        first = next((item for item in self.lacks.missing if item.field.startswith(f"{following}.")), None) if following else None
        title = next((s.title for s in self.editable if s.key == self.section_key), "Text")
        return {
            "model": self.model,
            "path": model_path(self.model),
            "crumbs": crumbs(self.model, "Edit the card"),
            "page_of": self,
            "section": {"key": self.section_key, "title": title},
            "steps": self.steps(),
            "lacks": self.lacks,
            "tier": self.tier,
            "next_field": first,
            "next_url": self.url(following, f"#id_{first.field}") if first else "",
            "bound": bound_versions(self.model),
            "next_number": self.number + 1,
        }


def _count(lacks: Completeness) -> dict[str, int]:
    return _count_keys(item.field for item in lacks.missing)


def _count_keys(keys: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for key in keys:
        section = key.partition(".")[0]
        counts[section] = counts.get(section, 0) + 1
    return counts


def etag_of(card: CardRevision | None) -> str:
    """Return the entity tag of a card: its revision."""
    return f'"{card.number if card is not None else 0}"'


def readme_response(model: RegisteredModel, card: CardRevision | None) -> HttpResponse:
    """Return a card as a file to save."""
    text = export_readme(card.values, card.text, card.unmapped) if card is not None else ""
    response = HttpResponse(text, content_type="text/markdown; charset=utf-8", headers={"ETag": etag_of(card), "X-Content-Type-Options": "nosniff"})
    response.headers["Content-Disposition"] = 'attachment; filename="README.md"'
    return response


def shown_changes(difference: Difference, schema: CardSchema) -> list[dict[str, Any]]:
    """Return the fields that a revision changed, with both values in words."""
    fields = {f.key: f for f in schema.fields}
    return [
        {"title": c.title, "material": c.material, "before": _said(fields[c.key], c.before), "after": _said(fields[c.key], c.after)}
        for c in difference.fields
    ]


def _said(field: Field, value: Any) -> str:
    return "Not disclosed by the supplier" if is_undisclosed(value) else written(field, value)
