"""Finding policies, read and ready to ask."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat, Now

from governance.policies import rules
from governance.policies.models import Policy
from marketplace.errors import NotFound, Unavailable

REFERENCE = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,59})@(?P<version>[1-9][0-9]{0,8})\Z")


@lru_cache(maxsize=64)
def parsed(text: str) -> rules.Policy:
    """Read a policy's text; published text never changes, so it is read once per process."""
    return rules.load_policy(text)


def policies() -> QuerySet[Policy]:
    """Every published version of every policy, the one that takes effect last first."""
    return Policy.objects.select_related("published_by").order_by("-effective_from", "-version", "-pk")


def live_row() -> Policy | None:
    """The policy in effect now by the database's clock; None when none was published."""
    return policies().filter(effective_from__lte=Now()).first()


def live_policy() -> tuple[Policy, rules.Policy]:
    """The policy in effect now by the database's clock, and what it says; raise Unavailable when none was published."""
    row = live_row()
    if row is None:
        raise Unavailable(
            "No policy is in effect, so nothing can be submitted.", hint="Ask governance to publish one; `manage.py init` publishes the starter."
        )
    return row, parsed(row.text)


def policy_named(name: str, version: int) -> tuple[Policy, rules.Policy]:
    """One version of a policy, and what it says; raise NotFound when there is none."""
    row = policies().filter(name=name, version=version).first()
    if row is None:
        raise NotFound
    return row, parsed(row.text)


def policy_by_ref(reference: str) -> tuple[Policy, rules.Policy]:
    """The policy that a version or a review pinned as `name@version`, and what it says."""
    match = REFERENCE.match(reference)
    if match is None:
        raise NotFound
    return policy_named(match["name"], int(match["version"]))


def text_of_policy(column: str) -> Subquery:
    """The text of the policy that a row names in this column as `name@version`, to be read together with the row."""
    reference = Concat("name", Value("@"), Cast("version", CharField()), output_field=CharField())
    return Subquery(Policy.objects.alias(reference=reference).filter(reference=OuterRef(column)).order_by().values("text")[:1])


@dataclass(frozen=True)
class Listed:
    """A policy in the list, and how it stands."""

    row: Policy
    standing: str


STANDINGS = {"live": "In effect", "planned": "Takes effect later", "past": "Replaced"}


def listed(at: datetime) -> list[Listed]:
    """All policies with how they stand at a moment: live, planned or past."""
    rows = list(policies())
    live = next((row for row in rows if row.effective_from <= at), None)
    return [Listed(row, "live" if row is live else "planned" if row.effective_from > at else "past") for row in rows]
