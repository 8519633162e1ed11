"""Every REST address by token: a token that does not count opens nothing, one that may only read changes nothing, a program decides nothing."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import resolve
from django.utils import timezone

from marketplace.accounts.actions import issue_token, revoke_token
from marketplace.accounts.models import ApiToken
from marketplace.accounts.tokens import SCOPES
from marketplace.errors import NotAllowed
from tests import world as worlds
from tests.architecture.test_permission_matrix import call
from tests.permission_matrix import MATRIX

# What a program of the owner team, which is a viewer there, changes although it owns nothing.
PROGRAM_CHANGES = {"api-access-requests", "api-bring-in", "api-use-cases"}


@pytest.fixture
def world(cast):
    return worlds.build(cast)


def rest(world):
    """Every REST row: name, row and the scope that its view asks for."""
    for name, rows in sorted(MATRIX.items()):
        for row in rows:
            address = row.address(world)
            if address.startswith("/api/v1/") and row.anonymous is None:
                view = getattr(resolve(address.partition("?")[0]).func, "view_class", None)
                yield name, row, getattr(view, "scopes", {}).get(row.method, "")


def scim():
    """Every row of the directory's addresses."""
    return [(name, row) for name, rows in sorted(MATRIX.items()) for row in rows if name.startswith("scim-")]


def a_token(user, *scopes):
    return issue_token(user, by=user, name="test", scopes=list(scopes), days=9)


def asked(client, row, world, secret):
    """The status of one call with a token; what it changes is undone."""
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    with transaction.atomic():
        status = call(client, row, world).status_code
        transaction.set_rollback(True)
    return status


@pytest.mark.django_db
@pytest.mark.parametrize("why", ["revoked", "expired", "of somebody who left", "made up"])
def test_a_token_that_does_not_count_opens_nothing(cast, world, client, why):
    token, secret = a_token(cast.petra, "read", "download", "publish", "review", "admin")
    if why == "revoked":
        revoke_token(token, by=cast.petra)
    elif why == "expired":
        ApiToken.objects.filter(pk=token.pk).update(created_at=timezone.now() - timedelta(days=9), expires_at=timezone.now() - timedelta(seconds=1))
    elif why == "made up":
        secret = secret[:-9] + "X" + secret[-8:]
    else:
        type(cast.petra).objects.filter(pk=cast.petra.pk).update(is_active=False)
    opened = [(row.method, row.address(world)) for _, row, _ in rest(world) if asked(client, row, world, secret) != 401]
    assert not opened


@pytest.mark.django_db
def test_a_token_may_what_its_person_may_within_its_scopes(cast, world, client):
    secrets = {scopes: a_token(cast.paul, *scopes)[1] for scopes in (("read",), tuple(sorted(SCOPES.keys() - {"directory"})))}
    wrong = []
    for name, row, scope in rest(world):
        for scopes, secret in secrets.items():
            wanted = row.expected("paul") if not scope or scope in scopes else 403
            if (status := asked(client, row, world, secret)) != wanted:
                wrong.append(f"{name}: {row.method} {row.address(world)} with {scopes} -> {status}, not {wanted}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["paul", "ci-claims", *(pytest.param(name, marks=pytest.mark.full) for name in ("gus", "aud", "ada"))])
def test_no_token_opens_the_directory_but_one_of_an_administrators_choice(cast, world, client, who):
    """Not one with every other scope, and not one that came to the scope without an administrator."""
    person = getattr(cast, who)
    _, secret = issue_token(
        person, by=person, name="x", scopes=sorted(SCOPES.keys() - {"directory"} - ({"review"} if not person.is_person else set())), days=9
    )
    assert {asked(client, row, world, secret) for _, row in scim()} == {403}
    with pytest.raises(NotAllowed, match="Only an administrator may hand out"):
        a_token(person, "directory")
    if person.is_person:
        made, secret = issue_token(cast.root, by=cast.root, name="x", scopes=["directory"], days=9)
        ApiToken.objects.filter(pk=made.pk).update(user=person)  # as if they had been an administrator when it was issued
        assert {asked(client, row, world, secret) for _, row in scim()} == {403}


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["root", "ci-claims"])
def test_the_directory_comes_with_a_token_that_an_administrator_issued_and_reaches_nothing_else(cast, world, client, who):
    _, secret = issue_token(getattr(cast, who), by=cast.root, name="scim", scopes=["directory"], days=9)
    reads = {name: asked(client, row, world, secret) for name, row in scim() if row.method == "GET"}
    assert reads == {name: 200 for name in reads} | {"scim-schema": 404, "scim-user": 404, "scim-group": 404, "scim-elsewhere": 501}
    answers = {asked(client, row, world, secret) for _, row, scope in rest(world) if scope}
    assert answers == {403}, "the scope directory is for /scim/v2 alone"


@pytest.mark.django_db
def test_a_program_of_a_team_changes_nothing_and_decides_nothing(cast, world, client):
    _, secret = issue_token(world.account.user, by=cast.paul, name="ci", scopes=["read", "download", "publish", "admin"], days=9)
    changed = {name for name, row, _ in rest(world) if row.method != "GET" and asked(client, row, world, secret) < 300}
    assert changed <= PROGRAM_CHANGES
