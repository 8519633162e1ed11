"""Reading what a directory sends: known attributes by any spelling of their names, checked; everything else is left out."""

from collections.abc import Iterable, Mapping
from typing import Any

from marketplace.accounts.identity.claims import is_email
from marketplace.accounts.scim.attributes import USER, Attribute, Kind
from marketplace.accounts.scim.errors import ScimError, invalid_value
from marketplace.identifiers import hides_something


def read(kind: Kind, body: object) -> dict[str, Any]:
    """Return what a body says of a resource, checked; what we do not know and what nobody may write is left out."""
    if not isinstance(body, Mapping):
        raise ScimError("invalidSyntax", "The body is no JSON object.")
    named = body.get("schemas")
    if named is not None and (not isinstance(named, list) or kind.schema not in named):
        raise ScimError("invalidSyntax", f"`schemas` must be a list that names {kind.schema}.")
    return checked(kind, tidied(kind.known, body))


def tidied(known: Mapping[str, Attribute], body: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the known and writable attributes under their right names, as deep as they go; values are not looked at."""
    found: dict[str, Any] = {}
    for name, value in body.items():
        attribute = known.get(str(name).lower())
        if attribute is not None and attribute.writable:
            if attribute.name in found:
                raise ScimError("invalidSyntax", f"{attribute.name} is there twice, in two spellings.")
            found[attribute.name] = tidy(attribute, value)
    return found


def tidy(attribute: Attribute, value: Any) -> Any:
    """Return a value with the right names inside it; one of several may come without its list."""
    if not attribute.parts or value is None:
        return value
    if attribute.many:
        listed = value if isinstance(value, list) else [value]
        return [tidied(attribute.part, item) if isinstance(item, Mapping) else item for item in listed]
    return tidied(attribute.part, value) if isinstance(value, Mapping) else value


def checked(kind: Kind, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource whose values are of the right kind; nothing and an empty text are the same as not there."""
    found = _parts(kind.attributes, told, "") | _parts((kind.known["externalid"],), told, "")
    missing = [a.name for a in kind.attributes if a.required and a.name not in found and a.type != "boolean"]
    if missing:
        raise invalid_value(f"{' and '.join(missing)} must be there, and not be empty.")
    if kind is USER:
        found["emails"] = _emails(found.get("emails", []))
    return {name: value for name, value in found.items() if value not in ([], {})}


def _parts(attributes: Iterable[Attribute], told: Mapping[str, Any], where: str) -> dict[str, Any]:
    found = {}
    for attribute in attributes:
        value = told.get(attribute.name)
        if value is not None and attribute.writable:
            checked_value = _checked(attribute, value, f"{where}{attribute.name}")
            if checked_value is not None:
                found[attribute.name] = checked_value
    return found


def _checked(attribute: Attribute, value: Any, where: str) -> Any:
    if attribute.many:
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise invalid_value(f"{where} must be a list of objects.")
        if len(value) > attribute.most:
            raise invalid_value(f"{where} holds {len(value)} values; send at most {attribute.most} at once.")
        return [_parts(attribute.parts, item, f"{where}.") for item in value]
    if attribute.parts:
        if not isinstance(value, Mapping):
            raise invalid_value(f"{where} must be an object.")
        return _parts(attribute.parts, value, f"{where}.")
    return _flag(value, where) if attribute.type == "boolean" else _text(attribute, value, where)


def _flag(value: Any, where: str) -> bool:
    """A boolean; Entra ID sends "True" and "False" as texts."""
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise invalid_value(f"{where} must be true or false.")
    return value


def _text(attribute: Attribute, value: Any, where: str) -> str | None:
    if not isinstance(value, str):
        raise invalid_value(f"{where} must be a text.")
    line = value.strip()
    if len(line) > attribute.longest or hides_something(line):
        raise invalid_value(f"{where} must be one line of at most {attribute.longest} characters, without invisible ones.")
    return line or None


def _emails(emails: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Addresses that are some; of several that call themselves primary the last one is."""
    kept = [email for email in emails if email.get("value")]
    for email in kept:
        if not is_email(email["value"]):
            raise invalid_value(f"{email['value'][:100]!r} is no e-mail address.")
    first = [place for place, email in enumerate(kept) if email.get("primary")]
    return [email | {"primary": False} if place in first[:-1] else email for place, email in enumerate(kept)]


def name_in(told: Mapping[str, Any]) -> str:
    """Return the name that others see."""
    parts = told.get("name", {})
    whole = parts.get("formatted") or f"{parts.get('givenName', '')} {parts.get('familyName', '')}".strip()
    return str(told.get("displayName") or whole)[:120]


def email_in(told: Mapping[str, Any]) -> str:
    """Return the address to write to: the primary one, else that for work, else the first."""
    emails = told.get("emails", [])
    order = sorted(emails, key=lambda email: (not email.get("primary"), email.get("type", "").lower() != "work"))
    return str(order[0]["value"]) if order else ""
