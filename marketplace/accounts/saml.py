"""Signing in through a directory that speaks SAML 2.0: the same people, groups and places as with OpenID Connect.

The packages are an extra; the settings refuse to start without them where SAML is on.
"""

import logging
from importlib import import_module
from typing import Any, Literal

from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from marketplace.accounts.identity import claims as words
from marketplace.accounts.identity.actions import ASK, spend_assertion
from marketplace.accounts.identity.tokens import NotBelieved
from marketplace.errors import NotFound
from marketplace.web.pages import page

logger = logging.getLogger(__name__)

COOKIE, MINUTES, LONGEST = "saml-request", 10, 256 * 1024


class Directory(SAMLProvider):  # type: ignore[misc]
    """The one provider; accounts are kept under its issuer, as with OpenID Connect."""


def app() -> SocialApp:
    """Return the directory of the settings as allauth wants it."""
    return SocialApp(provider="saml", provider_id=settings.SAML_ISSUER, name=settings.OIDC_NAME, client_id="saml", settings={})


def protocol() -> Any:
    """Return the part that needs the packages of the extra."""
    return import_module("marketplace.accounts.identity.assertions")


def across() -> Literal["None", "Lax"]:
    """How our cookie comes back with what another site posts; browsers take None only by https."""
    return "None" if settings.HTTPS else "Lax"


def started(request: HttpRequest, wish: str) -> HttpResponse:
    """Lead to the directory. What was begun is kept in a signed cookie that comes back with its answer, which another site posts."""
    address, request_id = protocol().begun()
    answer = page(request, "marketplace/accounts/sign_in_going.html", {"address": address})
    begun = signing.dumps({"id": request_id, "next": wish}, salt=COOKIE)
    answer.set_cookie(COOKIE, begun, max_age=MINUTES * 60, path="/login/saml", secure=settings.HTTPS, httponly=True, samesite=across())
    return answer


def refused(request: HttpRequest, sentence: str, hint: str) -> HttpResponse:
    """Say that the sign-in did not work, and what to do."""
    return page(request, "marketplace/accounts/sign_in_refused.html", {"sentence": sentence, "hint": hint}, status=403)


@csrf_exempt  # the directory's page posts it; the signed cookie of the beginning is what binds it to this browser
@never_cache
@require_POST
def answered(request: HttpRequest) -> HttpResponse:
    """Come back from the directory. RelayState is not looked at: where to go next stands in our own cookie."""
    if not settings.SAML_ISSUER:
        raise NotFound
    try:
        begun = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=MINUTES * 60)
    except signing.BadSignature:
        return refused(request, "This sign-in was begun elsewhere, took too long, or was used already.", "Start it again.")
    answer = request.POST.get("SAMLResponse", "")
    try:
        if not 0 < len(answer) <= LONGEST:
            raise NotBelieved("there is no answer, or one of absurd length")
        name, said = protocol().believed(answer, request_id=begun["id"])
        if not spend_assertion(f"{settings.SAML_ISSUER}|{name}"):
            raise NotBelieved("it was used before")
    except NotBelieved as why:
        logger.warning("A sign-in through the directory failed: %s", why)
        return refused(request, f"What {settings.OIDC_NAME} answered could not be believed.", f"Start again. If it stays so: {ASK}")
    login = SocialLogin(account=SocialAccount(provider=settings.SAML_ISSUER, uid=said["sub"], extra_data={}), provider=Directory(request, app=app()))
    login.state = {"process": AuthProcess.LOGIN, "next": begun["next"]}
    login.claims = words.read(settings.SAML_ISSUER, said, {}, groups_claim=settings.OIDC_GROUPS_CLAIM, id_claim=settings.SCIM_ID_CLAIM)
    done: HttpResponse = complete_social_login(request, login)
    done.delete_cookie(COOKIE, path="/login/saml", samesite=across())
    return done


@require_safe
def metadata(request: HttpRequest) -> HttpResponse:
    """Tell the directory what it must know about us."""
    if not settings.SAML_ISSUER:
        raise NotFound
    return HttpResponse(protocol().metadata(), content_type="application/samlmetadata+xml")
