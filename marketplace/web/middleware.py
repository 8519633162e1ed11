"""What every request passes: an id and an address, headers that protect, errors as pages."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from marketplace import origin
from marketplace.errors import DomainError, NotSignedIn
from marketplace.web.errors import error_response
from marketplace.web.pages import see_other

GetResponse = Callable[[HttpRequest], HttpResponse]

MACHINE_PREFIXES = ("/api/", "/hf/", "/mlflow/", "/otlp/", "/openai/", "/scim/")
SECRET_NAMES = frozenset({"token", "access_token"})
LONG_SECRET = re.compile(r"mkt_[\w-]{40,}")
HEADERS = {
    "Permissions-Policy": "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}


def current_request_id() -> str:
    """Return the id of the request that runs now; empty outside one."""
    return origin.current().request_id


def client_address(request: HttpRequest) -> str:
    """Return the caller's address: what our own proxies wrote, never what a client claims.

    With n trusted proxies in front, the n-th entry from the right is the first one that a trusted proxy saw itself.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    proxies = int(getattr(settings, "TRUSTED_PROXIES", 0))
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    return hops[-proxies] if 0 < proxies <= len(hops) else direct


def nothing_there(request: HttpRequest) -> HttpResponse:
    """Answer an address with a NUL character, which no name here can hold and no database would take."""
    sentence = "There is nothing here: an address cannot hold a NUL character."
    if not request.path.startswith(MACHINE_PREFIXES):
        return HttpResponse(sentence, status=404, content_type="text/plain; charset=utf-8")
    told = {"type": f"{settings.PUBLIC_URL}/docs/errors#not-found", "title": "Not found", "status": 404, "detail": sentence}
    return JsonResponse(told | {"request_id": current_request_id()}, status=404, content_type="application/problem+json")


class RequestIdMiddleware:
    """Give each request an id and say it in the answer, so that a person can quote it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Note where the request comes from, answer it, and name its id."""
        request_id = uuid4().hex
        origin.begin(origin.Origin(request_id=request_id, address=client_address(request)))
        request.id = request_id  # type: ignore[attr-defined]
        # Below /files/ stands a name that its own view checks and refuses by field.
        holds_nul = "\x00" in request.path and "/files/" not in request.path
        response = nothing_there(request) if holds_nul else self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        return response


SIGNED = "/bytes/"


def holds_secret(query: str) -> bool:
    """Whether a query string carries one of our tokens, under a name that asks for it or under any other."""
    return any(value.startswith("mkt_") and (name in SECRET_NAMES or LONG_SECRET.match(value)) for name, value in parse_qsl(query))


def refuse_secret(request: HttpRequest) -> HttpResponse:
    """Say that a token in an address is known to every log on the way, and how to send it."""
    sentence = "A token was sent in the address, where every log on the way keeps it. Revoke it, and send its successor in the header Authorization."
    error = DomainError(sentence, hint="Open My tokens to revoke it.", code="token-in-address")
    if not request.path.startswith(MACHINE_PREFIXES):
        return error_response(request, error)
    told = {"type": f"{settings.PUBLIC_URL}/docs/errors#{error.code}", "title": error.title, "status": error.status, "detail": sentence}
    return JsonResponse(told | {"hint": error.hint, "request_id": current_request_id()}, status=400, content_type="application/problem+json")


class NoSecretInAddressMiddleware:
    """Refuse a token in the query string, and take it out before anything can log the address."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or refuse without the secret."""
        if not holds_secret(request.META.get("QUERY_STRING", "")):
            if request.path.startswith(SIGNED):
                logged_as(request, f"{SIGNED}…")  # such a link is as good as a token for as long as it lives
            return self.get_response(request)
        logged_as(request, request.path)
        return refuse_secret(request)


def logged_as(request: HttpRequest, address: str) -> None:
    """Let the access log of gunicorn, which reads these after the answer, show this address."""
    request.META["QUERY_STRING"] = ""
    for name in ("RAW_URI", "REQUEST_URI"):
        if name in request.META:
            request.META[name] = quote(address)


class SecurityHeadersMiddleware:
    """Add the protective headers that neither Django nor the content security policy sets."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and add what is not set yet."""
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class DomainErrorMiddleware:
    """Turn a domain error of a page into the right error page; the interfaces for machines answer in their own way."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; errors come to `process_exception`."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a domain error; anything else is not ours."""
        if not isinstance(exception, DomainError) or request.path.startswith(MACHINE_PREFIXES):
            return None
        if isinstance(exception, NotSignedIn):
            return see_other(f"/login?next={quote(request.get_full_path(), safe='')}", request)
        return error_response(request, exception)
