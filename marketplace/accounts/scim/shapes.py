"""People and groups as SCIM writes them; which attributes are told, and in which version."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import QueryDict

from marketplace.accounts.models import DirectoryGroup, User
from marketplace.accounts.scim.attributes import GROUP, USER, Kind
from marketplace.accounts.scim.schemas import base
from marketplace.identifiers import digest

ALWAYS = frozenset({"schemas", "id"})
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def told_of(person: User) -> dict[str, Any]:
    """What the directory may write of a person, as it stands: in its own words, or in ours while it has said nothing."""
    entry = getattr(person, "entry", None)
    if entry is not None and entry.user_name:
        return {"userName": entry.user_name, "externalId": entry.external_id, "active": person.is_active, **entry.said}
    emails = [{"value": person.email, "type": "work", "primary": True}] if person.email else []
    plain = {"userName": person.username, "displayName": person.name, "active": person.is_active, "emails": emails}
    return plain | {"externalId": entry.external_id if entry is not None else ""}


def user_shape(person: User, groups: Iterable[tuple[UUID, str]]) -> dict[str, Any]:
    """Return a person as JSON."""
    entry = getattr(person, "entry", None)
    inside = [{"value": str(uid), "$ref": f"{base()}/Groups/{uid}", "display": name} for uid, name in groups]
    told = _there({**told_of(person), "groups": inside})
    changed = max(person.created_at, entry.changed_at) if entry is not None else person.created_at
    return _resource(USER, str(person.person), told, version=digest(told)[:24], created=person.created_at, changed=changed)


def group_shape(group: DirectoryGroup, members: Iterable[UUID] | None) -> dict[str, Any]:
    """Return a group as JSON; without its members where nobody asked for them."""
    told: dict[str, Any] = {"displayName": group.name, "externalId": group.external_id}
    if members is not None:
        told["members"] = [{"value": str(uid), "$ref": f"{base()}/Users/{uid}", "type": "User"} for uid in members]
    return _resource(GROUP, str(group.uid), _there(told), version=str(group.revision), created=group.created_at, changed=group.changed_at)


def _there(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value not in ("", [], {}, None)}


def _resource(kind: Kind, uid: str, told: Mapping[str, Any], *, version: str, created: datetime, changed: datetime) -> dict[str, Any]:
    meta = {
        "resourceType": kind.name,
        "created": created.isoformat(),
        "lastModified": changed.isoformat(),
        "location": f"{base()}{kind.place}/{uid}",
        "version": f'W/"{version}"',
    }
    return {"schemas": [kind.schema], "id": uid, **told, "meta": meta}


def asks_for(name: str, query: QueryDict) -> bool:
    """Whether an attribute is wanted in the answer."""
    return name in chosen({name: [{}]}, query)


def chosen(shape: Mapping[str, Any], query: QueryDict) -> dict[str, Any]:
    """Return the attributes that the query string wants; the id is always there."""
    only, without = (_names(query.get(name, "")) for name in ("attributes", "excludedAttributes"))
    if only:
        wanted = {name: value for name, value in shape.items() if name in ALWAYS or name.lower() in only}
        return {name: value if name in ALWAYS else _part(value, only[name.lower()]) for name, value in wanted.items()}
    gone = {name for name, parts in without.items() if not parts}
    return {name: value for name, value in shape.items() if name in ALWAYS or name.lower() not in gone}


def _names(text: str) -> dict[str, set[str]]:
    """Attribute -> its parts that were named (none: all of it), in lower case and without URNs."""
    found: dict[str, set[str]] = {}
    for full in filter(None, (part.strip().lower() for part in text.split(","))):
        name, _, part = full.rpartition(":")[2].partition(".")
        found.setdefault(name, set()).update({part} if part else set())
    return found


def _part(value: Any, parts: set[str]) -> Any:
    if not parts:
        return value
    if isinstance(value, list):
        return [_part(item, parts) for item in value]
    return {name: inner for name, inner in value.items() if name.lower() in parts} if isinstance(value, Mapping) else value


def list_shape(total: int, start: int, resources: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a page of resources as JSON."""
    return {"schemas": [LIST], "totalResults": total, "startIndex": start, "itemsPerPage": len(resources), "Resources": resources}
