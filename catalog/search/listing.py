"""The list of models as JSON that PostgreSQL writes: the hot path of every client, without a Python object a row."""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, QuerySet

from catalog.registry.models import RegisteredModel
from catalog.registry.queries import with_standing
from catalog.registry.states import ModelKind, ModelState, Origin, Tier
from marketplace.api.pagination import encode
from marketplace.errors import Invalid
from marketplace.permissions.queries import visible

FIELDS = (
    "name", "display_name", "kind", "origin", "state", "visibility", "summary", "task", "library", "framework", "license", "modality",
    "publisher", "parameters", "base_model", "tags", "tier", "source", "external_id", "pulls_30d", "teams_30d", "created_at", "updated_at",
)  # fmt: skip
# What the list can be narrowed by, with the values where they are few.
FILTERS: dict[str, tuple[str, list[str] | None]] = {
    "team": ("team__name__iexact", None),
    "task": ("task__iexact", None),
    "source": ("source__iexact", None),
    "state": ("state", list(ModelState.values)),
    "origin": ("origin", list(Origin.values)),
    "kind": ("kind", list(ModelKind.values)),
    "tier": ("tier", list(Tier.values)),
}
# The page, whether there is more, and the id to go on after: one row, whatever the size of the list.
PAGE = """
WITH page AS ({inner})
SELECT coalesce(json_agg(to_json(shaped) ORDER BY p.id DESC) FILTER (WHERE p.place <= %s), '[]')::text,
    count(*) > %s, min(p.id) FILTER (WHERE p.place <= %s)
FROM (SELECT page.*, row_number() OVER (ORDER BY page.id DESC) AS place FROM page) p
CROSS JOIN LATERAL (SELECT p.uid AS id, p.team_name AS team, {fields}, p.standing_key AS use) shaped
"""


def listed(viewer: Any, filters: dict[str, str]) -> QuerySet[RegisteredModel]:
    """The models a viewer sees, narrowed; raise Invalid for a value that cannot be."""
    wrong = {
        key: [f"Use one of {', '.join(values)}."] for key, (_, values) in FILTERS.items() if values and filters.get(key, values[0]) not in values
    }
    if wrong:
        raise Invalid("The list cannot be narrowed like this.", fields=wrong)
    conditions = {FILTERS[key][0]: value.replace("\x00", "") for key, value in filters.items()}
    return with_standing(visible(RegisteredModel.objects.filter(**conditions), to=viewer), viewer)


def models_as_json(viewer: Any, filters: dict[str, str], *, after: int | None, limit: int) -> bytes:
    """Return a page of models, newest first: `{"results": […], "next": …}`."""
    rows = listed(viewer, filters)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    chosen = rows.order_by("-pk").annotate(team_name=F("team__name")).values("id", "uid", "team_name", "standing_key", *FIELDS)[: limit + 1]
    try:
        inner, params = chosen.query.sql_with_params()
    except EmptyResultSet:
        return b'{"results":[],"next":null}'
    with connection.cursor() as database:
        database.execute(PAGE.format(inner=inner, fields=", ".join(f"p.{name}" for name in FIELDS)), [*params, limit, limit, limit])
        results, more, last = database.fetchone()
    following = f'"{encode([last])}"' if more else "null"
    return f'{{"results":{results},"next":{following}}}'.encode()
