"""Keeping the words of each model up to date; PostgreSQL reads the texts where they lie, nothing travels here."""

from collections.abc import Callable, Iterable

from django.db import connection, transaction

from catalog.registry.models import RegisteredModel
from marketplace.activity.models import Event

BATCH = 500
# Which events change the words of a model. Its standing, its tier and who may see it are read fresh by every search.
FOLLOWED = ("model.registered", "model.changed", "card.saved")
# Names weigh most (A): whole, in parts, and with letters split from digits. Then what a list shows (B), what the card
# answers (C), and its text (D). Signs of Chinese and Japanese become words of their own: a phrase of them finds any part.
INDEX = r"""
INSERT INTO catalog_searchdocument (model_id, words)
SELECT m.id,
    setweight(to_tsvector('simple', left(concat_ws(' ', m.name, m.display_name, parts.name,
        regexp_replace(parts.name, '([[:alpha:]])([0-9])', '\1 \2', 'g'),
        regexp_replace(parts.name, '([a-z0-9])([A-Z])', '\1 \2', 'g')), 2000)), 'A')
    || setweight(to_tsvector('english', regexp_replace(concat_ws(' ', m.summary, m.task, translate(m.task, '-_', '  '), array_to_string(m.tags, ' '),
        m.publisher, t.name, m.library, m.framework, m.modality, translate(m.base_model, '-_./', '    ')), %(signs)s, ' \& ', 'g')), 'B')
    || setweight(CASE WHEN length(answers.said::text) <= %(most_said)s THEN jsonb_to_tsvector('english', answers.said, '["string"]')
        ELSE to_tsvector('english', (
            SELECT left(coalesce(string_agg(word #>> '{}', ' '), ''), %(most_said)s) FROM jsonb_path_query(answers.said, 'strict $.**') word
            WHERE jsonb_typeof(word) = 'string'
        )) END, 'C')
    || setweight(to_tsvector('english', signs.text), 'D')
FROM catalog_registeredmodel m
JOIN marketplace_team t ON t.id = m.team_id
LEFT JOIN LATERAL (
    SELECT r.values, r.text FROM catalog_cardrevision r WHERE r.model_id = m.id ORDER BY r.number DESC LIMIT 1
) c ON true
CROSS JOIN LATERAL (SELECT coalesce(c.values, '{}') - %(listed)s::text[] AS said) answers
CROSS JOIN LATERAL (
    SELECT regexp_replace(translate(concat_ws(' ', m.name, m.display_name), '-_./:@', '      '), %(signs)s, ' \& ', 'g') AS name
) parts
CROSS JOIN LATERAL (
    SELECT CASE WHEN cut.text ~ %(signs)s THEN regexp_replace(cut.text, %(signs)s, ' \& ', 'g') ELSE cut.text END AS text
    FROM (SELECT left(coalesce(c.text, ''), %(most)s) AS text) cut
) signs
WHERE m.id = ANY(%(ids)s)
ON CONFLICT (model_id) DO UPDATE SET words = excluded.words WHERE catalog_searchdocument.words IS DISTINCT FROM excluded.words
"""
# The database refuses a document of more than a megabyte of words; what the card answers and its text may both be longer.
MOST_TEXT, MOST_SAID = 60_000, 40_000
SIGNS = "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
# What a list shows is indexed from the model; these fields of the card only repeat it.
LISTED = [
    "identity.name", "identity.summary", "identity.developed_by", "identity.origin", "technical.task", "technical.library",
    "technical.tags", "legal.license", "lineage.base_model",
]  # fmt: skip


def index_models(ids: Iterable[int]) -> int:
    """Write the words of these models; return how many there were."""
    listed = sorted(set(ids))
    for start in range(0, len(listed), BATCH):
        with connection.cursor() as cursor:
            cursor.execute(INDEX, {"ids": listed[start : start + BATCH], "listed": LISTED, "signs": SIGNS, "most": MOST_TEXT, "most_said": MOST_SAID})
    return len(listed)


def index_everything(progress: Callable[[int, int], None] | None = None) -> int:
    """Write the words of every model, in short transactions; `progress` hears how many are done."""
    total, done, last = RegisteredModel.objects.count(), 0, 0
    while ids := list(RegisteredModel.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            done += index_models(ids)
        last = ids[-1]
        if progress:
            progress(done, max(total, done))
    return done


def follow(event: Event) -> None:
    """Index the model that an event is about, in the event's own transaction: what was saved is found at once."""
    if event.subject_type == RegisteredModel._meta.model_name:
        index_models([int(event.subject_id)])
