"""What a directory may not get away with: every token that is not exactly right leaves nobody signed in and nothing written."""

import time

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount

from marketplace.accounts.identity.actions import link_identity
from marketplace.accounts.models import User
from marketplace.activity.models import Event
from tests.marketplace.accounts.directories import CLIENT, SECRET, HostileDirectory, begun, come_back, configure

pytestmark = [pytest.mark.django_db, pytest.mark.full]


@pytest.fixture
def directory(settings):
    hostile = HostileDirectory()
    configure(settings, hostile)
    yield hostile
    hostile.stop()


def signed_in(client):
    return "_auth_user_id" in client.session


def test_a_right_token_signs_in(cast, client, directory):
    """The measure of all refusals below: nothing but the spoiled part keeps them out."""
    assert come_back(client, directory).status_code == 302
    assert signed_in(client)
    assert SocialAccount.objects.get().uid == "subject-1"


SPOILED = {
    "another audience": {"aud": "somebody-else"},
    "several audiences without saying who it is for": {"aud": [CLIENT, "somebody-else"]},
    "issued to somebody else": {"azp": "somebody-else"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "another nonce": {"nonce": "of-another-sign-in"},
    "no nonce": {"nonce": None},
    "expired": {"exp": int(time.time()) - 120},
    "without an end": {"exp": None},
    "issued in the future": {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200},
    "without a beginning": {"iat": None},
    "not valid yet": {"nbf": int(time.time()) + 3600},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "an endless subject": {"sub": "s" * 300},
}


@pytest.mark.parametrize("claims", SPOILED.values(), ids=SPOILED)
def test_a_token_with_a_wrong_claim_is_refused(claims, cast, client, directory):
    directory.claims = claims
    refuse(client, directory)


def refuse(client, directory):
    people, events = User.objects.count(), Event.objects.count()
    answer = come_back(client, directory)
    assert answer.status_code == 403
    assert "Not signed in" in answer.content.decode()
    assert not signed_in(client)
    assert (User.objects.count(), SocialAccount.objects.count(), Event.objects.count()) == (people, 0, events)


def unsigned(claims, directory):
    return jwt.encode(claims, None, algorithm="none", headers={"kid": "one"})


def stripped(claims, directory):
    return directory.well_signed(claims).rpartition(".")[0] + "."


def by_another_key(claims, directory):
    return jwt.encode(claims, directory.other_key, algorithm="RS256", headers={"kid": "one"})


def by_an_unknown_key(claims, directory):
    return jwt.encode(claims, directory.other_key, algorithm="RS256", headers={"kid": "two"})


def by_the_shared_secret(claims, directory):
    return jwt.encode(claims, SECRET * 2, algorithm="HS256", headers={"kid": "one"})


def by_the_public_key_as_a_secret(claims, directory):
    """The classic confusion: HS256 with the published key. PyJWT refuses to make one, so it is made by hand."""
    import base64
    import hashlib
    import hmac
    import json

    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    from cryptography.hazmat.primitives import serialization

    public = directory.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    body = part(json.dumps({"alg": "HS256", "kid": "one", "typ": "JWT"}).encode()) + b"." + part(json.dumps(claims).encode())
    return (body + b"." + part(hmac.new(public, body, hashlib.sha256).digest())).decode()


def with_its_own_key_inside(claims, directory):
    import json

    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(directory.other_key.public_key()))
    return jwt.encode(claims, directory.other_key, algorithm="RS256", headers={"kid": "one", "jwk": public})


def no_token(claims, directory):
    return None


def nonsense(claims, directory):
    return "a.b.c"


def very_long(claims, directory):
    return directory.well_signed(claims | {"more": "x" * 40_000})


@pytest.mark.parametrize("sign", [unsigned, stripped, by_another_key, by_an_unknown_key, by_the_shared_secret, by_the_public_key_as_a_secret,
                                  with_its_own_key_inside, no_token, nonsense, very_long])  # fmt: skip
def test_a_token_without_the_directorys_signature_is_refused(sign, cast, client, directory):
    directory.sign = lambda claims: sign(claims, directory)
    refuse(client, directory)


def test_more_facts_about_somebody_else_are_refused(cast, client, directory):
    directory.userinfo = {"sub": "subject-2"}
    refuse(client, directory)


@pytest.mark.parametrize("answer", [{}, {"error": "invalid_grant"}, [], "x", {"access_token": 7, "id_token": {}}], ids=str)
def test_an_odd_answer_to_the_code_is_refused(answer, cast, client, directory):
    directory.token_answer = answer
    assert come_back(client, directory).status_code == 403
    assert not signed_in(client)


@pytest.mark.parametrize("description", [{"issuer": "https://evil.example"}, {"issuer": None}, {"token_endpoint": None}, {"jwks_uri": 5},
                                         {"authorization_endpoint": "javascript:alert(1)"}], ids=str)  # fmt: skip
def test_a_directory_that_describes_itself_wrongly_is_not_used(description, cast, client, directory):
    directory.description = description
    answer = client.post("/login/sso")
    assert answer.status_code == 503
    assert "does not answer right now" in answer.content.decode()


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "userinfo_endpoint"])
def test_a_directory_cannot_send_us_to_the_metadata_service(name, cast, client, directory):
    directory.description = {name: "http://169.254.169.254/latest/meta-data/"}
    assert come_back(client, directory).status_code == 503
    assert not signed_in(client)


def test_an_answer_counts_once_and_for_the_browser_that_asked(cast, client, directory):
    from django.test import Client

    assert come_back(client, directory, state="guessed").status_code == 403
    asked = begun(client)
    state = asked.split("state=")[1].split("&")[0]
    assert Client().get(f"/login/sso/callback?code=x&state={state}").status_code == 403, "another browser"
    directory.sign = lambda _: None
    assert client.get(f"/login/sso/callback?code=x&state={state}").status_code == 403
    directory.sign = directory.well_signed
    assert client.get(f"/login/sso/callback?code=x&state={state}").status_code == 403, "the second time"
    assert not signed_in(client)


def test_whoever_ends_the_sign_in_there_is_told_so(cast, client, directory):
    answer = come_back(client, directory, error="access_denied")
    assert answer.status_code == 403
    assert "You ended the sign-in there." in answer.content.decode()


def test_an_account_is_never_taken_over_by_its_e_mail_address_or_name(cast, client, directory):
    directory.claims = {"email": "BEA@example.com", "email_verified": True, "preferred_username": "bea"}
    answer = come_back(client, directory)
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "There is already an account with the e-mail address BEA@example.com" in page
    assert "manage.py person NAME --subject subject-1" in page
    assert not signed_in(client)
    directory.claims = {"email": "another@example.com", "preferred_username": "bea"}
    assert come_back(client, directory).status_code == 302
    assert client.session["_auth_user_id"] != str(cast.bea.pk), "the name bea is taken, so another one is made"
    assert User.objects.get(pk=client.session["_auth_user_id"]).username == "bea-2"


def test_the_same_name_and_address_under_another_subject_is_somebody_else(cast, client, directory):
    directory.claims = {"email": "new@example.com", "preferred_username": "new"}
    assert come_back(client, directory).status_code == 302
    client.post("/logout")
    directory.claims = {"sub": "subject-2", "email": "new@example.com", "preferred_username": "new"}
    assert come_back(client, directory).status_code == 403
    assert not signed_in(client)


def test_a_change_of_name_and_address_does_not_lose_the_account(cast, client, directory):
    directory.claims = {"email": "new@example.com", "preferred_username": "new"}
    come_back(client, directory)
    who = client.session["_auth_user_id"]
    client.post("/logout")
    directory.claims = {"email": "married@example.com", "preferred_username": "married"}
    come_back(client, directory)
    assert client.session["_auth_user_id"] == who


def test_another_directory_does_not_inherit_the_accounts(cast, client, directory, settings):
    """The same subject at another issuer is somebody else."""
    link_identity(cast.root, directory.issuer, "subject-1", by=None)
    other = HostileDirectory()
    configure(settings, other)
    try:
        assert come_back(client, other).status_code == 302
        assert client.session["_auth_user_id"] != str(cast.root.pk)
    finally:
        other.stop()


def test_a_linked_person_comes_in_as_themselves(cast, client, directory):
    link_identity(cast.bea, directory.issuer, "subject-1", by=None)
    assert come_back(client, directory).status_code == 302
    assert client.session["_auth_user_id"] == str(cast.bea.pk)


def test_next_leads_only_inside(cast, client, directory):
    for wish, place in (("/teams", "/teams"), ("https://evil.example/", "/"), ("//evil.example", "/"), ("/\\evil.example", "/")):
        from urllib.parse import parse_qs, urlencode, urlsplit

        asked = parse_qs(urlsplit(begun(client, next=wish)).query)
        directory.nonce = asked["nonce"][0]
        answer = client.get(f"/login/sso/callback?code=x&state={asked['state'][0]}")
        assert answer["Location"] == f"/welcome?{urlencode({'next': place})}"
        client.post("/logout")


def test_the_host_of_the_request_does_not_choose_where_people_come_back(cast, client, directory, settings):
    from urllib.parse import parse_qs, urlsplit

    asked = parse_qs(urlsplit(begun(client)).query)
    assert asked["redirect_uri"] == [f"{settings.PUBLIC_URL}/login/sso/callback"]
    assert asked["code_challenge_method"] == ["S256"]


def test_nothing_the_directory_said_is_kept_beside_the_subject(cast, client, directory):
    directory.claims = {"email": "new@example.com", "phone_number": "+49 1", "groups": ["a"]}
    come_back(client, directory)
    assert SocialAccount.objects.get().extra_data == {}


def test_without_a_directory_the_ways_there_do_not_exist(cast, client, settings):
    settings.OIDC_ISSUER = ""
    assert client.post("/login/sso").status_code == 404
    assert client.get("/login/sso/callback?code=x&state=y").status_code == 404
