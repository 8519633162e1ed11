"""`manage.py search QUERY --as USER`: what somebody finds, for scripts and for judging the ranking."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.search.queries import MOST, SearchAnswer, search
from marketplace.accounts.queries import user_named
from marketplace.errors import DomainError, Invalid


class Command(BaseCommand):
    """Searches the catalog with the rights of one person."""

    help = "Search the catalog as one person sees it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the query, the person, filters and the form of the answer."""
        parser.add_argument("query", metavar="QUERY")
        parser.add_argument("--as", dest="viewer", required=True, metavar="USER", help="whose rights apply")
        parser.add_argument("--filter", dest="filters", action="append", default=[], metavar="FACET=VALUE", help="may be given again")
        parser.add_argument("--limit", type=int, default=20, metavar="N", help=f"how many models, 1 to {MOST} (default 20)")
        parser.add_argument("--json", dest="as_json", action="store_true", help="answer in JSON")

    def handle(self, *args: Any, query: str, viewer: str, filters: list[str], limit: int, as_json: bool, **options: Any) -> None:
        """Search and print."""
        if not 1 <= limit <= MOST:
            raise CommandError(f"--limit must be from 1 to {MOST}.")
        try:
            answer = search(user_named(viewer), query, _filters(filters), limit=limit)
        except Invalid as wrong:
            raise CommandError(f"{wrong.sentence} {' '.join(f'{k}: {v[0]}' for k, v in wrong.fields.items())}") from wrong
        except DomainError as refused:
            raise CommandError(refused.sentence) from refused
        self.stdout.write(json.dumps(_shape(answer), ensure_ascii=False) if as_json else _text(answer))


def _filters(given: list[str]) -> dict[str, list[str]]:
    """Return `facet=value` pairs as filters."""
    found: dict[str, list[str]] = {}
    for pair in given:
        facet, equals, value = pair.partition("=")
        if not equals or not value:
            raise CommandError(f"--filter {pair!r} is not of the form FACET=VALUE.")
        found.setdefault(facet.strip(), []).append(value)
    return found


def _shape(answer: SearchAnswer) -> dict[str, Any]:
    """Return the answer as the contract of this command says; `id` is the external id where there is one."""
    results = [
        {
            "id": hit.model["external_id"] or hit.path,
            "name": hit.model["name"],
            "team": hit.model["team__name"],
            "score": hit.score,
            "why": hit.why,
        }
        for hit in answer.hits
    ]
    facets = {facet.key: {option.value: option.count for option in facet.options} for facet in answer.facets}
    return {"total": answer.total, "results": results, "facets": facets}


def _text(answer: SearchAnswer) -> str:
    """Return the answer for a person."""
    lines = [f"{answer.total:,} models"]
    lines += [f"{hit.path}  [{hit.standing}]  {hit.model['summary'][:90]}" for hit in answer.hits]
    return "\n".join(lines)
