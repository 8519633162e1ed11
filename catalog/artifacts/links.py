"""Signed links to bytes: for one person, token, version, path and sha256, a minute by the database clock, judged again when used."""

from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models.functions import Now

from catalog.artifacts import gate
from catalog.artifacts.gate import Pass
from marketplace.accounts.keys.limits import limits_in
from marketplace.accounts.models import ApiToken, User
from marketplace.errors import NotAllowed, NotSignedIn
from marketplace.permissions.queries import with_rights

# A salt of its own: nothing that we sign for another purpose can be used as a link to bytes.
SALT = "catalog.artifacts.links"
PATH = "/bytes/"


def signed(leave: Pass) -> str:
    """Return the signed text of a link for this pass."""
    return Signer(salt=SALT).sign_object(
        {
            "until": int(leave.now.timestamp()) + settings.LINK_SECONDS,
            "person": str(leave.caller.person),
            "token": leave.token.pk if leave.token else None,
            "version": leave.file.version_id,
            "path": leave.file.path,
            "sha256": leave.blob.sha256,
            "purpose": leave.purpose,
        },
        compress=True,
    )


def address(leave: Pass) -> str:
    """Return where the byte-serving pool gives out what this pass allows."""
    return f"{settings.FILES_URL}{PATH}{signed(leave)}"


def redeem(text: str) -> Pass:
    """Return the pass behind a link, judged again now: rights, token, state and bytes may have changed since it was signed."""
    try:
        told: dict[str, Any] = Signer(salt=SALT).unsign_object(text)
    except (BadSignature, ValueError) as wrong:
        raise _ended() from wrong
    caller: User | None = with_rights(User.objects.filter(person=told["person"], is_active=True)).first()
    token = _token(told["token"])
    if caller is None or (told["token"] is not None and (token is None or token.user_id != caller.pk)):
        raise NotSignedIn("Who asked for this link may not sign in any more, or the token has ended.", hint="Ask for the file again.")
    if token is not None:
        caller.limits = limits_in(token)  # type: ignore[attr-defined]  # read by marketplace.permissions
    leave = gate.resolve(caller, token, told["version"], told["path"], purpose=told["purpose"] or None)
    if leave.now.timestamp() > told["until"]:
        raise _ended()
    if leave.blob.sha256 != told["sha256"]:
        raise NotAllowed("The file changed since this link was made.", hint="Ask for the file again.", code="link-ended")
    return leave


def _ended() -> NotAllowed:
    return NotAllowed("This link is not valid any more.", hint="Ask for the file again.", code="link-ended")


def _token(pk: int | None) -> ApiToken | None:
    """Return the token while it counts, by the database's clock."""
    return ApiToken.objects.filter(pk=pk, revoked_at=None, expires_at__gt=Now()).first() if pk is not None else None
