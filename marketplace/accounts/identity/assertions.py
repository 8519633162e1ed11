"""Answers of a directory that speaks SAML 2.0: believed only with its signature, for us, now, and for this very sign-in.

Imported when SAML is used, and not before: python3-saml is an extra.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from marketplace.accounts.identity.tokens import NotBelieved

STABLE = ("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified")
ASKED = "/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
# Our word -> the attributes in which directories send it, the first that is there counts.
WORDS: dict[str, tuple[str, ...]] = {
    "email": ("email", "mail", f"{CLAIMS}emailaddress", "urn:oid:0.9.2342.19200300.100.1.3"),
    "name": ("displayName", "http://schemas.microsoft.com/identity/claims/displayname", "urn:oid:2.16.840.1.113730.3.1.241"),
    "given_name": ("firstName", "givenName", f"{CLAIMS}givenname", "urn:oid:2.5.4.42"),
    "family_name": ("lastName", "sn", f"{CLAIMS}surname", "urn:oid:2.5.4.4"),
    "preferred_username": ("username", "uid", f"{CLAIMS}name", "urn:oid:0.9.2342.19200300.100.1.1"),
}
GROUPS, GROUPS_LEFT_OUT = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", "http://schemas.microsoft.com/claims/groups.link"


def described() -> dict[str, Any]:
    """Return both sides as python3-saml wants them; everything that it can be strict about is strict."""
    return {
        "strict": True,
        "sp": {
            "entityId": f"{settings.PUBLIC_URL}/login/saml/metadata",
            "assertionConsumerService": {"url": f"{settings.PUBLIC_URL}/login/saml/acs", "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"},
            "NameIDFormat": STABLE[0],
        },
        "idp": {
            "entityId": settings.SAML_ISSUER,
            "singleSignOnService": {"url": settings.SAML_SIGN_IN_URL},
            "x509cert": settings.SAML_CERTIFICATE,
        },
        "security": {
            "wantAssertionsSigned": True,
            "wantNameId": not settings.SAML_SUBJECT,
            "wantAttributeStatement": False,
            "rejectDeprecatedAlgorithm": True,
            "requestedAuthnContext": False,
            "allowRepeatAttributeName": True,
        },
    }


def call() -> dict[str, Any]:
    """Return the request as python3-saml wants it: always the public address, whatever the request claims."""
    parts = urlsplit(settings.PUBLIC_URL)
    https = "on" if parts.scheme == "https" else "off"
    return {"https": https, "http_host": parts.netloc, "script_name": "/login/saml/acs", "get_data": {}, "post_data": {}}


def believed(answer: str, *, request_id: str) -> tuple[str, dict[str, Any]]:
    """Return the id and the claims of an answer that the directory signed, for us and for this sign-in; or raise NotBelieved."""
    facts = described()
    try:
        response = OneLogin_Saml2_Response(OneLogin_Saml2_Settings(facts), answer)
        response.is_valid(call(), request_id, raise_exceptions=True)
        question = response._query_assertion(ASKED)  # noqa: SLF001 - the one way to read the very assertion whose signature was checked
        audiences, assertion = response.get_audiences(), response.get_assertion_id()
        subject = subject_in(response)
        attributes = response.get_attributes()
    except NotBelieved:
        raise
    except Exception as wrong:  # the library raises many kinds, lxml and xmlsec more: whatever it is, nobody is signed in
        raise NotBelieved(f"{type(wrong).__name__}: {wrong}") from wrong
    if [asked.get("InResponseTo") for asked in question] != [request_id]:
        raise NotBelieved("the assertion answers no question, or another one")  # on the envelope, which nobody signs, anybody can write one
    if question[0].get("Recipient") != facts["sp"]["assertionConsumerService"]["url"]:
        raise NotBelieved("it was sent to nobody, or to another address")  # the library is content when ours is a part of it
    if not question[0].get("NotOnOrAfter"):
        raise NotBelieved("it has no end")  # one that is there was judged by the library
    if facts["sp"]["entityId"] not in audiences:
        raise NotBelieved("it is for nobody, or for somebody else")
    if not assertion:
        raise NotBelieved("it has no id")
    return str(assertion), claims_in(subject, attributes)


def subject_in(response: Any) -> str:
    """Return the key of a person: an attribute that the settings name, or a name that never changes; an e-mail address is none."""
    if settings.SAML_SUBJECT:
        listed = response.get_attributes().get(settings.SAML_SUBJECT, [])
        subject = str(listed[0] or "") if len(listed) == 1 else ""
    elif response.get_nameid_format() not in STABLE:
        raise NotBelieved(f"the name has the format {response.get_nameid_format()}; it must be persistent, or SAML_SUBJECT must name an attribute")
    else:
        subject = str(response.get_nameid() or "")
    if not 0 < len(subject) <= 191:
        raise NotBelieved("the subject is not a text of 1 to 191 characters")
    return subject


def claims_in(subject: str, attributes: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Say attributes in the words of OpenID Connect."""
    said: dict[str, Any] = {name: values[0] for name, values in attributes.items() if values}
    for word, names in WORDS.items():
        said[word] = next((said[name] for name in names if said.get(name)), None)
    claim = settings.OIDC_GROUPS_CLAIM
    said[claim] = next((attributes[name] for name in (claim, GROUPS) if name in attributes), None)
    if GROUPS_LEFT_OUT in attributes:
        said["_claim_names"] = {claim: GROUPS_LEFT_OUT}
    return said | {"sub": subject}


def begun() -> tuple[str, str]:
    """Return the address that leads to the directory, and the id that its answer must name."""
    auth = OneLogin_Saml2_Auth(call(), described())
    return auth.login(return_to=""), auth.get_last_request_id()


def metadata() -> bytes | str:
    """Return what the directory must know about us."""
    told: bytes | str = OneLogin_Saml2_Settings(described(), sp_validation_only=True).get_sp_metadata()
    return told
