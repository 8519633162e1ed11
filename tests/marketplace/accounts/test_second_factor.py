"""The second factor: asked where set, counts once, locked after too many wrong ones, kept encrypted."""

import re
import threading
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client

from marketplace.accounts.identity.actions import forget_second_factors
from marketplace.accounts.mfa import Adapter, verdict
from marketplace.accounts.models import User
from marketplace.activity.models import Event
from marketplace.errors import NotAllowed
from tests.cast import PASSWORD

ADD = "/me/settings/sign-in/app"


def code_at(secret, moment=None):
    return format_hotp_value(hotp_value(secret, int(time.time() if moment is None else moment) // 30))


def enter(client, name="root"):
    return client.post("/login", {"login": name, "password": PASSWORD})


def confirm(client, address):
    """Give the password again where it is asked for."""
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/me/settings/sign-in/again?")
    assert client.post(answer["Location"], {"password": "wrong"}).status_code == 200
    assert client.post(answer["Location"], {"password": PASSWORD})["Location"] == address


def with_app(client, name="root"):
    """Sign in and add an authenticator app; return its secret and the recovery codes."""
    enter(client, name)
    confirm(client, ADD)
    page = client.get(ADD).content.decode()
    secret = re.search(r"data-copy-source>([A-Z2-7]{32})<", page).group(1)
    assert client.post(ADD, {"code": "000000" if code_at(secret) != "000000" else "111111"}).status_code == 200
    answer = client.post(ADD, {"code": code_at(secret)})
    assert answer["Location"] == "/me/settings/sign-in/recovery-codes"
    shown = client.get(answer["Location"]).content.decode()
    return secret, re.findall(r"\b\d{8}\b", re.search(r"data-copy-source>(.*?)</code>", shown, re.DOTALL).group(1))


@pytest.fixture
def clock():
    with time_machine.travel("2027-03-01 08:00:10Z", tick=False) as moved:
        yield moved


@pytest.mark.django_db
def test_an_app_is_added_and_asked_for_from_then_on(cast, client, clock):
    secret, codes = with_app(client)
    assert len(codes) == 10
    assert Event.objects.filter(verb="person.second_factor_added").count() == 1
    clock.shift(60)
    browser = Client()
    assert enter(browser)["Location"] == "/login/confirm"
    assert browser.get("/teams").status_code == 302, "the password alone opens nothing"
    assert "Of your authenticator app" in browser.get("/login/confirm").content.decode()
    assert browser.post("/login/confirm", {"code": code_at(secret)}).status_code == 302
    assert browser.get("/teams").status_code == 200


@pytest.mark.django_db
def test_a_code_counts_once_whatever_blanks_are_in_it_and_in_every_process(cast, client, clock, settings):
    """What was used stands in the database, not in the memory of one process; an older code is no way round it."""
    from django.core.cache import cache

    secret, _ = with_app(client)
    assert verdict(cast.root, code_at(secret))[0] is None, "the code that proved the app does not sign in"
    clock.shift(60)
    older, now = code_at(secret, time.time() - 30), code_at(secret)
    assert verdict(cast.root, now)[0] is not None
    cache.clear()
    for again in (now, f" {now} ", f"{now[:3]} {now[3:]}", f"{now[:3]}-{now[3:]}", older):
        right, problem = verdict(cast.root, again)
        assert right is None, again
        assert problem
    clock.shift(30)
    assert verdict(cast.root, code_at(secret))[0] is not None


@pytest.mark.django_db
def test_a_recovery_code_lets_in_once_and_is_shown_once(cast, client, clock):
    _, codes = with_app(client)
    assert not re.search(r"\b\d{8}\b", client.get("/me/settings/sign-in/recovery-codes").content.decode())
    assert verdict(cast.root, codes[0])[0] is not None
    assert verdict(cast.root, codes[0])[0] is None
    assert verdict(cast.root, codes[1])[0] is not None


@pytest.mark.django_db
def test_too_many_wrong_codes_lock_also_the_right_one_for_a_while(cast, client, clock, settings):
    secret, codes = with_app(client)
    for _ in range(settings.AXES_FAILURE_LIMIT):
        verdict(cast.root, "12345")
    for right in (code_at(secret, time.time() + 30), codes[0]):
        accepted, problem = verdict(cast.root, right)
        assert accepted is None
        assert "Try again in 15 minutes" in problem
    clock.shift(16 * 60)
    assert verdict(cast.root, code_at(secret))[0] is not None


@pytest.mark.django_db(transaction=True)
def test_of_many_wrong_codes_at_once_only_as_many_are_looked_at_as_the_lock_allows(cast, settings):
    Authenticator.objects.create(user=cast.root, type="totp", data={"secret": Adapter().encrypt("A" * 32)})
    problems, gate = [], threading.Barrier(8)

    def attack():
        try:
            gate.wait()
            problems.extend(verdict(User.objects.get(pk=cast.root.pk), "99999")[1] for _ in range(5))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attack) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("This code is wrong" in problem for problem in problems) == settings.AXES_FAILURE_LIMIT
    assert sum("too many wrong codes" in problem for problem in problems) == 40 - settings.AXES_FAILURE_LIMIT


@pytest.mark.django_db
def test_the_database_holds_no_usable_secret(cast, client, clock):
    secret, codes = with_app(client)
    client.post("/logout")
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        held = "".join(text for (text,) in cursor.fetchall())
    assert secret not in held
    assert not any(code in held for code in codes)


@pytest.mark.django_db
def test_adding_and_removing_asks_for_the_password_again(cast, client, clock):
    secret, _ = with_app(client)
    clock.shift(600)
    remove = "/me/settings/sign-in/app/remove"
    assert client.get(remove).status_code == 302
    assert client.post("/me/settings/sign-in/recovery-codes/new").status_code == 302
    browser = Client()
    enter(browser)
    browser.post("/login/confirm", {"code": code_at(secret)})
    confirm(browser, remove)
    assert browser.post(remove).status_code == 302
    assert not Authenticator.objects.filter(user=cast.root).exists(), "recovery codes alone are no second factor"
    assert Event.objects.filter(verb="person.second_factor_removed").count() == 1
    assert enter(Client())["Location"] == "/"


@pytest.mark.django_db
def test_a_role_may_have_to_have_one(cast, client, clock, settings):
    settings.MFA_REQUIRED_FOR = ["administrator", "reviewer"]
    enter(client)
    assert client.get("/models")["Location"] == "/me/settings/sign-in"
    assert client.get("/api/v1/me").status_code == 401
    assert "Your role asks for a second factor." in client.get("/me/settings/sign-in").content.decode()
    with_app(client)
    assert client.get("/models").status_code == 200
    assert client.get("/api/v1/me").status_code == 200
    remove = "/me/settings/sign-in/app/remove"
    assert "add another one before this goes" in client.get(remove).content.decode()
    client.post(remove)
    assert Authenticator.objects.filter(user=cast.root, type="totp").exists()
    reviewer, viewer = Client(), Client()
    enter(reviewer, "rita")
    assert reviewer.get("/models")["Location"] == "/me/settings/sign-in"
    enter(viewer, "bea")
    assert viewer.get("/models").status_code == 200


@pytest.mark.django_db
def test_the_second_step_is_only_for_whoever_passed_the_first(cast, client, clock):
    with_app(client)
    stranger = Client()
    assert stranger.get("/login/confirm")["Location"] == "/login"
    assert stranger.post("/login/confirm", {"code": "123456"})["Location"] == "/login"
    browser = Client()
    enter(browser)
    answer = browser.post("/login/confirm", {"code": "12"})
    assert "This code is wrong." in answer.content.decode()
    answer = browser.post("/login/confirm", {"credential": "{}"})
    assert "The passkey was not accepted." in answer.content.decode()
    for odd in ("[]", "null", "x", '{"id": 5}', '{"response": {}}', '"text"', '{"rawId": "AA", "id": "AA", "type": "public-key", "response": {}}'):
        assert browser.post("/login/confirm", {"credential": odd}).status_code == 200, odd
    assert browser.get("/teams").status_code == 302


@pytest.mark.django_db
def test_the_picture_is_only_there_while_an_app_is_being_added(cast, client, clock):
    enter(client)
    assert client.get(f"{ADD}/picture.svg").status_code == 404
    confirm(client, ADD)
    client.get(ADD)
    picture = client.get(f"{ADD}/picture.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert "no-store" in picture["Cache-Control"]


@pytest.mark.django_db
def test_whoever_lost_them_all_is_helped_by_an_administrator(cast, client, clock):
    with_app(client)
    with pytest.raises(NotAllowed):
        forget_second_factors(cast.root, by=cast.paul)
    call_command("person", "root", forget_second_factors=True)
    assert client.get("/teams").status_code == 302, "whoever was signed in with the old ones is out"
    assert enter(client)["Location"] == "/"


@pytest.mark.django_db
def test_a_password_that_confirms_counts_for_whoever_is_signed_in_through_the_directory_too(cast, client, settings):
    """Where the directory signs people in, a password no longer opens, but it still says who sits there."""
    enter(client, "bea")
    settings.OIDC_ISSUER = "https://sso.example.com"
    confirm(client, ADD)
    assert client.get(ADD).status_code == 200
    assert enter(Client(), "bea").status_code == 422


@pytest.mark.django_db
def test_nobody_removes_a_passkey_of_somebody_else(cast, client, clock):
    theirs = Authenticator.objects.create(user=cast.ivo, type="webauthn", data={"name": "Key", "credential": {}})
    with_app(client)
    client.post("/me/settings/sign-in/again?next=/", {"password": PASSWORD})
    assert client.post(f"/me/settings/sign-in/passkeys/{theirs.pk}/remove").status_code == 404
    assert Authenticator.objects.filter(pk=theirs.pk).exists()
