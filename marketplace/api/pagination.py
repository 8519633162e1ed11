"""Keyset pages: a cursor holds the sort key of the last row, so that a page never skips or repeats."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from marketplace.errors import Invalid
from marketplace.identifiers import is_storable

DEFAULT, MOST = 50, 200
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows and the cursor to the next ones; an empty cursor: that was all."""

    rows: list[M]
    next: str


def page_size(query: QueryDict, *, default: int = DEFAULT, most: int = MOST) -> int:
    """Return `limit` of the query string, or raise Invalid."""
    text = query.get("limit", str(default))
    size = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
    if not 1 <= size <= most:
        raise Invalid("The page size is out of range.", fields={"limit": [f"Use a whole number from 1 to {most}."]})
    return size


def encode(key: list[Any]) -> str:
    """Return a cursor for the sort key of a row."""
    return base64.urlsafe_b64encode(json.dumps(key, default=str).encode()).decode().rstrip("=")


def decode(cursor: str, length: int) -> list[Any] | None:
    """Return the sort key in a cursor; None for the first page; raise Invalid for anything we did not issue."""
    if not cursor:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as wrong:
        raise Invalid("The cursor is not one of ours.", fields={"cursor": ["Use `next` of the page before, or leave it out."]}) from wrong
    if not isinstance(key, list) or len(key) != length or not all(map(_is_part, key)):
        raise Invalid("The cursor is not one of ours.", fields={"cursor": ["Use `next` of the page before, or leave it out."]})
    return key


def _is_part(part: object) -> bool:
    """Whether this can be a part of a sort key: a number, or a text that the database can hold."""
    if isinstance(part, str):
        return is_storable(part)
    return isinstance(part, (int, float)) and not isinstance(part, bool)


def keyset_by_id(rows: QuerySet[M], query: QueryDict, *, newest_first: bool = True) -> Page[M]:
    """Page through rows by their id."""
    limit, key = page_size(query), decode(query.get("cursor", ""), 1)
    if key is not None:
        if not isinstance(key[0], int) or not 0 <= key[0] < 2**63:
            raise Invalid("The cursor is not one of ours.", fields={"cursor": ["Use `next` of the page before, or leave it out."]})
        rows = rows.filter(Q(pk__lt=key[0]) if newest_first else Q(pk__gt=key[0]))
    found = list(rows.order_by("-pk" if newest_first else "pk")[: limit + 1])
    return Page(found[:limit], encode([found[limit - 1].pk]) if len(found) > limit else "")


def body(page: Page[M], shape: Callable[[M], Any]) -> dict[str, Any]:
    """Return the JSON of a page: `results` and `next`."""
    return {"results": [shape(row) for row in page.rows], "next": page.next or None}
