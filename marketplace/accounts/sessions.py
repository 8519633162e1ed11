"""The session of the pages: kept on the server, found by a digest of the cookie, with an idle and an absolute end."""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore as RowStore
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from marketplace.accounts.models import Session
from marketplace.web.middleware import MACHINE_PREFIXES
from marketplace.web.pages import see_other

NOTED_EVERY = 300  # seconds between two writes that say a session is still used
STARTED, SEEN, AGENT, LACKS = "started", "seen", "agent", "lacks_second_factor"
WHILE_LACKING = ("/me/settings/sign-in", "/logout", "/static/", "/ui/", "/healthz", "/readyz")


def row_name(session_key: str) -> str:
    """Return the name of the row for a cookie: 160 bits of its sha256."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:40]


class SessionStore(RowStore):
    """Django's sessions in the database, under names from which nobody gets the cookie."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return our table."""
        return Session

    def _get_session_from_db(self) -> Session | None:
        found = Session.objects.filter(session_key=row_name(str(self.session_key)), expire_date__gt=timezone.now()).first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        """Whether there is a session for this cookie."""
        return Session.objects.filter(session_key=row_name(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row for what is in the session."""
        key = self._get_or_create_session_key()  # type: ignore[attr-defined]
        row = Session(session_key=row_name(key), session_data=self.encode(data), expire_date=self.get_expiry_date())
        if person := data.get(SESSION_KEY):
            row.user_id, row.agent = int(person), data.get(AGENT, "")
            row.started_at, row.seen_at = moment(data.get(STARTED)), moment(data.get(SEEN))
        return row

    def delete(self, session_key: str | None = None) -> None:
        """Forget a session for good."""
        if key := session_key or self.session_key:
            Session.objects.filter(session_key=row_name(key)).delete()


def moment(stamp: float | None) -> datetime:
    """Turn what the session keeps into a time."""
    return datetime.fromtimestamp(stamp or time.time(), tz=UTC)


class SessionEndMiddleware:
    """Lets every session end: a while after the last use, and for good some hours after it began."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and note the use of a session that the answer read; what reads none (health, styles) asks the database nothing here."""
        if settings.MFA_REQUIRED_FOR and not request.path.startswith(WHILE_LACKING) and request.session.get(LACKS):
            if not request.path.startswith(MACHINE_PREFIXES):
                return see_other("/me/settings/sign-in", request)
            request.user = AnonymousUser()
        response = self.get_response(request)
        if request.session.accessed and request.session.get(SESSION_KEY):
            keep(request)
        return response


def begin(request: HttpRequest, *, lacks_second_factor: bool) -> None:
    """Start the clocks of a session; somebody who must have a second factor and has none may only add one."""
    request.session.pop(STARTED, None)
    request.session.pop(SEEN, None)
    if lacks_second_factor:
        request.session[LACKS] = True
    keep(request)


def keep(request: HttpRequest) -> None:
    """Note that a session is used, at most once in five minutes. Its row then ends a while later, never after its last hour."""
    session, now = request.session, time.time()
    if STARTED not in session:
        session[STARTED], session[AGENT] = now, request.headers.get("User-Agent", "")[:200]
    if now - session.get(SEEN, 0) >= NOTED_EVERY:
        session[SEEN] = now
        left = session[STARTED] + settings.SESSION_COOKIE_AGE - now
        session.set_expiry(max(1, int(min(left, settings.SESSION_IDLE_AGE))))
