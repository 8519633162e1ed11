"""Showing something exactly once after a write: it travels in an encrypted cookie of the page that shows it, and nothing of it is kept here."""

import base64
import hashlib
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.http import HttpRequest, HttpResponse

NAME = "once"
SECONDS = 120


@lru_cache(maxsize=2)
def _box(secret_key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"web.once:{secret_key}".encode()).digest()))


def show_once(response: HttpResponse, shown: dict[str, Any], *, at: str) -> HttpResponse:
    """Hand something to the page at an address, which is loaded next; return the response."""
    sealed = _box(settings.SECRET_KEY).encrypt(json.dumps(shown).encode()).decode()
    response.set_cookie(NAME, sealed, max_age=SECONDS, path=at, secure=settings.HTTPS, httponly=True, samesite="Lax")
    return response


def taken(request: HttpRequest) -> dict[str, Any]:
    """Return what was handed to this page; nothing when there is nothing, or it is too old."""
    try:
        found = json.loads(_box(settings.SECRET_KEY).decrypt(request.COOKIES.get(NAME, "").encode(), ttl=SECONDS))
    except (InvalidToken, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def forget(response: HttpResponse, request: HttpRequest) -> HttpResponse:
    """Take it out of the browser, so that a reload shows it no more, and let nothing on the way keep the page."""
    if NAME in request.COOKIES:
        response.delete_cookie(NAME, path=request.path, samesite="Lax")
    response.headers["Cache-Control"] = "no-store"
    return response
