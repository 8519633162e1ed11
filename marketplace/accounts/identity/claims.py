"""What the directory says of somebody, in our words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from marketplace.identifiers import hides_something, slug


@dataclass(frozen=True)
class Claims:
    """A person as the directory knows them. `groups` is None when it says that it left them out;
    `external_id` is the id by which SCIM calls the same person, where the settings say which claim that is.
    """

    issuer: str
    subject: str
    username: str
    name: str
    email: str
    groups: frozenset[str] | None
    external_id: str = ""


def read(issuer: str, token: Mapping[str, Any], more: Mapping[str, Any], *, groups_claim: str, id_claim: str = "") -> Claims:
    """Join the ID token with what the directory tells besides (userinfo); the signed token wins."""
    said = {**more, **token}
    email = text(said.get("email"), 254)
    name = text(said.get("name"), 120) or text(f"{said.get('given_name') or ''} {said.get('family_name') or ''}", 120)
    wish = text(said.get("preferred_username"), 200).partition("@")[0] or email.partition("@")[0] or name
    return Claims(
        issuer=issuer,
        subject=str(token["sub"]),
        username=username_for(wish),
        name=name,
        email=email if is_email(email) else "",
        groups=groups_in(said, groups_claim),
        external_id=text(token.get(id_claim), 254) if id_claim else "",  # of the signed token alone
    )


def username_for(wish: str) -> str:
    """Turn what the directory calls somebody into a user name; a name without Latin letters gives a neutral one."""
    made = slug(wish, limit=80) if wish else "person"
    return made if made.lower() in wish.lower() or made != "model" else "person"


def groups_in(said: Mapping[str, Any], claim: str) -> frozenset[str] | None:
    """Return the groups. None: there are more than fit into a token, and the directory put a pointer there instead (Entra does)."""
    given = said.get(claim)
    if given is None:
        return None if claim in (said.get("_claim_names") or {}) or said.get("hasgroups") is True else frozenset()
    listed = [given] if isinstance(given, str) else given
    return frozenset(str(group) for group in listed) if isinstance(listed, list) else frozenset()


def text(value: Any, longest: int) -> str:
    """Return one line of plain text; nothing that hides something."""
    line = " ".join(value.split())[:longest] if isinstance(value, str) else ""
    return "" if hides_something(line) else line


def is_email(value: str) -> bool:
    """Whether this can be an e-mail address."""
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True
