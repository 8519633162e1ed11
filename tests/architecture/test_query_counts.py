"""Every page and endpoint asks the database as often as the baseline says; accept a change with UPDATE_QUERY_COUNTS=1."""

import json
import os

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import world as worlds
from tests.architecture.source import ROOT
from tests.permission_matrix import MATRIX

BASELINE = ROOT / "tests/query_counts.json"
MOST = 15  # the bar of the design
ROOTED = ("people", "person", "admin-teams", "admin-team", "admin-roles", "api-people", "api-person", "team-member")
OWNED = ("access", "access-request", "access-rule", "api-access-request", "api-access-requests", "api-access-decisions", "api-sharing")
READER = (
    dict.fromkeys(ROOTED, "root")
    | dict.fromkeys(OWNED, "paul")
    | {"audit": "aud", "api-audit-events": "aud", "reviews": "tess", "review": "tess", "api-reviews": "tess", "api-review": "tess"}
)


def reads():
    """The first row of each address that its reader can read."""
    for name, rows in sorted(MATRIX.items()):
        readable = (r for r in rows if r.method == "GET" and r.people.get(READER.get(name, "nina"), r.everybody) == 200)
        if name != "metrics" and (row := next(readable, None)) is not None:
            yield name, row


def counted(client, address):
    """How many statements one call needs, once everything that is kept between calls is warm."""
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(address)
        b"".join(answer.streaming_content) if answer.streaming else answer.content
    return [query["sql"] for query in seen if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def test_every_address_needs_the_queries_of_its_baseline(cast, signed_in):
    world = worlds.build(cast)
    found, longest = {}, {}
    for name, row in reads():
        asked = counted(signed_in(getattr(cast, READER.get(name, "nina"))), row.address(world))
        found[name], longest[name] = len(asked), asked
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        BASELINE.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    baseline = json.loads(BASELINE.read_text())
    changed = {name: (baseline.get(name), count) for name, count in found.items() if baseline.get(name) != count}
    shown = "\n".join(f"{name}: {was} -> {now}\n  " + "\n  ".join(q[:160] for q in longest[name]) for name, (was, now) in changed.items())
    assert not changed, f"accept with UPDATE_QUERY_COUNTS=1 or mend:\n{shown}"
    assert not {name: count for name, count in found.items() if count > MOST}
    assert not baseline.keys() - found.keys(), "an address is gone"


@pytest.mark.django_db
def test_the_baseline_names_only_addresses_of_the_matrix():
    assert not json.loads(BASELINE.read_text()).keys() - MATRIX.keys()
