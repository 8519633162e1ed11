"""The first sign-in through the directory: three things to look at, one to answer, all of it to skip, and never again."""

import pytest
from django.test import Client

from marketplace.accounts.models import User
from marketplace.activity.models import Event
from tests.marketplace.accounts.test_saml import answer, begun, posts, saml  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def nadia(cast, client, saml):  # noqa: F811 - the fixture
    came = posts(client, answer(begun(client, next="/teams")))
    assert came["Location"] == "/welcome?next=%2Fteams"
    return User.objects.get(pk=client.session["_auth_user_id"])


def test_it_shows_teams_and_roles_and_whence_they_come(nadia, client):
    text = client.get("/welcome?next=/teams").content.decode()
    assert "Welcome, Nadia Neu" in text
    assert "Contributor, from the directory" in text
    assert "You have no role in the organization." in text
    assert "your groups in Example SSO" in text


def test_the_answer_is_kept_and_nobody_is_asked_again(nadia, client, saml):  # noqa: F811 - the fixture
    done = client.post("/welcome", {"mails": "urgent", "next": "/teams"})
    assert (done.status_code, done["Location"]) == (303, "/teams")
    nadia.refresh_from_db()
    assert not nadia.mails_digest
    assert Event.objects.filter(verb="person.settings_changed", actor=nadia.person).count() == 1
    client.logout()
    assert posts(client, answer(begun(client, next="/teams")))["Location"] == "/teams"


def test_whoever_skips_it_keeps_everything_and_is_not_asked_again(nadia, client):
    assert client.post("/welcome", {"skip": "1", "next": "/teams"})["Location"] == "/teams"
    nadia.refresh_from_db()
    assert nadia.mails_digest
    assert nadia.welcomed_at
    assert not Event.objects.filter(verb="person.settings_changed").exists()


def test_a_wrong_answer_is_asked_again(nadia, client):
    wrong = client.post("/welcome", {"mails": "never", "next": "/teams"})
    assert wrong.status_code == 422
    assert 'value="/teams"' in wrong.content.decode()
    nadia.refresh_from_db()
    assert nadia.welcomed_at is None


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "javascript:alert(1)"])
def test_it_leads_nowhere_else(nadia, client, elsewhere):
    assert client.post("/welcome", {"skip": "1", "next": elsewhere})["Location"] == "/"


def test_whoever_came_before_is_not_asked(cast, client):
    from tests.cast import PASSWORD

    assert client.post("/login", {"login": "bea", "password": PASSWORD, "next": "/teams"})["Location"] == "/teams", (
        "an administrator made the account"
    )


def test_looking_changes_nothing_and_another_site_answers_for_nobody(nadia, client):
    assert client.get("/welcome?skip=1&mails=urgent").status_code == client.head("/welcome?skip=1").status_code == 200
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = client.cookies
    assert careful.post("/welcome", {"skip": "1"}).status_code == 403
    nadia.refresh_from_db()
    assert (nadia.welcomed_at, nadia.mails_digest) == (None, True)


@pytest.mark.parametrize("onward", ["/m/ü ber", "/teams\r\nSet-Cookie: a=b", "/teams?q=a\nb"])
def test_where_it_leads_is_written_as_an_address_also_for_htmx(nadia, client, onward):
    plain = client.post("/welcome", {"skip": "1", "next": onward})
    part = client.post("/welcome", {"skip": "1", "next": onward}, headers={"HX-Request": "true"})
    assert part["HX-Redirect"] == plain["Location"]
    assert part["HX-Redirect"].isascii()
    assert part["HX-Redirect"].isprintable()
