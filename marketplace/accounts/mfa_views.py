"""Pages about my own sign-in: second factors, recovery codes, and the browsers that are signed in."""

import json
from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCode
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, ReauthenticateWebAuthnView, RemoveWebAuthnView
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from marketplace.accounts.identity.actions import end_session, note_second_factor, remember_counter
from marketplace.accounts.mfa import LAST, asked_for_one, counter_of, factors_of
from marketplace.accounts.queries import sessions_of
from marketplace.accounts.sessions import LACKS, row_name
from marketplace.errors import NotFound
from marketplace.web.pages import notice, page, see_other

HOME = reverse_lazy("mfa_index")
KINDS = {Authenticator.Type.TOTP: "authenticator app", Authenticator.Type.WEBAUTHN: "passkey"}
# In this order: most browsers also name the ones they are like.
BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux"))
private = method_decorator(never_cache, name="dispatch")


def plain(options: Any) -> str:
    """Return the options of a passkey ceremony as JSON."""
    return json.dumps(options, default=dict)


def browser_of(agent: str) -> str:
    """Say in words which browser it was; what is not known is shown as it named itself."""
    browser = next((name for sign, name in BROWSERS if sign in agent), "")
    system = next((name for sign, name in SYSTEMS if sign in agent), "")
    return f"{browser} on {system}" if browser and system else agent[:80] or "Unknown browser"


@never_cache
@login_required
@require_safe
def my_sign_in(request: HttpRequest) -> HttpResponse:
    """Show how I sign in: second factors, recovery codes, signed-in browsers."""
    user: Any = request.user
    factors = factors_of(user)
    context = {
        "factors": [(factor, KINDS[Authenticator.Type(factor.type)]) for factor in factors],
        "has_app": any(factor.type == Authenticator.Type.TOTP for factor in factors),
        "must": asked_for_one(user),
        "sessions": [(session, browser_of(session.agent)) for session in sessions_of(user)],
        "current": row_name(str(request.session.session_key)),
        "crumbs": [{"text": "Settings", "url": "/me/settings"}, {"text": "Sign-in"}],
    }
    return page(request, "marketplace/accounts/sign_in_settings.html", context)


@login_required
@require_POST
def end_my_session(request: HttpRequest, name: str) -> HttpResponse:
    """Sign one of my browsers out."""
    end_session(request.user, name, by=request.user)  # type: ignore[arg-type]
    notice(request, "That browser is signed out.")
    return see_other("/me/settings/sign-in", request)


@private
class AskFactor(AuthenticateView):  # type: ignore[misc]
    """The second step of a sign-in."""

    template_name = "marketplace/accounts/second_factor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what a passkey is asked, when there is one."""
        given: dict[str, Any] = super().get_context_data(**kwargs)
        types = {factor.type for factor in factors_of(self.stage.login.user)}
        options = given.get("js_data", {}).get("request_options")
        passkey = plain(options) if Authenticator.Type.WEBAUTHN in types else ""
        return given | {"options": passkey, "wrong": self.request.method == "POST"}


@private
class ConfirmByPassword(ReauthenticateView):  # type: ignore[misc]
    """Asks for the password again before something sensitive."""

    template_name = "marketplace/accounts/confirm_password.html"


@private
class ConfirmByCode(ReauthenticateByCode):  # type: ignore[misc]
    """Asks for a code again before something sensitive."""

    template_name = "marketplace/accounts/confirm_code.html"


@private
class ConfirmByPasskey(ReauthenticateWebAuthnView):  # type: ignore[misc]
    """Asks for a passkey again before something sensitive."""

    template_name = "marketplace/accounts/confirm_passkey.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the passkey is asked."""
        given: dict[str, Any] = super().get_context_data(**kwargs)
        return given | {"options": plain(given["js_data"]["request_options"]), "form": self.get_form()}


@private
class AddApp(ActivateTOTPView):  # type: ignore[misc]
    """Adds an authenticator app."""

    template_name = "marketplace/accounts/app_add.html"
    success_url = HOME

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        """Add it; the code that proved it counts no second time."""
        user: Any = self.request.user
        answer: HttpResponse = super().form_valid(form)
        row = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
        remember_counter(row, {**row.data, LAST: counter_of(form.secret, form.cleaned_data["code"]) or 0})
        note_second_factor(user, by=user, kind="app", added=True)
        self.request.session.pop(LACKS, None)
        return answer


@never_cache
@login_required
@require_safe
def app_picture(request: HttpRequest) -> HttpResponse:
    """Show the secret of the app that is being added as a picture to scan."""
    secret = request.session.get(SECRET_SESSION_KEY)
    if not secret:
        raise NotFound
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(request.user, secret))
    return HttpResponse(picture, content_type="image/svg+xml")


@private
class RemoveApp(DeactivateTOTPView):  # type: ignore[misc]
    """Removes the authenticator app."""

    template_name = "marketplace/accounts/factor_remove.html"
    success_url = HOME

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        """Remove it."""
        answer: HttpResponse = super().form_valid(form)
        note_second_factor(self.request.user, by=self.request.user, kind="app", added=False)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what goes."""
        given: dict[str, Any] = super().get_context_data(**kwargs)
        return given | {"what": "the authenticator app"}


@private
class AddPasskey(AddWebAuthnView):  # type: ignore[misc]
    """Adds a passkey."""

    template_name = "marketplace/accounts/passkey_add.html"
    success_url = HOME

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the passkey is asked."""
        given: dict[str, Any] = super().get_context_data(**kwargs)
        return given | {"options": plain(given["js_data"]["creation_options"]), "form": kwargs.get("form") or self.get_form()}

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        """Add it."""
        answer: HttpResponse = super().form_valid(form)
        note_second_factor(self.request.user, by=self.request.user, kind="passkey", added=True)
        self.request.session.pop(LACKS, None)
        return answer


@private
class RemovePasskey(RemoveWebAuthnView):  # type: ignore[misc]
    """Removes a passkey."""

    template_name = "marketplace/accounts/factor_remove.html"
    success_url = HOME

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        """Remove it, unless it is the last second factor of somebody who must have one."""
        if not get_adapter().can_delete_authenticator(self.get_object()):
            notice(self.request, "Your role asks for a second factor: add another one before this goes.", "danger")
            return see_other(str(HOME), self.request)
        answer: HttpResponse = super().form_valid(form)
        note_second_factor(self.request.user, by=self.request.user, kind="passkey", added=False)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what goes."""
        given: dict[str, Any] = super().get_context_data(**kwargs)
        return given | {"what": f"the passkey {self.object}"}


@private
class RecoveryCodes(ViewRecoveryCodesView):  # type: ignore[misc]
    """Shows recovery codes, this once."""

    template_name = "marketplace/accounts/recovery_codes.html"


@private
class NewRecoveryCodes(GenerateRecoveryCodesView):  # type: ignore[misc]
    """Makes new recovery codes; the old ones count no more."""

    template_name = "marketplace/accounts/recovery_new.html"

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        """Make them."""
        answer: HttpResponse = super().form_valid(form)
        note_second_factor(self.request.user, by=self.request.user, kind="recovery codes", added=True)
        return answer
