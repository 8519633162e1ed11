"""Filters and paths in the words of SCIM. Pure: text -> terms; only what directories ask is understood, the rest is refused by name."""

import json
import re
from dataclasses import dataclass

from marketplace.accounts.scim.errors import ScimError
from marketplace.identifiers import is_storable

LONGEST, MOST_TERMS = 2000, 8
NAME = r"[A-Za-z$][\w$-]*"
VALUE = r'"(?:[^"\\]|\\.)*"|true|false|-?\d{1,15}'
URN = r"(?:(?P<urn>urn:[\w:.-]{1,200}):)?"
TERM = re.compile(rf"\s*{URN}(?P<attribute>{NAME})(?:\.(?P<part>{NAME}))?\s+(?P<does>[A-Za-z]{{2}})\s+(?P<value>{VALUE})\s*", re.ASCII)
INNER = re.compile(rf"\s*{URN}(?P<attribute>{NAME})\[(?P<inner>[^\[\]]*)\]\s*", re.ASCII)
AND = re.compile(r"and\b", re.ASCII | re.IGNORECASE)
PATH = re.compile(rf"{URN}(?P<attribute>{NAME})(?:\[(?P<filter>.*)\])?(?:\.(?P<part>{NAME}))?", re.ASCII)
UNDERSTOOD = 'Write attribute eq "value", several joined by and; other filters are not understood here.'


@dataclass(frozen=True)
class Term:
    """One comparison: this attribute (in lower case, with its part) equals this."""

    attribute: str
    value: str | bool | int
    urn: str = ""


@dataclass(frozen=True)
class Path:
    """What an operation is about: an attribute, some of its values, one of its parts; names in lower case."""

    attribute: str
    terms: tuple[Term, ...] | None = None
    part: str = ""
    urn: str = ""


def parsed(text: str) -> list[Term]:
    """Return the terms of a filter, all of which must hold; raise invalidFilter for any other filter."""
    if len(text) > LONGEST:
        raise ScimError("invalidFilter", f"The filter is longer than {LONGEST} characters.")
    found: list[Term] = []
    at = 0
    while True:
        inside = INNER.match(text, at)
        one = None if inside else TERM.match(text, at)
        if inside is not None:
            found += [Term(f"{inside['attribute'].lower()}.{term.attribute}", term.value, inside["urn"] or "") for term in parsed(inside["inner"])]
        elif one is not None and one["does"].lower() == "eq":
            name = ".".join(filter(None, (one["attribute"], one["part"]))).lower()
            found.append(Term(name, _value(one["value"]), one["urn"] or ""))
        else:
            raise ScimError("invalidFilter", UNDERSTOOD)
        at = (inside or one).end()  # type: ignore[union-attr]
        if at == len(text) and len(found) <= MOST_TERMS:
            return found
        joined = AND.match(text, at)
        if joined is None or len(found) > MOST_TERMS:
            raise ScimError("invalidFilter", UNDERSTOOD)
        at = joined.end()


def _value(text: str) -> str | bool | int:
    try:
        value: str | bool | int = json.loads(text)
    except ValueError as wrong:
        raise ScimError("invalidFilter", UNDERSTOOD) from wrong
    if isinstance(value, str) and not is_storable(value):
        raise ScimError("invalidFilter", "A value holds a NUL character or half a surrogate pair.")
    return value


def path_in(text: object) -> Path:
    """Return what a path means; raise invalidPath for what is none."""
    found = PATH.fullmatch(text.strip()) if isinstance(text, str) and len(text) <= LONGEST else None
    if found is None:
        raise ScimError("invalidPath", f"{str(text)[:100]!r} is no path.")
    try:
        terms = None if found["filter"] is None else tuple(parsed(found["filter"]))
    except ScimError as wrong:
        raise ScimError("invalidPath", f"The path holds a filter that is not understood. {wrong.sentence}") from wrong
    return Path(found["attribute"].lower(), terms, (found["part"] or "").lower(), found["urn"] or "")
