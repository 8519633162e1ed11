"""Putting new values over a card: what changes, where each value is from, and what may not be said that way; pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.cards.completeness import SUGGESTED, says_something
from catalog.cards.schema import CardSchema, Problem, is_undisclosed, validate

HUMAN, FOUND, IMPORTED = "human", "found", "imported"
SOURCES = (HUMAN, FOUND, IMPORTED, SUGGESTED)
MAX_VALUES = 1_000_000
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Merged:
    """The values and their sources after a change, and which fields it touched."""

    values: dict[str, Any]
    sources: dict[str, str]
    changed: list[str]


def same(one: object, other: object) -> bool:
    """Compare as JSON: True is not 1, and 1.0 is not 1."""
    return as_json(one) == as_json(other)


def as_json(value: object) -> str:
    """Write a value so that equal values are equal texts."""
    return json.dumps(value, sort_keys=True, default=str)


def merge(values: Values, sources: Mapping[str, str], given: Values, given_sources: Mapping[str, str]) -> Merged:
    """Put the given values over the present ones; an empty one takes the field away.

    A value that stays what it was keeps its source unless another one is named: sending a found value back does not make it one's own.
    """
    new, origins = dict(values), {key: source for key, source in sources.items() if key in values}
    for key, value in given.items():
        if value is None or value in ("", []):
            new.pop(key, None)
            origins.pop(key, None)
        elif key not in values or not same(values[key], value):
            new[key], origins[key] = value, HUMAN
    origins |= {key: source for key, source in given_sources.items() if key in new}
    return Merged(new, origins, sorted(key for key in values.keys() | new.keys() if not same(values.get(key), new.get(key))))


def problems_with(given: Values, sources: Mapping[str, str], present: Values, schema: CardSchema) -> dict[str, list[str]]:
    """Name every field that cannot be saved so, each with how to mend it."""
    found: dict[str, list[str]] = {}
    for problem in (*validate(given, schema), *_not_ours(given, present, schema), *_wrong_sources(given, sources, present)):
        found.setdefault(problem.field, []).append(f"{problem.message} {problem.fix}")
    size = len(as_json(given))
    if size > MAX_VALUES:
        found["values"] = [f"The values have {size:,} characters together; at most {MAX_VALUES:,} fit. Move long parts into the text."]
    return found


def _not_ours(given: Values, present: Values, schema: CardSchema) -> Iterator[Problem]:
    """Refuse what the marketplace fills in itself, what a reviewer decides, and characters that nothing can store."""
    for key, value in given.items():
        field = schema.field(key)
        if field is None or same(value, present.get(key)):
            continue
        if field.auto == "computed" and says_something(value):
            yield Problem(key, f"{field.title} is filled in by the marketplace.", "Leave it out.")
        if is_undisclosed(value) and value.get("accepted"):
            yield Problem(key, f"{field.title}: a reviewer accepts that the supplier does not disclose it.", 'Send "accepted": false.')
        if "\\u0000" in as_json(value) and isinstance(value, Mapping):
            yield Problem(key, f"{field.title} contains a NUL character.", "Remove it.")


def _wrong_sources(given: Values, sources: Mapping[str, str], present: Values) -> Iterator[Problem]:
    for key, source in sources.items():
        if source not in SOURCES:
            yield Problem(f"sources.{key}"[:200], "There is no such source.", f"Use one of {', '.join(SOURCES)}.")
        elif key not in given and key not in present:
            yield Problem(f"sources.{key}"[:200], "There is no value for this source.", "Send the value too, or leave the source out.")


def take_found(values: Values, sources: Mapping[str, str], facts: Mapping[str, Any]) -> Merged:
    """Put what files say where nobody has said anything, or where files or a suggestion said something else before."""
    free = {
        key: fact["value"]
        for key, fact in facts.items()
        if not says_something(values.get(key)) or sources.get(key) in {FOUND, SUGGESTED}
    }  # fmt: skip
    return merge(values, sources, free, dict.fromkeys(free, FOUND))


def contradictions(values: Values, sources: Mapping[str, str], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that the card contradicts: field -> {value, file} as the file says it."""
    return {
        key: fact
        for key, fact in found.items()
        if says_something(values.get(key)) and sources.get(key) != FOUND and not _agrees(values[key], fact["value"])
    }  # fmt: skip


def _agrees(said: object, read: object) -> bool:
    """Whether two values say the same: capitals and the order of a list mean nothing."""
    if isinstance(said, list) and isinstance(read, list):
        return sorted(as_json(item).lower() for item in said) == sorted(as_json(item).lower() for item in read)
    if isinstance(said, int | float) and isinstance(read, int | float):
        return said == read
    return as_json(said).lower() == as_json(read).lower()
