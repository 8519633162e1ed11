"""Errors of /api/v1/ as RFC 9457 problem+json: a stable type, a sentence, what to do, the request id."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from marketplace import origin
from marketplace.errors import DomainError, Invalid, NotAllowed, NotFound, NotSignedIn, TooLarge, Unavailable

log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 200  # more than any form has fields: an answer stays small whatever was sent


def problem(error: DomainError) -> dict[str, Any]:
    """Return the body of a problem: type, title, status, detail, hint, errors, request id."""
    body: dict[str, Any] = {
        "type": f"{settings.PUBLIC_URL}/docs/errors#{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.sentence,
        "request_id": origin.current().request_id,
    }
    if error.hint:
        body["hint"] = error.hint
    if isinstance(error, Invalid) and error.fields:
        body["errors"] = dict(islice(error.fields.items(), MOST_ERRORS))
    body.update({key: value for key, value in error.data.items() if key not in body and isinstance(value, (str, int, float, bool, list, dict))})
    return body


def as_domain_error(fault: Exception) -> DomainError | None:
    """Say in our words what Django or DRF raised; None for a fault of our own."""
    if isinstance(fault, DomainError):
        return fault
    if isinstance(fault, (Http404, exceptions.NotFound)):
        return NotFound()
    if isinstance(fault, exceptions.ValidationError):
        return Invalid("Some values need mending.", fields=flatten(fault.detail))
    if isinstance(fault, (exceptions.NotAuthenticated, exceptions.AuthenticationFailed)):
        return NotSignedIn(str(fault.detail), hint="Send a token in the header Authorization: Bearer mkt_…")
    if isinstance(fault, (PermissionDenied, exceptions.PermissionDenied)):
        return NotAllowed(str(getattr(fault, "detail", "") or "You may not do this."), hint="Ask the owner team.")
    if isinstance(fault, exceptions.APIException):
        return _of_status(fault)
    if isinstance(fault, (OperationalError, DatabaseError)) and "connect" in str(fault).lower():
        return Unavailable("The database does not answer.", hint="Try again in a moment.")
    return None


def _of_status(fault: exceptions.APIException) -> DomainError:
    """Carry over DRF's own errors: bad JSON, wrong method, wrong media type, too many requests."""
    if fault.status_code == TooLarge.status:
        return TooLarge(str(fault.detail))
    error = DomainError(str(fault.detail), code=str(fault.default_code).replace("_", "-"))
    error.status = fault.status_code
    return error


def flatten(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Turn DRF's nested details into field path -> sentences."""
    if isinstance(detail, Mapping):
        found: dict[str, list[str]] = {}
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            found |= flatten(value, f"{path}.{name}".strip("."))
        return found
    if isinstance(detail, list) and any(isinstance(item, Mapping) for item in detail):
        found = {}
        for place, item in enumerate(detail):
            found |= flatten(item, f"{path}[{place}]") if item else {}
        return found
    return {path or "request": [str(item) for item in detail] if isinstance(detail, list) else [str(detail)]}


def handle(fault: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception of a REST view; a fault of our own is logged and says nothing of its inside."""
    error = as_domain_error(fault)
    if error is None:
        log.error("request_failed", exc_info=fault)
        error = DomainError("This failed on our side.", hint="Try again; quote the request id when you ask for help.", code="server-error")
        error.status, error.title = 500, "Failed on our side"
    response = Response(problem(error), status=error.status, content_type=MEDIA_TYPE)
    if error.status == NotSignedIn.status:
        response["WWW-Authenticate"] = 'Bearer realm="marketplace"'
    if error.status == Unavailable.status:
        response["Retry-After"] = "5"
    return response


def not_found(request: HttpRequest) -> JsonResponse:
    """Answer for REST addresses that no view has."""
    return JsonResponse(problem(NotFound()), status=404, content_type=MEDIA_TYPE)
