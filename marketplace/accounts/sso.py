"""Signing in through the company's directory (OpenID Connect), by allauth, with stricter rules: signatures, a nonce, no e-mail matching."""

import logging
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from marketplace import outbound
from marketplace.accounts import saml
from marketplace.accounts.identity import claims as words
from marketplace.accounts.identity.actions import ASK, enter
from marketplace.accounts.identity.queries import issuer
from marketplace.accounts.identity.tokens import NotBelieved, believed, nonce_of
from marketplace.errors import DomainError, NotFound
from marketplace.web.pages import page

logger = logging.getLogger(__name__)

NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


class Client(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """What we ask of the directory, and what we believe."""

    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return what the directory says about itself; it must speak for the very issuer that the settings name."""
        config: dict[str, Any] = super().openid_config
        if not isinstance(config, dict) or not all(isinstance(config.get(key), str) for key in NEEDED):
            raise OAuth2Error("the directory's description is incomplete")
        if config["issuer"] != settings.OIDC_ISSUER:
            raise OAuth2Error("the directory's description is of another issuer")
        if urlsplit(config["authorization_endpoint"]).scheme not in ({"https", "http"} if settings.OUTBOUND_LOOPBACK else {"https"}):
            raise OAuth2Error("the directory's sign-in page is not https")
        return config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return where the directory sends people back to: always the public address, whatever the request claims."""
        return f"{settings.PUBLIC_URL}/login/sso/callback"

    def get_access_token_data(self, request: HttpRequest, app: SocialApp, client: Any, pkce_code_verifier: str | None = None) -> dict[str, Any]:
        """Exchange the code; from the same secret follows the nonce that the ID token must carry."""
        self.nonce = nonce_of(pkce_code_verifier) if pkce_code_verifier else ""
        told: dict[str, Any] = super().get_access_token_data(request, app, client, pkce_code_verifier=pkce_code_verifier)
        return {"access_token": told["access_token"], "id_token": told.get("id_token")}

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        """Return who signs in, by a token that is believed."""
        config = self.openid_config
        with outbound.session() as line:
            keys = line.get(config["jwks_uri"])
            keys.raise_for_status()
        try:
            said = believed(kwargs["response"]["id_token"], keys=keys.json(), issuer=config["issuer"], client_id=app.client_id, nonce=self.nonce)
        except NotBelieved as why:
            raise OAuth2Error(f"the ID token is not believed: {why}") from why
        more = self._fetch_user_info(token.token) if config.get("userinfo_endpoint") else {}
        if more and more.get("sub") != said["sub"]:
            raise OAuth2Error("the directory told about somebody else")
        login = self.get_provider().sociallogin_from_response(request, said)
        login.claims = words.read(config["issuer"], said, more, groups_claim=settings.OIDC_GROUPS_CLAIM, id_claim=settings.SCIM_ID_CLAIM)
        return login


class Directory(OpenIDConnectProvider):  # type: ignore[misc]
    """The one provider; accounts are kept under its issuer, so that another directory never inherits them."""

    oauth2_adapter_class = Client

    def get_pkce_params(self) -> dict[str, str]:
        """Return what binds the answer to this sign-in."""
        secret: dict[str, str] = generate_code_challenge()
        return secret | {"nonce": nonce_of(secret["code_verifier"])}

    def get_default_scope(self) -> list[str]:
        """Return what we ask to be told."""
        return list(settings.OIDC_SCOPES)

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Return the subject, the only thing accounts are keyed on."""
        return str(data["sub"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Keep nothing of what the directory said."""
        return {}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Let allauth fill in nothing: `enter` makes accounts."""
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        """Let nobody be found by an e-mail address."""
        return []


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Our house rules for people who come from the directory."""

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[SocialApp]:
        """Return the directory of the settings; the database has no say."""
        return [app()] if settings.OIDC_ISSUER else []

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        """Return the directory."""
        if settings.SAML_ISSUER:
            return saml.Directory(request, app=saml.app())
        return Directory(request, app=app())

    def get_requests_session(self) -> outbound.Session:
        """Let allauth call through the one door."""
        return outbound.session()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Nobody signs up by a form."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Find or make the person, with the places of today; or say why not."""
        try:
            person = enter(sociallogin.claims, roles=settings.OIDC_ROLES, required_group=settings.OIDC_REQUIRED_GROUP)
        except DomainError as no:
            raise ImmediateHttpResponse(refused(request, no.sentence, no.hint or ASK, status=403)) from no
        if person is None:
            sentence = f"You are signed in to {settings.OIDC_NAME}, but you are not in the group of people who use this marketplace."
            raise ImmediateHttpResponse(refused(request, sentence, "Ask whoever manages your groups for access.", status=403))
        sociallogin.user = person
        if person.welcomed_at is None:
            sociallogin.state["next"] = f"/welcome?{urlencode({'next': sociallogin.state.get('next') or '/'})}"

    def on_authentication_error(self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, **more: Any) -> None:
        """Say what happened without repeating what the other side said; the log has the reason."""
        logger.warning("A sign-in through the directory failed: %s", exception or error or "no state")
        if error == AuthError.CANCELLED:
            answer = refused(request, "You ended the sign-in there.", "Start again when you like.", status=403)
        elif isinstance(exception, outbound.OutboundError):
            answer = away(request)
        elif exception is None:
            answer = refused(request, "This sign-in was begun elsewhere, took too long, or was used already.", "Start it again.", status=403)
        else:
            answer = refused(request, f"What {settings.OIDC_NAME} answered could not be believed.", f"Start again. If it stays so: {ASK}", status=403)
        raise ImmediateHttpResponse(answer)


def app() -> SocialApp:
    """Return the directory of the settings as allauth wants it."""
    return SocialApp(
        provider="openid_connect", provider_id=settings.OIDC_ISSUER, name=settings.OIDC_NAME, client_id=settings.OIDC_CLIENT_ID,
        secret=settings.OIDC_CLIENT_SECRET, settings={"server_url": settings.OIDC_ISSUER.rstrip("/")},
    )  # fmt: skip


def refused(request: HttpRequest, sentence: str, hint: str, *, status: int) -> HttpResponse:
    """Say that the sign-in did not work, and what to do."""
    return page(request, "marketplace/accounts/sign_in_refused.html", {"sentence": sentence, "hint": hint}, status=status)


def away(request: HttpRequest) -> HttpResponse:
    """Say that the directory does not answer."""
    hint = "Try again in a minute; administrators may use their password."
    return refused(request, f"{settings.OIDC_NAME} does not answer right now.", hint, status=503)


@never_cache
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Begin a sign-in: lead to the directory. A page in between, because the policy of our pages lets no form lead elsewhere."""
    if not issuer():
        raise NotFound
    wish = request.POST.get("next", "")
    wish = wish if url_has_allowed_host_and_scheme(wish, allowed_hosts=None) else "/"
    if settings.SAML_ISSUER:
        return saml.started(request, wish)
    try:
        answer = Directory(request, app=app()).redirect(request, AuthProcess.LOGIN, next_url=wish)
    except (OAuth2Error, outbound.Failed, ValueError) as failed:
        logger.warning("The directory's description could not be used: %s", failed)
        return away(request)
    return page(request, "marketplace/accounts/sign_in_going.html", {"address": answer["Location"]})


@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Come back from the directory."""
    if not settings.OIDC_ISSUER:
        raise NotFound
    try:
        answer: HttpResponse = OAuth2CallbackView.adapter_view(Client(request, settings.OIDC_ISSUER))(request)
    except (ValueError, KeyError, TypeError, AttributeError) as odd:
        logger.warning("The directory answered something else than was asked: %s", type(odd).__name__)
        return refused(request, f"What {settings.OIDC_NAME} answered could not be understood.", ASK, status=403)
    return answer
