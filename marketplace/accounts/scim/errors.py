"""Errors in the form of SCIM: a status, a type where the protocol names one, and a sentence that says what to do."""

from typing import Any

import structlog
from rest_framework.response import Response

from marketplace.accounts.authentication import REALM
from marketplace.api.problems import as_domain_error
from marketplace.errors import DomainError, Invalid, NotFound, NotSignedIn

log = structlog.get_logger(__name__)
SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(DomainError):
    """Something that the protocol has a name for."""

    def __init__(self, scim_type: str, sentence: str, *, status: int = 400) -> None:
        super().__init__(sentence)
        self.scim_type, self.status = scim_type, status


def invalid_value(sentence: str) -> ScimError:
    """A value that is missing, of the wrong kind, or not to be had."""
    return ScimError("invalidValue", sentence)


def taken(sentence: str) -> ScimError:
    """Somebody or something else has this already."""
    return ScimError("uniqueness", sentence, status=409)


def body_of(error: DomainError) -> dict[str, Any]:
    """Return the body of an error."""
    status, kind = error.status, getattr(error, "scim_type", "")
    sentence = f"{error.sentence} {error.hint}".strip()
    if isinstance(error, Invalid):
        status, kind = 400, "invalidValue"
        sentence = " ".join([error.sentence, *(f"{name}: {' '.join(told)}" for name, told in error.fields.items())])
    elif isinstance(error, NotFound):
        sentence = "There is no such resource, or the directory removed it."
    elif error.code == "parse-error":
        kind = "invalidSyntax"
    return {"schemas": [SCHEMA], "status": str(status), "detail": sentence} | ({"scimType": kind} if kind else {})


def handle(fault: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception of a view; a fault of our own is logged and says nothing of its inside."""
    error = as_domain_error(fault)
    if error is None:
        log.error("request_failed", exc_info=fault)
        error = DomainError("This failed on our side. Try again; quote the header X-Request-ID when you ask for help.")
        error.status = 500
    body = body_of(error)
    response = Response(body, status=int(body["status"]))
    if error.status == NotSignedIn.status:
        response["WWW-Authenticate"] = REALM
    return response
