"""Tokens: shown once, stored as a digest, ended at once, and never more than their scopes."""

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.accounts.actions import deactivate_person, issue_token, revoke_token
from marketplace.accounts.keys.actions import add_publisher, rotate_token
from marketplace.accounts.keys.queries import token_caller
from marketplace.accounts.models import ApiToken, User
from marketplace.accounts.tokens import is_well_formed, new_secret
from marketplace.activity.models import Event
from marketplace.errors import Invalid, NotAllowed, NotSignedIn

ME = "/api/v1/me"


def test_a_secret_has_prefix_and_checksum():
    secret = new_secret()
    assert secret.startswith("mkt_")
    assert is_well_formed(secret)
    assert not is_well_formed(secret[:-1] + ("0" if secret[-1] != "0" else "1"))
    assert not is_well_formed("mkt_")


def test_the_secret_is_nowhere_in_the_database(cast):
    token, secret = issue_token(cast.bea, by=cast.bea, name="laptop", scopes=["read"])
    stored = repr(ApiToken.objects.filter(pk=token.pk).values().get())
    assert secret not in stored
    assert secret[12:] not in stored


def test_a_token_says_who_calls(cast, client, token_of):
    answer = client.get(ME, headers=token_of(cast.ivo, "read"))
    assert answer.json()["username"] == "ivo"
    assert answer.json()["teams"] == {"claims-api": "owner"}
    assert answer.json()["token"]["scopes"] == ["read"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: revoke_token(t, by=t.user),
        lambda t: ApiToken.objects.filter(pk=t.pk).update(
            created_at=timezone.now() - timedelta(days=2), expires_at=timezone.now() - timedelta(seconds=1)
        ),
        lambda t: User.objects.filter(pk=t.user_id).update(is_active=False),
    ],
    ids=["revoked", "expired", "owner deactivated"],
)
def test_a_token_that_no_longer_counts_is_401_at_once(cast, client, spoil):
    token, secret = issue_token(cast.bea, by=cast.bea, name="laptop", scopes=["read"])
    header = {"Authorization": f"Bearer {secret}"}
    assert client.get(ME, headers=header).status_code == 200
    spoil(token)
    answer = client.get(ME, headers=header)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("secret", ["mkt_x", "mkt_" + "a" * 43 + "_00000000", "", "☃", "Basic abc"])
def test_garbage_is_401_and_asks_the_database_nothing_for_bad_form(db, client, secret, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get(ME, headers={"Authorization": f"Bearer {secret}"}).status_code == 401


@pytest.mark.parametrize("address", [f"{ME}?token=", f"{ME}?access_token=", f"{ME}?limit=1&q=", "/models?q=", "/me/tokens?token="])
def test_a_token_in_the_address_is_refused_and_goes_no_further(cast, client, signed_in, address, caplog):
    _, secret = issue_token(cast.bea, by=cast.bea, name="laptop", scopes=["read"])
    answer = signed_in(cast.bea).get(address + secret, headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 400
    assert "Revoke it" in answer.content.decode()
    assert secret not in answer.content.decode() + caplog.text + str(answer.headers)
    assert secret not in answer.wsgi_request.get_full_path(), "what the access log reads"
    assert ApiToken.objects.get(user=cast.bea).last_used_at is None


def test_a_wrong_token_in_the_address_is_refused_as_well(client, db):
    refused = client.get(f"{ME}?token=mkt_x")
    assert (refused.status_code, refused.json()["type"].rpartition("#")[2]) == (400, "token-in-address")
    assert refused.json()["hint"]
    assert client.get(f"{ME}?q=mkt_x").status_code == 401, "a word that merely begins like one"


def test_a_token_without_the_scope_is_403_with_the_scope_named(cast, client, token_of):
    answer = client.post("/api/v1/tokens", {"name": "x", "scopes": ["read"]}, content_type="application/json", headers=token_of(cast.bea, "read"))
    assert answer.status_code == 403
    assert "scope admin" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("values", "field"),
    [({"scopes": []}, "scopes"), ({"scopes": ["fly"]}, "scopes"), ({"days": 0}, "days"), ({"days": 366}, "days"), ({"name": " "}, "name")],
)
def test_every_mistake_names_its_field(cast, values, field):
    with pytest.raises(Invalid) as told:
        issue_token(cast.bea, by=cast.bea, **({"name": "x", "scopes": ["read"]} | values))
    assert field in told.value.fields


def test_a_service_account_never_gets_the_scope_review(cast):
    with pytest.raises(NotAllowed):
        issue_token(cast.ci_claims, by=cast.root, name="ci", scopes=["review"])


def test_nobody_issues_tokens_for_others(cast):
    with pytest.raises(NotAllowed):
        issue_token(cast.ivo, by=cast.bea, name="x", scopes=["read"])


def test_the_database_refuses_a_token_that_ends_before_it_begins(cast):
    with pytest.raises(IntegrityError, match="token_ends_after_it_begins"), transaction.atomic():
        ApiToken.objects.create(user=cast.bea, name="x", prefix="mkt_", digest=b"1" * 32, scopes=[], expires_at=timezone.now() - timedelta(1))


def test_the_last_use_is_noted_at_most_once_in_five_minutes(cast, client):
    token, secret = issue_token(cast.bea, by=cast.bea, name="laptop", scopes=["read"])
    header = {"Authorization": f"Bearer {secret}"}
    client.get(ME, headers=header)
    first = ApiToken.objects.get(pk=token.pk).last_used_at
    client.get(ME, headers=header)
    assert first is not None
    assert ApiToken.objects.get(pk=token.pk).last_used_at == first


def test_the_page_shows_the_secret_once(cast, signed_in):
    client = signed_in(cast.ivo)
    answer = client.post("/me/tokens", {"name": "batch", "scopes": ["read", "download"], "days": 30})
    assert (answer.status_code, answer["Location"]) == (303, "/me/tokens")
    assert "mkt_" not in answer.content.decode() + str(answer.cookies["once"].value)
    answer = client.get("/me/tokens")
    secret = re.search(r"mkt_[\w-]{40,}", answer.content.decode())[0]
    assert token_caller(secret).user == cast.ivo
    assert "no-store" in answer["Cache-Control"]
    assert secret not in client.get("/me/tokens").content.decode()


def test_the_page_refuses_a_token_without_end(cast, signed_in):
    answer = signed_in(cast.ivo).post("/me/tokens", {"name": "batch", "scopes": ["read"], "days": ""})
    assert answer.status_code == 422
    assert not ApiToken.objects.filter(user=cast.ivo).exists()


def test_the_page_refuses_a_name_that_hides_something_and_keeps_what_was_typed(cast, signed_in):
    answer = signed_in(cast.ivo).post("/me/tokens", {"name": "good\u202edoog", "scopes": ["read"], "days": 77})
    assert (answer.status_code, "without invisible characters" in answer.text, 'value="77"' in answer.text) == (422, True, True)
    assert not ApiToken.objects.filter(user=cast.ivo).exists()


def test_somebody_elses_token_does_not_exist_for_me(cast, client, signed_in):
    token, _ = issue_token(cast.ivo, by=cast.ivo, name="mine", scopes=["read"])
    assert signed_in(cast.bea).post(f"/me/tokens/{token.pk}/revoke").status_code == 404
    assert ApiToken.objects.get(pk=token.pk).revoked_at is None


def test_a_token_issues_none_that_may_more_or_lasts_longer(cast, client):
    _, secret = issue_token(cast.root, by=cast.root, name="parent", scopes=["admin"], days=2)
    header = {"Authorization": f"Bearer {secret}"}
    more = client.post("/api/v1/tokens", {"name": "x", "scopes": ["admin", "review"]}, content_type="application/json", headers=header)
    assert more.status_code == 403
    made = client.post("/api/v1/tokens", {"name": "x", "scopes": ["admin"], "days": 300}, content_type="application/json", headers=header)
    assert made.status_code == 201
    assert made.json()["expires_at"] <= ApiToken.objects.get(name="parent").expires_at.isoformat().replace("+00:00", "Z")


def test_a_token_name_hides_nothing(cast):
    with pytest.raises(Invalid):
        issue_token(cast.bea, by=cast.bea, name="good\u202edoog", scopes=["read"])


def test_what_was_issued_through_a_token_ends_with_it(cast, client):
    first, secret = issue_token(cast.bea, by=cast.bea, name="laptop", scopes=["read", "admin"])
    asked = {"name": "from it", "scopes": ["read", "admin"]}
    second = client.post("/api/v1/tokens", asked, headers={"Authorization": f"Bearer {secret}"}, content_type="application/json").json()["secret"]
    third = client.post("/api/v1/tokens", asked, headers={"Authorization": f"Bearer {second}"}, content_type="application/json").json()["secret"]
    other, _ = issue_token(cast.bea, by=cast.bea, name="apart", scopes=["read"])
    revoke_token(first, by=cast.bea)
    assert [token_caller(each) for each in (secret, second, third)] == [None] * 3
    assert ApiToken.objects.get(pk=other.pk).revoked_at is None
    assert Event.objects.filter(verb="token.revoked").count() == 3


def test_revoking_a_successor_ends_the_one_it_replaced(cast):
    old, secret = issue_token(cast.bea, by=cast.bea, name="laptop", scopes=["read"])
    new, newer = rotate_token(old, by=cast.bea)
    assert token_caller(secret) is not None, "the old one counts for a day"
    revoke_token(new, by=cast.bea)
    assert token_caller(secret) is token_caller(newer) is None


def test_revoking_the_old_one_leaves_its_successor(cast):
    old, _ = issue_token(cast.bea, by=cast.bea, name="laptop", scopes=["read"])
    _, newer = rotate_token(old, by=cast.bea)
    revoke_token(old, by=cast.bea)
    assert token_caller(newer) is not None


@pytest.mark.parametrize("which", ["itself", "another"])
def test_what_was_rotated_through_a_token_ends_with_it(cast, client, which):
    first, secret = issue_token(cast.bea, by=cast.bea, name="laptop", scopes=["read", "admin"])
    if which == "itself":
        asked = {"name": "from it", "scopes": ["read", "admin"]}
        child = client.post("/api/v1/tokens", asked, headers={"Authorization": f"Bearer {secret}"}, content_type="application/json").json()
        pk, through = child["id"], child["secret"]
    else:
        pk, through = issue_token(cast.bea, by=cast.bea, name="apart", scopes=["read"])[0].pk, secret
    rotated = client.post(f"/api/v1/tokens/{pk}/rotate", headers={"Authorization": f"Bearer {through}"})
    assert token_caller(rotated.json()["secret"]) is not None
    revoke_token(first, by=cast.bea)
    assert token_caller(rotated.json()["secret"]) is None


def test_what_came_from_a_token_that_was_replaced_long_ago_ends_with_its_family(cast, client):
    first, secret = issue_token(cast.bea, by=cast.bea, name="laptop", scopes=["read", "admin"])
    asked = {"name": "from it", "scopes": ["read"]}
    child = client.post("/api/v1/tokens", asked, headers={"Authorization": f"Bearer {secret}"}, content_type="application/json").json()["secret"]
    new, _ = rotate_token(first, by=cast.bea)
    ApiToken.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=2), expires_at=timezone.now() - timedelta(days=1))
    assert token_caller(child) is not None
    revoke_token(new, by=cast.bea)
    assert token_caller(child) is None


@pytest.mark.parametrize("what", ["issue", "rotate", "trust"])
def test_a_token_that_was_revoked_while_it_asked_hands_out_nothing(cast, what):
    parent, _ = issue_token(cast.bea, by=cast.bea, name="laptop", scopes=["read", "admin"])
    other, _ = issue_token(cast.bea, by=cast.bea, name="apart", scopes=["read"])
    asks = ApiToken.objects.get(pk=parent.pk)  # as the request read it
    revoke_token(parent, by=cast.bea)
    with pytest.raises(NotSignedIn):
        if what == "issue":
            issue_token(cast.bea, by=cast.bea, name="late", scopes=["read"], parent=asks)
        elif what == "rotate":
            rotate_token(other, by=cast.bea, parent=asks)
        else:
            add_publisher(
                cast.ci_claims, by=cast.root, scopes=["read"], parent=asks, issuer="https://ci.example", audience="x", repository="a/b",
                ref="refs/heads/main", workflow="w.yml",
            )  # fmt: skip
    assert ApiToken.objects.filter(revoked_at=None).count() == 1


def test_a_token_of_a_service_account_survives_that_its_issuer_leaves_but_not_that_the_token_it_came_through_is_revoked(cast):
    mine, _ = issue_token(cast.root, by=cast.root, name="laptop", scopes=["read", "admin"])
    again, _ = issue_token(cast.root, by=cast.root, name="desk", scopes=["read", "admin"])
    _, stays = issue_token(cast.ci_claims, by=cast.root, name="nightly", scopes=["read"], parent=mine)
    _, goes = issue_token(cast.ci_claims, by=cast.root, name="hourly", scopes=["read"], parent=again)
    revoke_token(again, by=cast.root)
    deactivate_person(cast.root, by=None)
    assert token_caller(goes) is None
    assert token_caller(stays) is not None
    assert not ApiToken.objects.filter(user=cast.root, revoked_at=None).exists()
