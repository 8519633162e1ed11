"""Signing in through a directory that speaks SAML: real signatures by a key of this test; whatever is wrong with an answer, nobody comes in."""

import base64
import re
import zlib
from datetime import UTC, datetime, timedelta
from html import unescape
from importlib import util
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.conf import settings as product
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from marketplace.accounts.models import Membership, User
from marketplace.activity.models import Event
from marketplace.environment import saml_problems

pytestmark = [pytest.mark.django_db, pytest.mark.full]
ISSUER, ACS = "https://sso.corp.example/saml", f"{product.PUBLIC_URL}/login/saml/acs"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def identity():
    """A key and its certificate, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sso.corp.example")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9)).sign(key, hashes.SHA256())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode(), made.public_bytes(serialization.Encoding.PEM).decode()


OURS, OTHERS = identity(), identity()


@pytest.fixture
def saml(settings):
    settings.SAML_ISSUER, settings.SAML_SIGN_IN_URL, settings.SAML_CERTIFICATE = ISSUER, "https://sso.corp.example/sign-in", OURS[1]
    settings.OIDC_NAME, settings.OIDC_ROLES = "Example SSO", "{ml-people: [team:finance-ml:contributor]}"
    return settings


def moment(**later):
    return (datetime.now(UTC) + timedelta(**later)).strftime("%Y-%m-%dT%H:%M:%SZ")


def begun(client, next=""):
    """Press the button; return the id of the request that leads to the directory."""
    page = client.post("/login/sso", {"next": next}).content.decode()
    address = unescape(re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page).group(1))
    assert address.startswith("https://sso.corp.example/sign-in?")
    asked = zlib.decompress(base64.b64decode(parse_qs(urlsplit(address).query)["SAMLRequest"][0]), -15).decode()
    assert f'AssertionConsumerServiceURL="{ACS}"' in asked
    return re.search(r'\bID="([^"]+)"', asked).group(1)


def answer(request_id, key=OURS, *, signed="assertion", **wrong):
    """What the directory posts; `wrong` spoils one thing."""
    said = {
        "issuer": ISSUER, "audience": f"{product.PUBLIC_URL}/login/saml/metadata", "recipient": ACS, "destination": ACS, "to": request_id, "in": request_id,
        "before": moment(minutes=-1), "after": moment(minutes=5), "format": PERSISTENT, "name": "subject-of-nadia", "id": "_" + OneLogin_Saml2_Utils.generate_unique_id(),
        "ends": True, "groups": ["ml-people"], "status": "Success", "email": "nadia@corp.example", "confirm": "bearer",
    } | wrong  # fmt: skip
    groups = "".join(f"<saml:AttributeValue>{group}</saml:AttributeValue>" for group in said["groups"])
    audience = f"<saml:AudienceRestriction><saml:Audience>{said['audience']}</saml:Audience></saml:AudienceRestriction>" if said["audience"] else ""
    to = f'InResponseTo="{said["to"]}"' if said["to"] else ""
    until = f'NotOnOrAfter="{said["after"]}"' if said["ends"] else ""
    assertion = f"""<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{said["id"]}" Version="2.0" IssueInstant="{moment()}">
<saml:Issuer>{said["issuer"]}</saml:Issuer><saml:Subject><saml:NameID Format="{said["format"]}">{said["name"]}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:{said["confirm"]}"><saml:SubjectConfirmationData {to} {until} Recipient="{said["recipient"]}"/>
</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{said["before"]}" NotOnOrAfter="{said["after"]}">{audience}</saml:Conditions>
<saml:AuthnStatement AuthnInstant="{moment()}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>
</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>
<saml:Attribute Name="email"><saml:AttributeValue>{said["email"]}</saml:AttributeValue></saml:Attribute>
<saml:Attribute Name="displayName"><saml:AttributeValue>Nadia Neu</saml:AttributeValue></saml:Attribute>
<saml:Attribute Name="username"><saml:AttributeValue>nadia</saml:AttributeValue></saml:Attribute>
<saml:Attribute Name="employee"><saml:AttributeValue>4711</saml:AttributeValue></saml:Attribute>
<saml:Attribute Name="groups">{groups}</saml:Attribute></saml:AttributeStatement></saml:Assertion>"""
    if signed == "assertion":
        assertion = OneLogin_Saml2_Utils.add_sign(
            assertion, *key, sign_algorithm=said.get("algorithm", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
        ).decode()
    within = f'InResponseTo="{said["in"]}"' if said["in"] else ""
    text = f"""<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r{said["id"]}" Version="2.0"
IssueInstant="{moment()}" Destination="{said["destination"]}" {within}><saml:Issuer>{said["issuer"]}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{said["status"]}"/></samlp:Status>{assertion}</samlp:Response>"""
    if signed == "response":
        text = OneLogin_Saml2_Utils.add_sign(text, *key).decode()
    return said["spoil"](text) if "spoil" in said else text


def posts(client, text, **more):
    return client.post("/login/saml/acs", {"SAMLResponse": base64.b64encode(text.encode()).decode(), "RelayState": "", **more})


def is_in(client):
    return "_auth_user_id" in client.session


class TestIn:
    def test_the_first_sign_in_makes_the_person_with_the_places_of_their_groups(self, cast, client, saml):
        came = posts(client, answer(begun(client, next="/teams")))
        assert (came.status_code, came["Location"]) == (302, "/welcome?next=%2Fteams")
        nadia = User.objects.get(pk=client.session["_auth_user_id"])
        assert (nadia.username, nadia.name, nadia.email) == ("nadia", "Nadia Neu", "nadia@corp.example")
        assert [(m.team.name, m.role, m.source) for m in Membership.objects.filter(user=nadia)] == [("finance-ml", "contributor", "directory")]
        assert {"person.added", "person.linked", "team.member_added", "person.signed_in"} <= set(Event.objects.values_list("verb", flat=True))
        assert nadia.socialaccount_set.get().extra_data == {}
        assert client.get("/teams").status_code == 200

    def test_whoever_comes_again_is_the_same_person_with_the_places_of_now(self, cast, client, saml):
        posts(client, answer(begun(client)))
        nadia = User.objects.get(pk=client.session["_auth_user_id"])
        client.logout()
        posts(client, answer(begun(client), groups=[], email="renamed@corp.example"))
        assert client.session["_auth_user_id"] == str(nadia.pk)
        assert not Membership.objects.filter(user=nadia).exists()

    def test_whom_the_directory_brought_signs_in_as_the_same_person(self, cast, client, saml):
        from marketplace.accounts.scim.actions import bring_person

        nadia = bring_person({"userName": "nadia@corp.example", "externalId": "4711"}, by=cast.root)
        saml.SCIM_ID_CLAIM = "employee"
        posts(client, answer(begun(client)))
        assert client.session["_auth_user_id"] == str(nadia.pk)

    def test_the_key_may_be_an_attribute(self, cast, client, saml):
        saml.SAML_SUBJECT = "employee"
        posts(client, answer(begun(client), format=EMAIL, name="nadia@corp.example"))
        assert User.objects.get(pk=client.session["_auth_user_id"]).socialaccount_set.get().uid == "4711"

    def test_a_second_factor_is_asked_after_the_directory(self, cast, client, saml):
        from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

        posts(client, answer(begun(client)))
        nadia = User.objects.get(pk=client.session["_auth_user_id"])
        client.logout()
        TOTP.activate(nadia, generate_totp_secret())
        came = posts(client, answer(begun(client)))
        assert came["Location"].startswith("/login/confirm")
        assert not is_in(client)

    def test_a_password_opens_only_for_administrators_then(self, cast, client, saml):
        from tests.cast import PASSWORD

        assert "Sign in with Example SSO" in client.get("/login").content.decode()
        assert client.post("/login", {"login": "bea", "password": PASSWORD}).status_code == 422
        assert client.post("/login", {"login": "root", "password": PASSWORD}).status_code == 302

    def test_the_directory_is_told_about_us(self, client, saml):
        told = client.get("/login/saml/metadata")
        assert told["Content-Type"] == "application/samlmetadata+xml"
        assert f'Location="{ACS}"' in told.content.decode()
        assert 'WantAssertionsSigned="true"' in told.content.decode()
        assert "SingleLogout" not in told.content.decode()


def swapped(text):
    return text.replace("subject-of-nadia", "subject-of-root")


def wrapped(text):
    """Signature wrapping: the signed assertion moves aside, an unsigned one takes its place."""
    good = re.search(r"<saml:Assertion.*</saml:Assertion>", text, re.DOTALL).group(0)
    evil = (
        re.sub(r"<ds:Signature.*?</ds:Signature>", "", good, flags=re.DOTALL)
        .replace("subject-of-nadia", "subject-of-root")
        .replace('ID="_', 'ID="_evil', 1)
    )
    return text.replace(good, evil.replace("</saml:Assertion>", f"<saml:Advice>{good}</saml:Advice></saml:Assertion>"))


def evil_twin(text):
    """The signed assertion, and an unsigned one for somebody else."""
    good = re.search(r"<saml:Assertion.*</saml:Assertion>", text, re.DOTALL).group(0)
    evil = re.sub(r"<ds:Signature.*?</ds:Signature>", "", good, flags=re.DOTALL).replace("subject-of-nadia", "subject-of-root")
    return good, evil


def doubled(text):
    good, evil = evil_twin(text)
    return text.replace(good, evil + good)


def extended(text):
    """Signature wrapping by an extension of the envelope: the signed one hides there, an unsigned one with its id stands where it stood."""
    good, evil = evil_twin(text)
    moved = text.replace(good, evil)
    return moved.replace("<samlp:Status>", f"<samlp:Extensions>{good}</samlp:Extensions><samlp:Status>")


WRONG = {
    "unsigned": {"signed": ""},
    "signed by somebody else": {"key": OTHERS},
    "only the envelope signed": {"signed": "response"},
    "changed after it was signed": {"spoil": swapped},
    "wrapped around another": {"spoil": wrapped},
    "a weak signature": {"algorithm": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
    "for another audience": {"audience": "https://other.example"},
    "for no audience": {"audience": ""},
    "from another issuer": {"issuer": "https://evil.example/saml"},
    "expired": {"after": moment(minutes=-10), "before": moment(minutes=-20)},
    "from the future": {"before": moment(minutes=20), "after": moment(minutes=30)},
    "sent elsewhere": {"recipient": "https://other.example/acs"},
    "sent to an address that ends with ours": {"recipient": f"https://other.example/acs?to={ACS}"},
    "sent to an address that begins with ours": {"recipient": f"{ACS}.other.example"},
    "sent to nobody": {"recipient": ""},
    "bound elsewhere": {"destination": "https://other.example/acs"},
    "an answer to another question": {"to": "_another", "in": "_another"},
    "an answer to no question": {"to": "", "in": ""},
    "an answer to no question in an envelope that says otherwise": {"to": ""},
    "a failure": {"status": "Responder"},
    "not for the bearer": {"confirm": "holder-of-key"},
    "named by an e-mail address": {"format": EMAIL, "name": "root@example.com"},
    "named for this once": {"format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"},
    "named by too long a name": {"name": "x" * 192},
    "without a name": {"name": ""},
    "believed for ever": {"ends": False},
    "an entity of a file": {"spoil": lambda text: '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + text.replace("Nadia Neu", "&a;")},
    "two assertions": {"spoil": doubled},
    "wrapped in an extension": {"spoil": extended},
    "the same name twice": {"spoil": lambda text: text.replace("</samlp:Status>", "</samlp:Status><saml:Assertion/>")},
    "with a document type": {"spoil": lambda text: '<!DOCTYPE x [<!ENTITY a "b">]>' + text},
    "no XML": {"spoil": lambda _: "x"},
    "of absurd length": {"spoil": lambda text: text + " " * 300_000},
    "empty": {"spoil": lambda _: ""},
}


class TestOut:
    @pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
    def test_an_answer_that_is(self, cast, client, saml, wrong):
        people = User.objects.count()
        refused = posts(client, answer(begun(client), **wrong))
        assert refused.status_code == 403
        assert "could not be believed" in refused.content.decode()
        assert not is_in(client)
        assert User.objects.count() == people

    @pytest.mark.parametrize("comment", ["<!---->", "<!-- x -->", "<?x y?>"])
    def test_a_comment_in_the_name_makes_nobody_somebody_else(self, cast, client, saml, comment):
        posts(client, answer(begun(client), name="subject-of-root"))
        root = client.session["_auth_user_id"]
        client.logout()
        posts(client, answer(begun(client), name=f"subject-of-root{comment}.evil", email="", groups=[]))
        assert not is_in(client) or client.session["_auth_user_id"] != root
        client.logout()
        posts(client, answer(begun(client), name="subject-of-root.evil", email="").replace("subject-of-root.evil", f"subject-of-root{comment}.evil"))
        assert not is_in(client) or client.session["_auth_user_id"] != root

    def test_an_answer_counts_once(self, cast, client, saml):
        question = begun(client)
        kept, text = client.cookies["saml-request"].value, answer(question)
        posts(client, text)
        client.logout()
        assert "was begun elsewhere" in posts(client, text).content.decode(), "the cookie is spent"
        client.cookies["saml-request"] = kept
        again = posts(client, text)
        assert "could not be believed" in again.content.decode(), "and so is the answer, for whoever kept the cookie"
        assert not is_in(client)

    def test_an_answer_that_nobody_here_asked_for_is_refused(self, cast, client, saml):
        from django.test import Client

        text = answer(begun(client))
        stranger = Client()
        assert posts(stranger, text).status_code == 403
        assert not is_in(stranger)

    @pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"])
    def test_nothing_leads_out_of_here(self, cast, client, saml, elsewhere):
        assert posts(client, answer(begun(client)), RelayState=elsewhere)["Location"] == "/welcome?next=%2F"
        client.logout()
        assert posts(client, answer(begun(client, next=elsewhere)), RelayState=elsewhere)["Location"] == "/welcome?next=%2F"

    def test_an_e_mail_address_links_nobody(self, cast, client, saml):
        refused = posts(client, answer(begun(client), email="root@example.com"))
        assert refused.status_code == 403
        assert "manage.py person NAME --subject subject-of-nadia" in refused.content.decode()
        assert not is_in(client)

    def test_whoever_was_closed_stays_out(self, cast, client, saml):
        from marketplace.accounts.actions import deactivate_person

        posts(client, answer(begun(client)))
        nadia = User.objects.get(pk=client.session["_auth_user_id"])
        deactivate_person(nadia, by=cast.root)
        refused = posts(client, answer(begun(client)))
        assert "The account nadia was closed." in refused.content.decode()

    def test_without_saml_its_addresses_are_not_there(self, client):
        assert client.post("/login/saml/acs").status_code == 404
        assert client.get("/login/saml/metadata").status_code == 404


GOOD = {"local": False, "issuer": ISSUER, "sign_in_url": "https://sso.corp.example/sign-in", "certificate": "x", "oidc_issuer": ""}


class TestSettings:
    def test_what_is_missing_is_named(self):
        assert saml_problems(**GOOD) == saml_problems(**GOOD | {"issuer": "", "sign_in_url": ""}) == []
        assert "HTTP-Redirect" in saml_problems(**GOOD | {"sign_in_url": "http://sso.corp.example"})[0]
        assert "SAML_CERTIFICATE is missing" in saml_problems(**GOOD | {"certificate": ""})[0]
        assert "both set" in saml_problems(**GOOD | {"oidc_issuer": "https://sso.corp.example"})[0]
        assert "200 characters" in saml_problems(**GOOD | {"issuer": "x" * 201})[0]

    def test_without_the_packages_the_start_is_refused_and_says_what_to_do(self, monkeypatch):
        from marketplace import environment

        monkeypatch.setattr(environment, "find_spec", lambda name: None if name == "xmlsec" else util.find_spec(name))
        (problem,) = saml_problems(**GOOD)
        assert problem == "SAML_ISSUER is set, but the packages for SAML are not installed; run `bin/install requirements/saml.txt`, or unset it."
