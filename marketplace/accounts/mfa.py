"""The second factor: secrets kept encrypted, codes that count once, a lock after too many wrong ones, and who must have one."""

import base64
import hashlib
import struct
import time
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from marketplace.accounts.identity.actions import remember_counter
from marketplace.accounts.models import User
from marketplace.permissions.queries import groups_of

ODD = (KeyError, TypeError, ValueError, AttributeError, IndexError, struct.error, InvalidSignature, UnsupportedAlgorithm)  # of fido2, for odd input
LAST, WRONG, WRONG_AT = "last_counter", "wrong", "wrong_at"


def must_have_second_factor(user: User) -> bool:
    """Whether a setting asks this person for a second factor, and there is none."""
    return asked_for_one(user) and not factors_of(user)


def asked_for_one(user: User) -> bool:
    """Whether the person holds a role of MFA_REQUIRED_FOR; `reviewer` stands for every track."""
    groups, roles = groups_of(user), set(settings.MFA_REQUIRED_FOR)
    return any(f"role:{role}" in groups for role in roles) or ("reviewer" in roles and any(group.startswith("track:") for group in groups))


def factors_of(user: User) -> list[Authenticator]:
    """The authenticator app and the passkeys of a person; recovery codes alone are none."""
    return list(Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).order_by("created_at"))


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """What allauth asks about second factors."""

    def get_totp_issuer(self) -> str:
        """Return what authenticator apps show."""
        return "Model Marketplace"

    def get_totp_label(self, user: Any) -> str:
        """Return whose code it is."""
        return str(user.username)

    def _get_site_name(self) -> str:
        return "Model Marketplace"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return whom passkeys are for: the public name of this place, whatever the request claims."""
        return {"id": settings.HOST.strip("[]"), "name": "Model Marketplace"}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        """Return how a passkey names the person: by pseudonym."""
        return {"id": user.person.bytes, "display_name": str(user), "name": user.username}

    def encrypt(self, text: str) -> str:
        """Encrypt a secret for the database."""
        return fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Read a secret from the database."""
        return fernet().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whether it may go: not the last one of somebody who must have one."""
        user = authenticator.user
        return len(factors_of(user)) > 1 or not asked_for_one(user)


def fernet() -> MultiFernet:
    """Return the lock of stored secrets; it follows from SECRET_KEY, and still opens what older keys closed."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"second-factor:{key}".encode()).digest())) for key in keys])


def counter_of(secret: str, code: str) -> int | None:
    """Return the time step that a code belongs to; None for a wrong one. Blanks in it do not make it another code."""
    steps = yield_hotp_counters_from_time()
    return next((step for step in steps if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step)))), None)


@transaction.atomic
def verdict(user: User, code: str) -> tuple[Authenticator | None, str]:
    """Judge a code of the app or a recovery code, under a lock on their rows: the one who is right, or what to say."""
    rows = Authenticator.objects.select_for_update().filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN).order_by("pk")
    by_type = {row.type: row for row in rows}
    app, recovery = by_type.get(Authenticator.Type.TOTP), by_type.get(Authenticator.Type.RECOVERY_CODES)
    counted = app or recovery
    if counted is None:
        return None, "There is no code to ask for. Use your passkey."
    minutes = int(settings.AXES_COOLOFF_TIME * 60)
    wrong = counted.data.get(WRONG, 0) if time.time() - counted.data.get(WRONG_AT, 0) < minutes * 60 else 0
    if wrong >= settings.AXES_FAILURE_LIMIT:
        return None, f"There were too many wrong codes. Try again in {minutes} minutes, or use a passkey."
    step = counter_of(Adapter().decrypt(app.data["secret"]), code) if app is not None else None
    if app is not None and step is not None and step > app.data.get(LAST, 0):
        remember_counter(app, {**app.data, LAST: step, WRONG: 0})
        return app, ""
    if recovery is not None and recovery.wrap().validate_code(code):
        return recovery, ""
    remember_counter(counted, {**counted.data, WRONG: wrong + 1, WRONG_AT: time.time()})
    if step is not None:
        return None, "This code was used already. Wait for the next one."
    return None, "This code is wrong. Type the one that the app shows now, or one of your recovery codes."


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """Asks for a code at sign-in."""

    def clean_code(self) -> str:
        """Return the code when it is right; it counts once, and only the allowed number of wrong ones is looked at."""
        code = str(self.cleaned_data["code"])
        right, problem = verdict(self.user, code)
        if right is None:
            raise ValidationError(problem)
        right.user, self.authenticator = self.user, right
        return code


class CodeAgainForm(ReauthenticateForm):  # type: ignore[misc]
    """Asks for a code of somebody who is signed in, before something sensitive."""

    clean_code = CodeForm.clean_code


class PasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """Asks for a passkey at sign-in."""

    def clean_credential(self) -> Any:
        """Return whose passkey it is; whatever a browser may send, the answer is a sentence."""
        try:
            return super().clean_credential()
        except ODD as odd:
            raise ValidationError("This passkey was not understood. Try again.") from odd


class PasskeyAgainForm(PasskeyForm):
    """Asks for a passkey of somebody who is signed in."""

    reauthenticated = True


class NewPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """Adds a passkey."""

    def clean(self) -> Any:
        """Return what the device said; whatever a browser may send, the answer is a sentence."""
        try:
            return super().clean()
        except ODD as odd:
            raise ValidationError("This passkey was not understood. Try again.") from odd
