"""How much of a card is there: what each moment of a version's life requires, what is missing and why; the same rules as JSON Schema."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from catalog.cards.schema import MAX_ITEMS, CardSchema, Duty, Field, is_undisclosed

Moment = Literal["submit", "approval", "production"]
MOMENTS: dict[Moment, tuple[Duty, ...]] = {"submit": ("R",), "approval": ("R", "A"), "production": ("R", "A", "P")}
SUGGESTED = "suggested"
# Words that fill a field without saying anything.
_NOTHING = re.compile(r"(?:unknown|n/?a|not (?:known|available|applicable yet)|tb[dca]|to ?do|to be (?:done|defined|added)|more information needed)?")
_EDGES = " \t\r\n.…!?-–—_*[]()<>/\\"


@dataclass(frozen=True, slots=True)
class Missing:
    """A field that still has to be filled, and why it is asked or not counted."""

    field: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many of the required fields are done at a moment, and which are not."""

    done: int
    required: int
    missing: tuple[Missing, ...]

    @property
    def percent(self) -> int:
        """Share of the required fields that is done, rounded down so that 100 means all."""
        return 100 * self.done // self.required if self.required else 100

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def completeness(values: Mapping[str, object], sources: Mapping[str, str], schema: CardSchema, moment: Moment) -> Completeness:
    """Count the required fields that are done; `sources` says per field where the value is from: a suggestion counts once accepted."""
    required = schema.required(*MOMENTS[moment])
    missing = []
    for field in required:
        lack = _lack(field, values.get(field.key), sources.get(field.key, ""), schema, moment)
        if lack:
            missing.append(Missing(field.key, field.title, lack))
    return Completeness(len(required) - len(missing), len(required), tuple(missing))


def _lack(field: Field, value: object, source: str, schema: CardSchema, moment: Moment) -> str:
    """Say why the field is not done; empty when it is."""
    if is_undisclosed(value):
        if not (schema.third_party and field.may_be_undisclosed):
            return f"This is ours to say. {field.why}"
        accepted = isinstance(value, Mapping) and value.get("accepted") is True
        return "" if accepted or moment == "submit" else "A reviewer has to accept that the supplier does not disclose it."
    if not says_something(value):
        return field.why
    if source == SUGGESTED:
        return "Accept or edit the suggested text: nobody has confirmed it yet."
    return ""


def says_something(value: object) -> bool:
    """Whether a value is an answer: not empty, not "unknown", not a placeholder."""
    if isinstance(value, str):
        return not _NOTHING.fullmatch(value.strip(_EDGES).lower())
    if isinstance(value, list | tuple):
        return any(says_something(item) for item in value)
    if isinstance(value, Mapping):
        return any(says_something(item) for item in value.values())
    return value is not None


def material_changes(old: Mapping[str, object], new: Mapping[str, object], schema: CardSchema) -> list[str]:
    """Return the material fields whose value changed: each of them makes an approval void."""
    return [field.key for field in schema.fields if field.material and _compared(field, old) != _compared(field, new)]


def _compared(field: Field, values: Mapping[str, object]) -> object:
    plain = _plain(values.get(field.key))
    # The order in which options were ticked means nothing.
    return sorted(map(str, plain)) if field.type == "multi" and isinstance(plain, list) else plain


def _plain(value: object) -> object:
    """Return the value without differences nobody means: outer space, line ends, empty parts."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip() or None
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value] or None
    if isinstance(value, Mapping):
        return {name: plain for name, item in sorted(value.items()) if (plain := _plain(item)) is not None} or None
    return value


def json_schema(schema: CardSchema) -> dict[str, object]:
    """Return the card of one tier as JSON Schema (draft 2020-12); required is what a person owes before submitting."""
    owner = "third-party" if schema.third_party else "own"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Model card, tier {schema.tier}, {owner}{', hosted' if schema.hosted else ''}",
        "type": "object",
        "additionalProperties": False,
        "required": [field.key for field in schema.required("R")],
        "properties": {field.key: _property(field, schema) for field in schema.fields},
    }


def _property(field: Field, schema: CardSchema) -> dict[str, object]:
    about: dict[str, object] = {"title": field.title, "description": field.why, "examples": [field.example], "x-duty": field.duty}
    shape = _shape(field.type, field.max_length, field)
    if schema.third_party and field.may_be_undisclosed:
        return {**about, "anyOf": [shape, _UNDISCLOSED]}
    return {**about, **shape}


_UNDISCLOSED: dict[str, object] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["not_disclosed"],
    "properties": {"not_disclosed": {"const": True}, "accepted": {"type": "boolean"}, "reason": {"type": "string", "maxLength": 2000}},
}


def _shape(kind: str, max_length: int, field: Field) -> dict[str, object]:
    text: dict[str, object] = {"type": "string", "maxLength": max_length}
    options: dict[str, object] = {"enum": [value for value, _ in field.options]}
    shapes: dict[str, dict[str, object]] = {
        "number": {"type": "number", "minimum": -1e18, "maximum": 1e18},
        "date": {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        "enum": options,
        "multi": {"type": "array", "items": options, "maxItems": len(field.options)},
        "list": {"type": "array", "items": text, "maxItems": MAX_ITEMS},
    }
    if kind == "rows":
        columns = {name: {"anyOf": [_shape(cell, max_length, field), {"type": "null"}]} for name, cell in field.columns}
        row = {"type": "object", "additionalProperties": False, "properties": columns}
        return {"type": "array", "maxItems": MAX_ITEMS, "items": row}
    return shapes.get(kind, text)
