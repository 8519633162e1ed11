"""Every address is in the matrix, and every row of the matrix is true."""

import json

import pytest
from django.urls import URLPattern, get_resolver

from tests import world as worlds
from tests.permission_matrix import MATRIX, PEOPLE


def addresses(patterns=None):
    """Names of all addresses that some view answers."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLPattern):
            if pattern.name:
                yield pattern.name
        else:
            yield from addresses(pattern.url_patterns)


def test_every_address_stands_in_the_matrix():
    assert not set(addresses()) - MATRIX.keys(), "declare who gets what in tests/permission_matrix/"


def test_the_matrix_names_no_address_that_is_gone():
    assert not MATRIX.keys() - set(addresses())


@pytest.fixture
def world(cast):
    return worlds.build(cast)


def call(client, row, world):
    """Call a row as whoever is signed in."""
    address = row.address(world)
    if row.method == "GET":
        return client.get(address)
    body = row.body(world)
    if address.startswith(("/api/", "/scim/")):
        return client.generic(row.method, address, json.dumps(body), content_type="application/json")
    return client.generic(row.method, address) if not body else client.post(address, body)


def complaints(client, rows, world, person, expected):
    """Calls whose answer differs from the matrix, as sentences."""
    from django.db import transaction

    for row in rows:
        with transaction.atomic():
            status = call(client, row, world).status_code
            transaction.set_rollback(True)
        if status != expected(row):
            yield f"{person}: {row.method} {row.address(world)} -> {status}, the matrix says {expected(row)}"


# The short run asks for somebody of another team and a contributor, the long one for everybody.
SHORT = ("bea", "nina")
ALL = [pytest.param(person, marks=() if person in SHORT else pytest.mark.full) for person in PEOPLE]


@pytest.mark.parametrize("person", ALL)
def test_everybody_gets_exactly_what_the_matrix_says(person, world, cast, signed_in):
    client = signed_in(getattr(cast, person))
    rows = [row for name in sorted(MATRIX, key=lambda n: n == "account_logout") for row in MATRIX[name]]
    wrong = list(complaints(client, rows, world, person, lambda row: row.expected(person)))
    assert not wrong, "\n".join(wrong)


def test_strangers_are_asked_to_sign_in_everywhere(world, client):
    def expected(row):
        return row.anonymous or (401 if row.address(world).startswith("/api/") else 302)

    rows = [row for rows in MATRIX.values() for row in rows]
    wrong = list(complaints(client, rows, world, "anonymous", expected))
    assert not wrong, "\n".join(wrong)
