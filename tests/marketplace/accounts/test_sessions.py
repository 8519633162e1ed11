"""Sessions live on the server: they end when idle, for good after some hours, when they are told to, and with their person."""

import threading
import time

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection, connections
from django.test import Client

from marketplace.accounts.actions import activate_person, deactivate_person
from marketplace.accounts.mfa_views import browser_of
from marketplace.accounts.models import Session
from marketplace.accounts.sessions import row_name
from tests.cast import PASSWORD

HOUR = 3600


def sign_in(client, name="bea", **more):
    return client.post("/login", {"login": name, "password": PASSWORD}, **more)


def cookie(client):
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def with_cookie(value):
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = value
    return client


@pytest.mark.django_db
def test_a_stolen_cookie_is_worth_nothing_after_the_sign_out(cast, client):
    sign_in(client)
    stolen = cookie(client)
    assert with_cookie(stolen).get("/teams").status_code == 200
    client.post("/logout")
    assert with_cookie(stolen).get("/teams").status_code == 302
    assert with_cookie(stolen).get("/api/v1/me").status_code == 401


@pytest.mark.django_db
def test_signing_in_gives_a_new_cookie(cast, client):
    client.cookies[settings.SESSION_COOKIE_NAME] = "planted" * 4
    sign_in(client)
    first = cookie(client)
    assert first != "planted" * 4
    client.post("/logout")
    sign_in(client)
    assert cookie(client) != first


@pytest.mark.django_db
def test_a_session_that_nobody_uses_ends(cast, client):
    with time_machine.travel("2027-03-01 08:00Z", tick=False) as clock:
        sign_in(client)
        for _ in range(3):
            clock.shift(settings.SESSION_IDLE_AGE - 400)
            assert client.get("/teams").status_code == 200, "a use keeps it alive"
        clock.shift(settings.SESSION_IDLE_AGE + 1)
        assert client.get("/teams").status_code == 302


@pytest.mark.django_db
def test_a_session_ends_for_good_however_much_it_is_used(cast, client):
    with time_machine.travel("2027-03-01 08:00Z", tick=False) as clock:
        sign_in(client)
        for hour in range(1, 13):
            clock.shift(HOUR - 1)
            assert client.get("/teams").status_code == 200, hour
        clock.shift(13)
        assert client.get("/teams").status_code == 302


@pytest.mark.django_db
def test_a_use_is_noted_at_most_once_in_five_minutes(cast, client, django_assert_num_queries):
    with time_machine.travel("2027-03-01 08:00Z", tick=False) as clock:
        sign_in(client)
        client.get("/teams")
        seen = Session.objects.get(user=cast.bea).seen_at
        clock.shift(200)
        client.get("/teams")
        assert Session.objects.get(user=cast.bea).seen_at == seen
        clock.shift(200)
        client.get("/teams")
        assert (Session.objects.get(user=cast.bea).seen_at - seen).total_seconds() == 400


@pytest.mark.django_db
def test_the_table_of_sessions_opens_none(cast, client):
    sign_in(client)
    row = Session.objects.get(user=cast.bea)
    assert row.pk == row_name(cookie(client))
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(s)::text FROM marketplace_session s")
        assert cookie(client) not in "".join(text for (text,) in cursor.fetchall())
    assert with_cookie(row.pk).get("/teams").status_code == 302


@pytest.mark.django_db
def test_i_see_my_browsers_and_end_one(cast, client):
    sign_in(client, headers={"User-Agent": "Firefox on a desk"})
    phone = Client(headers={"User-Agent": "Safari on a phone"})
    sign_in(phone)
    phone.get("/teams")
    page = client.get("/me/settings/sign-in").content.decode()
    assert "This browser" in page
    assert "Safari on a phone" in page
    assert client.post(f"/me/settings/sign-in/sessions/{row_name(cookie(phone))}/end").status_code == 303
    assert phone.get("/teams").status_code == 302
    assert client.get("/teams").status_code == 200


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        ("curl/8.0", "curl/8.0"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(agent, words):
    assert browser_of(agent) == words


@pytest.mark.django_db
def test_nobody_ends_a_session_of_somebody_else(cast, client):
    sign_in(client)
    other = Client()
    sign_in(other, "ivo")
    assert client.post(f"/me/settings/sign-in/sessions/{row_name(cookie(other))}/end").status_code == 404
    assert other.get("/teams").status_code == 200


@pytest.mark.django_db
def test_a_closed_account_has_no_session_even_when_it_opens_again(cast, client):
    sign_in(client)
    deactivate_person(cast.bea, by=cast.root, reason="left")
    assert client.get("/teams").status_code == 302
    activate_person(cast.bea, by=cast.root)
    assert client.get("/teams").status_code == 302


@pytest.mark.django_db
def test_the_right_password_of_a_closed_account_says_that_it_is_closed(cast, client):
    deactivate_person(cast.bea, by=cast.root, reason="left")
    answer = sign_in(client)
    assert answer.status_code == 403
    assert "The account bea was closed." in answer.content.decode()
    assert client.post("/login", {"login": "bea", "password": "wrong"}).status_code == 422


@pytest.mark.django_db
def test_what_ended_is_swept_when_somebody_signs_in(cast, client):
    with time_machine.travel("2027-03-01 08:00Z", tick=False):
        sign_in(client)
    with time_machine.travel("2027-03-03 08:00Z", tick=False):
        sign_in(Client(), "ivo")
        assert not Session.objects.filter(user=cast.bea).exists()


@pytest.mark.django_db
def test_behind_proxies_the_lock_knows_the_address_that_our_own_proxy_saw(cast, client, settings):
    """Else everybody behind the proxy would share one lock, or a forged header would open another."""
    settings.TRUSTED_PROXIES = 1
    for n in range(settings.AXES_FAILURE_LIMIT):
        client.post("/login", {"login": "bea", "password": "x"}, headers={"X-Forwarded-For": f"6.6.6.{n}, 203.0.113.9"})
    assert client.post("/login", {"login": "bea", "password": PASSWORD}, headers={"X-Forwarded-For": "1.2.3.4, 203.0.113.9"}).status_code == 429
    assert sign_in(client, headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_200_wrong_passwords_at_once_only_as_many_are_looked_at_as_the_lock_allows(cast, monkeypatch):
    """With another X-Forwarded-For each, ten at a time."""
    looked_at, verify = [], MD5PasswordHasher.verify

    def counted(hasher, password, encoded):
        looked_at.append(password)
        time.sleep(0.02)  # as long as a slow hash; all others try to slip through meanwhile
        return verify(hasher, password, encoded)

    monkeypatch.setattr(MD5PasswordHasher, "verify", counted)
    statuses, gate = [], threading.Barrier(10)

    def attack(first):
        try:
            gate.wait()
            for n in range(first, 200, 10):
                answer = Client().post("/login", {"login": "bea", "password": f"wrong-{n}"}, headers={"X-Forwarded-For": f"10.0.{n}.1"})
                statuses.append(answer.status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attack, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 200
    assert len(looked_at) <= settings.AXES_FAILURE_LIMIT
    assert set(statuses) <= {422, 429}
    assert statuses.count(429) >= 200 - settings.AXES_FAILURE_LIMIT
    assert AccessAttempt.objects.count() == 1
    assert Client().post("/login", {"login": "bea", "password": PASSWORD}).status_code == 429
