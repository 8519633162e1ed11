"""Signing in: one sentence for every mistake, a lock after too many, and a session that really ends."""

import pytest
from django.conf import settings
from django.urls import reverse

from marketplace.accounts.signin import lock_address, username_of
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(client, name, password=PASSWORD, **more):
    return client.post("/login", {"login": name, "password": password, **more})


def test_a_person_signs_in_and_out(cast, client):
    assert sign_in(client, "bea").status_code in {302, 303}
    assert client.get("/teams").status_code == 200
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert client.post("/logout").status_code == 303
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie
    assert client.get("/teams").status_code == 302


def test_the_name_may_be_typed_in_any_case(cast, client):
    assert sign_in(client, "BEA").status_code in {302, 303}


@pytest.mark.parametrize(("name", "password"), [("bea", "wrong"), ("nobody-here", PASSWORD), ("", "")])
def test_every_mistake_gets_the_same_answer(cast, client, name, password):
    answer = sign_in(client, name, password)
    assert answer.status_code == 422
    assert "The name or the password is wrong" in answer.content.decode()


def test_too_many_wrong_tries_lock_this_name_from_this_address_only(cast, client):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = sign_in(client, "bea", "wrong")
    assert answer.status_code == 429
    assert "Try again in 15 minutes" in answer.content.decode()
    assert sign_in(client, "bea").status_code == 429
    assert sign_in(client, "ivo").status_code in {302, 303}


def test_a_forged_forwarding_header_does_not_reset_the_lock(cast, client):
    answers = [client.post("/login", {"login": "bea", "password": "x"}, headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(12)]
    assert answers[-1].status_code == 429


def test_another_address_of_the_same_network_does_not_reset_the_lock(cast, client):
    answers = [client.post("/login", {"login": "bea", "password": "x"}, REMOTE_ADDR=f"2001:db8:1:2::{n}") for n in range(12)]
    assert answers[-1].status_code == 429


@pytest.mark.parametrize(
    ("address", "kept"),
    [("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"), ("10.1.2.3", "10.1.2.3"), ("::ffff:10.1.2.3", "10.1.2.3"), ("fe80::1%eth0", "fe80::"), ("", "")],
)
def test_a_lock_is_for_an_address_or_a_network_of_ipv6(rf, address, kept):
    assert lock_address(rf.get("/login", REMOTE_ADDR=address)) == kept


@pytest.mark.parametrize("name", ["SIMON", " simon ", "\u017fimon", "s\u0131mon", "s\u0130mon"])
def test_names_that_the_database_finds_alike_share_a_lock(name):
    assert username_of(None, {"username": name}) == "simon"


def test_next_never_leads_elsewhere(cast, client):
    answer = sign_in(client, "bea", next="https://evil.example/")
    assert answer["Location"] == "/"


def test_a_deactivated_person_is_out_at_once(cast, signed_in):
    client = signed_in(cast.bea)
    assert client.get("/teams").status_code == 200
    type(cast.bea).objects.filter(pk=cast.bea.pk).update(is_active=False)
    assert client.get("/teams").status_code == 302


def test_nobody_signs_up(client):
    assert client.get("/signup").status_code == 404


def test_signing_out_is_a_post(cast, signed_in):
    assert signed_in(cast.bea).get(reverse("account_logout")).status_code == 405


def test_a_name_that_no_database_takes_is_a_wrong_name(cast, client):
    assert client.post("/login", {"login": "be\x00a", "password": "x"}).status_code == 422
