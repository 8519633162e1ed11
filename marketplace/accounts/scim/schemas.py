"""What the service says about itself: schemas, kinds of resources, and what it can do."""

from typing import Any

from django.conf import settings

from marketplace.accounts.scim.attributes import KINDS, Attribute, Kind

CORE = "urn:ietf:params:scim:schemas:core:2.0:"
MOST_RESULTS = 200
BEARER = {
    "type": "oauthbearertoken",
    "name": "Token of the marketplace",
    "description": "Authorization: Bearer mkt_… with the scope directory, which an administrator issues.",
    "primary": True,
}


def base() -> str:
    """Return the address of the service."""
    return f"{settings.PUBLIC_URL}/scim/v2"


def attribute_shape(attribute: Attribute) -> dict[str, Any]:
    """Return an attribute as JSON."""
    shape: dict[str, Any] = {
        "name": attribute.name,
        "type": attribute.type,
        "multiValued": attribute.many,
        "description": attribute.about,
        "required": attribute.required,
        "mutability": "readWrite" if attribute.writable else "readOnly",
        "returned": "default",
    }
    if attribute.type in {"string", "reference"}:
        shape |= {"caseExact": attribute.exact or attribute.type == "reference", "uniqueness": "server" if attribute.unique else "none"}
    if attribute.parts:
        shape["subAttributes"] = [attribute_shape(part) for part in attribute.parts]
    if attribute.values:
        shape["canonicalValues"] = list(attribute.values)
    if attribute.refers:
        shape["referenceTypes"] = list(attribute.refers)
    return shape


def schema_shape(kind: Kind) -> dict[str, Any]:
    """Return the schema of a kind as JSON."""
    return {
        "schemas": [f"{CORE}Schema"],
        "id": kind.schema,
        "name": kind.name,
        "description": kind.about,
        "attributes": [attribute_shape(attribute) for attribute in kind.attributes],
        "meta": {"resourceType": "Schema", "location": f"{base()}/Schemas/{kind.schema}"},
    }


def type_shape(kind: Kind) -> dict[str, Any]:
    """Return a kind of resource as JSON."""
    return {
        "schemas": [f"{CORE}ResourceType"],
        "id": kind.name,
        "name": kind.name,
        "endpoint": kind.place,
        "description": kind.about,
        "schema": kind.schema,
        "meta": {"resourceType": "ResourceType", "location": f"{base()}/ResourceTypes/{kind.name}"},
    }


def schemas() -> dict[str, dict[str, Any]]:
    """Return all schemas by id."""
    return {kind.schema: schema_shape(kind) for kind in KINDS}


def resource_types() -> dict[str, dict[str, Any]]:
    """Return all kinds of resources by id."""
    return {kind.name: type_shape(kind) for kind in KINDS}


def provider() -> dict[str, Any]:
    """Return what the service can do."""
    return {
        "schemas": [f"{CORE}ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST_RESULTS},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [BEARER],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base()}/ServiceProviderConfig"},
    }
