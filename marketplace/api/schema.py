"""The OpenAPI 3.1 document: every operation names its problems, its scope and its ways in."""

import re
from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from marketplace.api.serializers import ProblemSerializer
from marketplace.api.tags import TAGS

PROBLEMS = {
    "400": "The request cannot be read.",
    "401": "No token or session, or one that no longer counts.",
    "403": "Seen, but not allowed.",
    "404": "Not there, or not there for you.",
    "405": "Not a method of this address.",
    "406": "No such format.",
    "409": "It does not fit the present state.",
    "413": "Too large.",
    "415": "Wrong media type.",
    "422": "Some values need mending.",
    "428": "If-Match is missing.",
    "503": "A part we depend on does not answer.",
}


class Schema(AutoSchema):
    """Names operations after their view and adds the problems that any of them may answer with."""

    def get_operation_id(self) -> str:
        """Return a stable name: method and view, `get_team_members`."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self.view).__name__).lower()
        return f"{self.method.lower()}_{words.removesuffix('_view')}"

    def get_tags(self) -> list[str]:
        """Return the last part of the address that is the name of a group."""
        known = {tag["name"] for tag in TAGS}
        return [next((part for part in reversed(self.path.split("/")) if part in known), "me")]

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Return the ways in, with the scope that a token needs."""
        ways: list[dict[str, list[str]]] = super().get_auth()
        scope = getattr(self.view, "scopes", {}).get(self.method.upper())
        return [{"token": [scope]} if scope and "token" in way else way for way in ways]

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        """Return the declared answers and the problems."""
        found: dict[str, Any] = super()._get_response_bodies(direction)
        for status, sentence in PROBLEMS.items():
            if status not in found:
                shape = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    ProblemSerializer, status, ["application/problem+json"]
                )
                found[status] = shape | {"description": sentence}
        return found


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes our bearer token."""

    target_class = "marketplace.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Return the bearer scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "mkt_…"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes the session of the pages."""

    target_class = "marketplace.accounts.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Return the cookie scheme."""
        return {"type": "apiKey", "in": "cookie", "name": "session"}


PAGED = [
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, description="How many at most"),
    OpenApiParameter("cursor", {"type": "string", "maxLength": 400}, description="`next` of the page before"),
]
