"""Searching the catalog: `search` is the one door; what stands behind it may be replaced."""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from catalog.registry.queries import models_for
from catalog.search.facets import FACETS, Facet, checked
from catalog.search.language import Understood, tsquery, understand
from catalog.search.statement import Wanted, build
from marketplace.api.pagination import decode, encode
from marketplace.errors import Invalid

Viewer = Any
MOST = 200
SORTS = {"relevance": "Best match", "used": "Most used", "updated": "Recently changed", "name": "Name"}
FIELDS = (
    "id", "uid", "name", "display_name", "team__name", "kind", "origin", "state", "summary", "task", "library", "framework", "license",
    "modality", "publisher", "parameters", "base_model", "tags", "tier", "source", "external_id", "pulls_30d", "teams_30d", "created_at",
    "updated_at",
)  # fmt: skip
# Where a hit matched, and for the card the words around it; marks are control characters, which no stored text holds.
WHY = """
SELECT d.model_id,
    CASE WHEN ts_filter(d.words, '{a}') @@ q.query THEN 'name' WHEN ts_filter(d.words, '{b}') @@ q.query THEN 'summary' ELSE 'card' END,
    CASE WHEN ts_filter(d.words, '{a,b}') @@ q.query THEN '' ELSE ts_headline('english', left(c.text, 12000), q.query,
        E'StartSel=\x02,StopSel=\x03,MaxFragments=1,MaxWords=16,MinWords=8') END
FROM catalog_searchdocument d
CROSS JOIN (SELECT to_tsquery('simple', %(exact)s) || to_tsquery('english', %(stems)s) AS query) q
LEFT JOIN LATERAL (SELECT r.text FROM catalog_cardrevision r WHERE r.model_id = d.model_id ORDER BY r.number DESC LIMIT 1) c ON true
WHERE d.model_id = ANY(%(ids)s)
"""


@dataclass(frozen=True)
class Option:
    """A value of a facet, with how many models choosing it would leave."""

    value: str
    text: str
    count: int
    checked: bool


@dataclass(frozen=True)
class FacetCounts:
    """A facet with its values, the commonest first."""

    key: str
    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Hit:
    """A model that was found: its columns, its standing for the viewer, and why it matched (`name`, `summary` or `card`)."""

    model: dict[str, Any]
    standing: str
    score: int
    why: str = ""
    excerpt: str = ""

    @property
    def path(self) -> str:
        """Return `team/name`."""
        return f"{self.model['team__name']}/{self.model['name']}"


@dataclass(frozen=True)
class SearchAnswer:
    """Everything a page of results needs; `cursor` leads to the next ones and is empty at the end."""

    total: int
    hits: tuple[Hit, ...]
    facets: tuple[FacetCounts, ...]
    cursor: str
    understood: Understood
    filters: dict[str, list[str]] = field(default_factory=dict)


def search(
    viewer: Viewer,
    query: str,
    filters: dict[str, list[str]],
    *,
    sort: str = "relevance",
    cursor: str = "",
    limit: int = 25,
    counts: bool = True,
) -> SearchAnswer:
    """Find models: any word may match, values of one facet add up, facets narrow each other; `counts=False` leaves out the facets.

    Every count equals the length of the list after choosing it, under this viewer's rights: both come from one statement.
    """
    if sort not in SORTS:
        raise Invalid("There is no such order.", fields={"sort": [f"Use one of {', '.join(SORTS)}."]})
    limit = min(max(limit, 1), MOST)
    understood = understand(query, FACETS)
    chosen = checked(_merged(filters, understood.filters))
    wanted = Wanted(understood, chosen, sort, None, limit + 1, counts)
    wanted = Wanted(understood, chosen, sort, _after(cursor, wanted.order), limit + 1, counts)
    total, counted, found = _asked(viewer, wanted)
    rows = found[:limit]
    return SearchAnswer(
        total,
        _hydrated(viewer, rows, understood),
        tuple(_facet(facet, counted, chosen) for facet in FACETS.values()) if counts else (),
        encode(rows[-1][:2]) if len(found) > limit else "",
        understood,
        chosen,
    )


def _merged(one: dict[str, list[str]], other: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the filters of both."""
    return {key: [*one.get(key, []), *other.get(key, [])] for key in {**one, **other}}


def _after(cursor: str, order: str) -> list[Any] | None:
    """Return the sort key to go on after; a cursor of another order is not one of ours."""
    key = decode(cursor, 2)
    if key is None:
        return None
    kind = str if order == "name" else int
    if not isinstance(key[0], kind) or not isinstance(key[1], int) or not all(abs(p) < 2**63 for p in key if isinstance(p, int)):
        raise Invalid("The cursor is not one of ours.", fields={"cursor": ["Use `next` of the page before, or leave it out."]})
    return key


def _asked(viewer: Viewer, wanted: Wanted) -> tuple[int, list[list[Any]], list[list[Any]]]:
    """Ask the database: total, counts, hits."""
    built = build(viewer, wanted)
    if built is None:
        return 0, [], []
    with connection.cursor() as database:
        database.execute(*built)
        total, counted, found = database.fetchone()
    return total, counted or [], found


def _facet(facet: Facet, counted: list[list[Any]], chosen: dict[str, list[str]]) -> FacetCounts:
    """Return a facet with its counts; a chosen value stays even when nothing is left of it, so that it can be taken back."""
    picked = chosen.get(facet.key, [])
    counts = {value: count for key, value, count in counted if key == facet.key}
    present = {value.lower() for value in counts}
    counts |= {value: 0 for value in picked if value not in present}
    place = {value: at for at, value in enumerate(facet.order)}
    ordered = sorted(counts.items(), key=lambda item: (place.get(item[0], len(place)), -item[1], item[0]))
    options = (Option(value, facet.text(value), count, value.lower() in picked) for value, count in ordered)
    return FacetCounts(facet.key, facet.title, tuple(options))


def _hydrated(viewer: Viewer, rows: list[list[Any]], understood: Understood) -> tuple[Hit, ...]:
    """Return the hits with their columns; the permission is asked again, so that no mistake above can show a hidden model."""
    ids = [row[1] for row in rows]
    if not ids:
        return ()
    models = {model["id"]: model for model in models_for(viewer).filter(pk__in=ids).order_by().values(*FIELDS)}
    whys = _whys(ids, understood) if understood.looks_for_words else {}
    return tuple(
        Hit(models[pk], standing, int(key) if not isinstance(key, str) else 0, *whys.get(pk, ("", ""))) for key, pk, standing in rows if pk in models
    )


def _whys(ids: list[int], understood: Understood) -> dict[int, tuple[str, str]]:
    """Say where each hit matched."""
    exact, stems = tsquery(understood)
    with connection.cursor() as database:
        database.execute(WHY, {"ids": ids, "exact": exact, "stems": stems})
        return {pk: (why, excerpt or "") for pk, why, excerpt in database.fetchall()}
