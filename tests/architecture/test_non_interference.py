"""What somebody may not see leaves no trace: the same calls before and after a hidden team fills its shelves give the same bytes."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from catalog.artifacts.store import open_blob
from catalog.registry.actions import give_grant, set_alias
from catalog.registry.queries import models_for
from governance.reviews.actions import suspend_version
from marketplace.permissions.models import Visibility
from tests import factories as make
from tests import world as worlds
from tests.permission_matrix import MATRIX

STRANGERS = ("bea", "ivo", "stan")  # of two other teams, and of none
# Words and filters under which a hidden model would be found, counted, suggested or called a copy.
SEARCHES = (
    "", "?q=falcon", "?q=invoice", "?q=team:secret-lab", "?q=invocie", "?use=ready", "?use=needs_access", "?team=secret-lab", "?tier=T3",
    "?origin=internal&sort=used", "?tag=secret", "?q=zzqq", "?limit=1",
)  # fmt: skip
# What differs at every call: the number of the request, the CSRF token in pages and the cookies that carry it.
ALWAYS_NEW = (re.compile(rb'(name="csrfmiddlewaretoken" value|name="csrf-token" content)="[^"]*"'), re.compile(rb"\b[0-9a-f]{32}\b"))
NEW_HEADERS = {"X-Request-ID", "Set-Cookie"}


def addresses(world):
    """Every address that is read, of the open model and of the hidden one, and every search."""
    read = [row.address(world) for rows in MATRIX.values() for row in rows if row.method == "GET"]
    searched = [f"{place}{query}" for place in ("/models", "/api/v1/search", "/api/v1/models") for query in SEARCHES]
    left_out = ("/metrics", "/audit", "/healthz", "/readyz", "/api/v1/audit", "/reviews", "/api/v1/reviews")
    return [address for address in dict.fromkeys([*read, *searched]) if not address.startswith(left_out)]


def answer(client, address, **headers):
    """Status, headers and body of one call, without what is new at every call."""
    got = client.get(address, headers=headers)
    body = b"".join(got.streaming_content) if got.streaming else got.content
    for pattern in ALWAYS_NEW:
        body = pattern.sub(b"", body)
    return got.status_code, {name: value for name, value in got.headers.items() if name not in NEW_HEADERS}, body


def everything(cast, signed_in, world, secrets):
    """What each of these strangers gets from each address, by page and by token."""
    found = {}
    for name in secrets:
        client = signed_in(cast.people[name])
        for address in addresses(world):
            found[name, "session", address] = answer(client, address)
            if address.startswith("/api/"):
                found[name, "token", address] = answer(client, address, **secrets[name])
    return found


def differences(one, other):
    """Where two answers part."""
    parts = [(a, b) for a, b in zip(one[:2], other[:2], strict=True) if a != b]
    place = next((n for n, (a, b) in enumerate(zip(one[2], other[2], strict=False)) if a != b), min(len(one[2]), len(other[2])))
    return parts, one[2][max(0, place - 80) : place + 80], other[2][max(0, place - 80) : place + 80]


def shelves(cast, world):
    """The hidden team brings what would show anywhere: same names, same bytes, same words, tags, uses, approvals, reviews, a suspension."""
    blob = world.draft.files.first().blob
    with open_blob(blob.sha256, blob.size) as stream:
        same_bytes = stream.read()
    for place in range(3):
        model = make.a_model(
            cast.secret_lab, cast.sam, f"invoice-{place}", visibility=Visibility.TEAM, summary="Reads invoices of falcons", tags=["secret"]
        )
        make.a_card(model, cast.sam, text="# Invoices\n\nzzqq falcon invoice")
        version = make.an_approved_version(model, cast.sam)
        draft = make.a_version(model, cast.sam, "2.0.0")
        make.a_file(draft, same_bytes, by=cast.sam)
        set_alias(model, "newest", version, by=cast.sam)
        use = make.a_use_case(cast.secret_lab, cast.sam, f"Use {place}")
        give_grant(model, by=None, team=cast.secret_lab, use_case=use, until=timezone.now() + timedelta(days=9))
        worlds.in_review(model, cast.sam, "1.1.0")
    suspend_version(version, by=cast.ada, reason="A secret reason of at least twenty characters.")


@pytest.mark.django_db
@pytest.mark.full
@pytest.mark.parametrize("name", STRANGERS)
def test_hidden_models_change_nothing_that_strangers_get(cast, signed_in, token_of, name):
    world = worlds.build(cast)
    secrets = {name: token_of(cast.people[name], "read", "download")}
    moment = timezone.now() + timedelta(minutes=4)
    with time_machine.travel(moment, tick=False):
        everything(cast, signed_in, world, secrets)  # tokens note their first use, pages their first visitor
        before = everything(cast, signed_in, world, secrets)
        again = everything(cast, signed_in, world, secrets)
        moved = {key: (before[key], again[key]) for key in before if before[key] != again[key]}
        assert not moved, f"these differ by themselves: {sorted(moved)[:9]}: {differences(*next(iter(moved.values())))}"
    shelves(cast, world)
    with time_machine.travel(moment, tick=False):
        after = everything(cast, signed_in, world, secrets)
    leaks = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    assert not leaks, f"leaked at {sorted(leaks)[:20]}: {differences(*next(iter(leaks.values())))}"
    assert models_for(cast.sam).filter(name__startswith="invoice-").count() == 3, "there was something to hide"
