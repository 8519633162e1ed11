"""The one statement behind a search: who may see what comes from the permission door, the rest is counted and ranked around it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower

from catalog.registry.models import RegisteredModel
from catalog.registry.queries import with_standing
from catalog.search.facets import COLUMNS, with_facets
from catalog.search.language import Understood, tsquery, tsquery_without
from catalog.search.rights import compiled
from marketplace.permissions.queries import visible

# The weight of card text, card answers, what a list shows, and the name.
WEIGHTS = "{0.05, 0.2, 0.8, 0.9}"
# From the least to the most usable; among equally good matches what can be used comes first, by so much.
STANDING_ORDER = ["stopped", "listed", "not_approved", "in_review", "needs_access", "ready"]
STANDING_FACTOR = [0.6, 0.8, 1.0, 1.1, 1.3, 1.5]
# Keys of each order; every one is unique together with the id, so that a page never skips or repeats.
KEYS = {
    "browse": "array_position(%(standings)s::text[], f.facet_use)::bigint * 1000000000 + least(f.pulls_30d, 999999999)",
    "used": "f.pulls_30d",
    "updated": "(extract(epoch FROM f.updated_at) * 1000)::bigint",
    "name": "f.name_key",
    "relevance": """
        CASE WHEN translate(f.name_key, '-_./: ', '') = %(name)s THEN 1000000000000 ELSE 0 END
        + CASE WHEN %(name)s <> '' AND starts_with(translate(f.name_key, '-_./: ', ''), %(name)s) THEN 200000 ELSE 0 END
        + (1000000 * ts_rank(%(weights)s::real[], d.words, to_tsquery('simple', %(exact)s) || to_tsquery('english', %(stems)s))
            * (%(factors)s::real[])[array_position(%(standings)s::text[], f.facet_use)])::bigint
    """,
}
JOINS = {"relevance": "JOIN catalog_searchdocument d ON d.model_id = f.id"}


@dataclass(frozen=True)
class Wanted:
    """What is searched for."""

    understood: Understood
    filters: dict[str, list[str]]
    sort: str
    after: list[Any] | None
    limit: int
    counts: bool

    @property
    def order(self) -> str:
        """Return the order to use: without words there is no relevance, and what can be used comes first."""
        return "browse" if self.sort == "relevance" and not self.understood.looks_for_words else self.sort


def candidates(viewer: Any) -> QuerySet[Any, dict[str, Any]]:
    """The models the viewer may see, with their standing and facets; words and filters are applied around it."""
    rows: QuerySet[Any] = with_facets(with_standing(visible(RegisteredModel.objects.order_by(), to=viewer), viewer))
    columns: QuerySet[Any, dict[str, Any]] = rows.annotate(name_key=Lower("name")).values(
        "id", "name_key", "pulls_30d", "updated_at", *COLUMNS.values()
    )
    return columns


_candidates = compiled(candidates)


def build(viewer: Any, wanted: Wanted) -> tuple[str, dict[str, Any]] | None:
    """Return the statement and its parameters: total, counts and hits in one row; None when nothing can match."""
    seen = _candidates(viewer)
    if seen is None:
        return None
    inner, params = named(*seen)
    params |= {f"f_{key}": values for key, values in wanted.filters.items()} | _order_params(wanted)
    fits = " AND ".join(_fits(key) for key in wanted.filters) or "true"
    statement = f"""
        WITH found AS MATERIALIZED (SELECT i.* FROM ({inner}) i {_matching(wanted.understood)}),
        kept AS (SELECT f.* FROM found f WHERE {fits})
        SELECT (SELECT count(*) FROM kept), {_counts(wanted) if wanted.counts else "NULL"}, {_hits(wanted)}
    """  # noqa: S608 - column names are our own, every value is a parameter
    return statement, params


def _matching(understood: Understood) -> str:
    """Return how the words narrow the models."""
    conditions = []
    if understood.looks_for_words:
        conditions.append("w.words @@ (to_tsquery('simple', %(exact)s) || to_tsquery('english', %(stems)s))")
    if understood.without:
        conditions.append("NOT w.words @@ to_tsquery('english', %(without)s)")
    return f"JOIN catalog_searchdocument w ON w.model_id = i.id WHERE {' AND '.join(conditions)}" if conditions else ""


def named(sql: str, given: Any) -> tuple[str, dict[str, Any]]:
    """Turn positional parameters into named ones, so that they can be mixed with ours."""
    parts = sql.split("%s")
    names = [f"p{place}" for place in range(len(given))]
    joined = parts[0] + "".join(f"%({name})s{part}" for name, part in zip(names, parts[1:], strict=True))
    return joined, dict(zip(names, given, strict=True))


def _order_params(wanted: Wanted) -> dict[str, Any]:
    """Return what the order needs to know."""
    exact, stems = tsquery(wanted.understood)
    name = wanted.understood.text.lower().translate(str.maketrans("", "", "-_./: "))
    params = {
        "limit": wanted.limit,
        "standings": STANDING_ORDER,
        "weights": WEIGHTS,
        "factors": STANDING_FACTOR,
        "exact": exact,
        "stems": stems,
        "name": name,
        "without": tsquery_without(wanted.understood),
    }
    if wanted.after is not None:
        params |= {"after_key": wanted.after[0], "after_id": wanted.after[1]}
    return params


def _fits(key: str) -> str:
    """Return the condition of one filter."""
    return f"lower(f.{COLUMNS[key]}) = ANY(%(f_{key})s)"


def _hits(wanted: Wanted) -> str:
    """Return the next rows: id, key and standing, in order."""
    key, way, than = KEYS[wanted.order], *(("ASC", ">") if wanted.order == "name" else ("DESC", "<"))
    after = f"WHERE (k.key, k.id) {than} (%(after_key)s, %(after_id)s)" if wanted.after is not None else ""
    return f"""(
        SELECT coalesce(json_agg(json_build_array(h.key, h.id, h.facet_use) ORDER BY h.key {way}, h.id {way}), '[]') FROM (
            SELECT * FROM (SELECT f.id, f.facet_use, {key} AS key FROM kept f {JOINS.get(wanted.order, "")}) k
            {after} ORDER BY k.key {way}, k.id {way} LIMIT %(limit)s
        ) h)"""  # noqa: S608 - as above


def _counts(wanted: Wanted) -> str:
    """Return the counts of every facet: each counts the rows that fit all the other filters.

    The rows are first folded to their combinations of values, which are few, so that each facet is a sum over those.
    """
    columns = ", ".join(f"f.{column}" for column in COLUMNS.values())
    fits = "".join(f", {_fits(key)} AS fits_{key}" for key in wanted.filters)
    per_facet = " UNION ALL ".join(_count(key, wanted) for key in COLUMNS)
    return f"""(
        SELECT coalesce(json_agg(json_build_array(s.facet, s.value, s.n)), '[]') FROM (
            WITH combinations AS MATERIALIZED (SELECT {columns}{fits}, count(*) AS n FROM found f GROUP BY {columns})
            {per_facet}
        ) s)"""  # noqa: S608 - as above


def _count(key: str, wanted: Wanted) -> str:
    """Return the counts of one facet: of what fits the filters of all the other facets."""
    others = " AND ".join(f"c.fits_{other}" for other in wanted.filters if other != key) or "true"
    column = COLUMNS[key]
    return f"SELECT '{key}' AS facet, c.{column} AS value, sum(c.n)::bigint AS n FROM combinations c WHERE {others} GROUP BY c.{column}"  # noqa: S608 - as above
