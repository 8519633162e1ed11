"""Reading the query string of lists strictly: what is not known is named, never ignored."""

from collections.abc import Iterable

from django.http import QueryDict

from marketplace.api.pagination import decode
from marketplace.errors import Invalid

PAGED = ("limit", "cursor")


def only(query: QueryDict, known: Iterable[str]) -> QueryDict:
    """Return the query string, or raise Invalid that names every parameter that is not known."""
    names = [*known, *PAGED]
    if unknown := sorted(set(query) - set(names)):
        raise Invalid("There is no such parameter.", fields={name[:80]: [f"Use one of {', '.join(names)}."] for name in unknown})
    return query


def after_id(query: QueryDict) -> int | None:
    """Return the id in the cursor; None for the first page."""
    key = decode(query.get("cursor", ""), 1)
    if key is None:
        return None
    if not isinstance(key[0], int) or not 0 <= key[0] < 2**63:
        raise Invalid("The cursor is not one of ours.", fields={"cursor": ["Use `next` of the page before, or leave it out."]})
    return key[0]
