"""The list of models as JSON that PostgreSQL writes: the hot path of every client, without a Python object a row."""

from typing import Any

from django.db.models import F, QuerySet

from catalog.registry.models import RegisteredModel
from catalog.registry.queries import with_standing
from catalog.registry.states import ModelKind, ModelState, Origin, Tier
from catalog.search.rights import compiled
from catalog.search.statement import named
from marketplace.api.pagination import encode
from marketplace.database import planned
from marketplace.errors import Invalid
from marketplace.permissions.queries import visible

FIELDS = (
    "name", "display_name", "kind", "origin", "state", "visibility", "summary", "task", "library", "framework", "license", "modality",
    "publisher", "parameters", "base_model", "tags", "tier", "source", "external_id", "pulls_30d", "teams_30d", "created_at", "updated_at",
)  # fmt: skip
# What the list can be narrowed by, with the values where they are few.
FILTERS: dict[str, tuple[str, list[str] | None]] = {
    "team": ("lower(i.team_name) = lower(%(team)s)", None),
    "task": ("lower(i.task) = lower(%(task)s)", None),
    "source": ("lower(i.source) = lower(%(source)s)", None),
    "state": ("i.state = %(state)s", list(ModelState.values)),
    "origin": ("i.origin = %(origin)s", list(Origin.values)),
    "kind": ("i.kind = %(kind)s", list(ModelKind.values)),
    "tier": ("i.tier = %(tier)s", list(Tier.values)),
}
# The page, whether there is more, and the id to go on after: one row, whatever the size of the list.
PAGE = """
WITH page AS (SELECT i.* FROM ({inner}) i WHERE {conditions} ORDER BY i.id DESC LIMIT %(limit)s + 1)
SELECT coalesce(json_agg(to_json(shaped) ORDER BY p.id DESC) FILTER (WHERE p.place <= %(limit)s), '[]')::text,
    count(*) > %(limit)s, min(p.id) FILTER (WHERE p.place <= %(limit)s)
FROM (SELECT page.*, row_number() OVER (ORDER BY page.id DESC) AS place FROM page) p
CROSS JOIN LATERAL (SELECT p.uid AS id, p.team_name AS team, {fields}, p.standing_key AS use) shaped
"""


def listed(viewer: Any) -> QuerySet[RegisteredModel]:
    """The models a viewer sees, with their standing."""
    return with_standing(visible(RegisteredModel.objects.order_by(), to=viewer), viewer)


_listed = compiled(lambda viewer: listed(viewer).annotate(team_name=F("team__name")).values("id", "uid", "team_name", "standing_key", *FIELDS))


def check_filters(filters: dict[str, str]) -> None:
    """Raise Invalid for a value that cannot be."""
    wrong = {
        key: [f"Use one of {', '.join(values)}."] for key, (_, values) in FILTERS.items() if values and filters.get(key, values[0]) not in values
    }
    if wrong:
        raise Invalid("The list cannot be narrowed like this.", fields=wrong)


def page_statement(viewer: Any, filters: dict[str, str], *, after: int | None, limit: int) -> tuple[str, dict[str, Any]] | None:
    """Return the statement of a page and its parameters; None when nothing can be seen."""
    check_filters(filters)
    seen = _listed(viewer)
    if seen is None:
        return None
    inner, params = named(*seen)
    params |= {key: value.replace("\x00", "") for key, value in filters.items()} | {"limit": limit, "after": after}
    conditions = [FILTERS[key][0] for key in filters] + (["i.id < %(after)s"] if after is not None else [])
    fields = ", ".join(f"p.{name}" for name in FIELDS)
    return PAGE.format(inner=inner, conditions=" AND ".join(conditions) or "true", fields=fields), params


def models_as_json(viewer: Any, filters: dict[str, str], *, after: int | None, limit: int) -> bytes:
    """Return a page of models, newest first: `{"results": […], "next": …}`."""
    statement = page_statement(viewer, filters, after=after, limit=limit)
    if statement is None:
        return b'{"results":[],"next":null}'
    with planned() as database:
        database.execute(*statement)
        return shaped(database.fetchone())


def shaped(row: tuple[str, bool, int | None]) -> bytes:
    """Return the answer around what the database wrote."""
    results, more, last = row
    following = f'"{encode([last])}"' if more else "null"
    return f'{{"results":{results},"next":{following}}}'.encode()
