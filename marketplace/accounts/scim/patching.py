"""Changing a resource by operations, as RFC 7644 says and as Entra ID and Okta write them. Pure: resource, operations -> resource."""

import copy
from collections.abc import Mapping
from typing import Any

from marketplace.accounts.scim.attributes import READ_ONLY, Attribute, Kind
from marketplace.accounts.scim.errors import ScimError, invalid_value
from marketplace.accounts.scim.filters import Path, path_in
from marketplace.accounts.scim.reading import checked, tidied, tidy

SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MOST = 1000


def patched(kind: Kind, resource: Mapping[str, Any], body: object) -> dict[str, Any]:
    """Return the resource after all operations, checked; what they say of attributes that we do not know changes nothing."""
    found: dict[str, Any] = copy.deepcopy(dict(resource))
    for operation in operations_in(body):
        _operate(kind, found, operation)
    return checked(kind, found)


def operations_in(body: object) -> list[Mapping[str, Any]]:
    """Return the operations of a body."""
    if not isinstance(body, Mapping) or not isinstance(body.get("schemas"), list) or SCHEMA not in body["schemas"]:
        raise ScimError("invalidSyntax", f"The body must be an object whose `schemas` name {SCHEMA}.")
    listed = body.get("Operations")
    if not isinstance(listed, list) or not listed or not all(isinstance(operation, Mapping) for operation in listed):
        raise ScimError("invalidSyntax", "`Operations` must be a list of objects, and not be empty.")
    if len(listed) > MOST:
        raise ScimError("tooMany", f"Send at most {MOST} operations at once.")
    return listed


def _operate(kind: Kind, resource: dict[str, Any], operation: Mapping[str, Any]) -> None:
    does = str(operation.get("op", "")).lower()
    if does not in {"add", "replace", "remove"}:
        raise ScimError("invalidSyntax", "`op` must be add, replace or remove.")
    if does != "remove" and "value" not in operation:
        raise invalid_value(f"An operation {does} needs a value.")
    if operation.get("path"):
        path = path_in(operation["path"])
        if path.attribute in READ_ONLY or not getattr(kind.known.get(path.attribute), "writable", True):
            raise ScimError("mutability", f"{path.attribute} cannot be written.")
        _at(kind, resource, does, path, operation.get("value"))
    elif does == "remove":
        raise ScimError("noTarget", "An operation remove needs a path.")
    elif not isinstance(operation["value"], Mapping):
        raise invalid_value("Without a path the value must be an object of attributes.")
    else:
        # Okta sends the whole resource here, its id too; Entra ID names parts by path: "name.givenName".
        for name, value in operation["value"].items():
            _at(kind, resource, does, path_in(name), value)


def _at(kind: Kind, resource: dict[str, Any], does: str, path: Path, value: Any) -> None:
    attribute = kind.known.get(path.attribute)
    ours = not path.urn or path.urn.lower() == kind.schema.lower()
    if attribute is None or not ours or not attribute.writable or (path.part and path.part not in attribute.part):
        return
    does = "remove" if value is None else does
    if does == "remove" and attribute.required:
        raise ScimError("mutability", f"{attribute.name} must be there; it cannot be removed.")
    if attribute.many:
        _many(attribute, resource, does, path, value)
    elif path.terms is not None:
        raise ScimError("invalidPath", f"{attribute.name} has one value; there is nothing to choose from.")
    elif attribute.parts:
        _one_of_parts(attribute, resource, does, path, value)
    elif does == "remove":
        resource.pop(attribute.name, None)
    else:
        resource[attribute.name] = value


def _one_of_parts(attribute: Attribute, resource: dict[str, Any], does: str, path: Path, value: Any) -> None:
    if does == "remove" and not path.part:
        resource.pop(attribute.name, None)
        return
    held = resource.setdefault(attribute.name, {})
    if does == "remove":
        held.pop(attribute.part[path.part].name, None)
    elif path.part:
        held[attribute.part[path.part].name] = value
    elif isinstance(value, Mapping):
        held.update(tidied(attribute.part, value))
    else:
        raise invalid_value(f"{attribute.name} must be an object.")


def _many(attribute: Attribute, resource: dict[str, Any], does: str, path: Path, value: Any) -> None:
    held: list[dict[str, Any]] = resource.setdefault(attribute.name, [])
    if path.terms is None and not path.part:
        resource[attribute.name] = _whole(attribute, held, does, value)
        return
    terms = path.terms or ()
    wanted = [(attribute.part[term.attribute].name if term.attribute in attribute.part else "", _key(term.value)) for term in terms]
    chosen = [item for item in held if all(_key(item.get(name)) == value for name, value in wanted)]
    if does == "remove" and not path.part:
        gone = {id(item) for item in chosen}
        resource[attribute.name] = [item for item in held if id(item) not in gone]
        return
    if not chosen and does == "replace":
        raise ScimError("noTarget", f"Nothing in {attribute.name} is as the path says.")
    if not chosen and does == "add":
        held.append({attribute.part[term.attribute].name: term.value for term in terms if term.attribute in attribute.part})
        chosen = held[-1:]
    for item in chosen:
        if does == "remove":
            item.pop(attribute.part[path.part].name, None)
        else:
            item.update({attribute.part[path.part].name: value} if path.part else _object(attribute, value))


def _whole(attribute: Attribute, held: list[dict[str, Any]], does: str, value: Any) -> list[Any]:
    """The values after an operation on all of them; Entra ID removes by listing them, RFC 7644 by a filter in the path."""
    told = tidy(attribute, value) if value is not None else []
    if not all(isinstance(item, Mapping) for item in told):
        raise invalid_value(f"{attribute.name} must be a list of objects.")
    if does == "replace":
        return list(told)
    if does == "remove":
        gone = {_key(item.get("value")) for item in told}
        return [item for item in held if gone and _key(item.get("value")) not in gone]
    keys = {_key(item.get("value")): item for item in held}
    for item in told:
        if (known := keys.get(_key(item.get("value")))) is not None:
            known.update(item)
        else:
            held.append(dict(item))
            keys[_key(item.get("value"))] = held[-1]
    return held


def _key(value: Any) -> str:
    return str(value).lower()


def _object(attribute: Attribute, value: Any) -> dict[str, Any]:
    told = tidy(attribute, value)
    if not isinstance(told, list) or len(told) != 1 or not isinstance(told[0], Mapping):
        raise invalid_value(f"One value of {attribute.name} must be an object.")
    return dict(told[0])
