"""Token -> user, for REST and the protocols of other tools; and the session of the pages."""

from django.contrib.auth.models import AnonymousUser
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from marketplace import origin
from marketplace.accounts.keys.actions import note_token_use
from marketplace.accounts.keys.queries import token_caller
from marketplace.accounts.models import ApiToken, User

REALM = 'Bearer realm="marketplace"'


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer mkt_…`; judged by the database on every request, nothing is cached."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the caller; None when no token came; raise 401 for one that does not count."""
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        caller = token_caller(secret.strip())
        if caller is None:
            raise exceptions.AuthenticationFailed("This token does not count: it is unknown, revoked, expired, or its owner has left.")
        note_token_use(caller.token)
        origin.with_token(caller.token.prefix)
        return caller.user, caller.token

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return REALM


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of the pages, with the CSRF check on every write."""

    def authenticate(self, request: Request) -> tuple[User | AnonymousUser, None] | None:
        """Return the signed-in person."""
        found: tuple[User | AnonymousUser, None] | None = super().authenticate(request)
        return found
