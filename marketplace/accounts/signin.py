"""Signing in with a password: what allauth and axes are told about our house."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.views import LoginView
from axes.decorators import axes_dispatch, axes_form_invalid
from django.conf import settings
from django.contrib.auth import logout
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from marketplace.accounts.actions import note_sign_in
from marketplace.accounts.identity.actions import ASK, forget_ended_sessions
from marketplace.accounts.identity.queries import issuer
from marketplace.accounts.mfa import must_have_second_factor
from marketplace.accounts.models import User
from marketplace.accounts.sessions import begin
from marketplace.web.middleware import client_address
from marketplace.web.pages import page, see_other


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """People are added by administrators; nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up here."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Check a password, one at a time for a name from an address: of many tries at once only as many count as the lock allows."""
        with one_at_a_time(f"{username_of(request, credentials)}|{lock_address(request)}"):
            found: User | None = super().authenticate(request, **credentials)
        return found

    def login(self, request: HttpRequest, user: User) -> None:
        """Start the session and remember it."""
        methods = {record["method"] for record in get_authentication_records(request, user)}
        super().login(request, user)
        begin(request, lacks_second_factor="password" in methods and "mfa" not in methods and must_have_second_factor(user))
        forget_ended_sessions()
        note_sign_in(user, by=user)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Tell whoever knows the password of a closed account that it is closed."""
        told = {"sentence": f"The account {user.username} was closed.", "hint": ASK}
        return page(request, "marketplace/accounts/sign_in_refused.html", told, status=403)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: the page that follows shows who is signed in."""


@method_decorator(axes_dispatch, name="dispatch")
class SignIn(LoginView):  # type: ignore[misc]
    """The sign-in page; every wrong password counts towards a lock of this name from this address."""

    template_name = "marketplace/accounts/sign_in.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what a wrong try is told."""
        given: dict[str, Any] = super().get_context_data(**kwargs)
        directory = settings.OIDC_NAME if issuer() else ""
        return given | {"tries": settings.AXES_FAILURE_LIMIT, "minutes": lock_minutes(), "directory": directory}

    @method_decorator(axes_form_invalid)
    def form_invalid(self, form: Any) -> HttpResponse:
        """Answer 422 with one sentence that does not tell which part was wrong."""
        response: HttpResponse = self.render_to_response(self.get_context_data(form=form), status=422)
        return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session on the server."""
    logout(request)
    return see_other("/login", request)


def username_of(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """Return the name that a sign-in was tried with, in one spelling, for the lock."""
    given = (credentials or {}).get("username") or (request.POST.get("login", "") if request is not None else "")
    # The database may find a long s, an i without its dot or a capital I with one as the plain letter.
    return str(given).replace("\x00", "").strip().upper().replace("\u0130", "I").lower()[:96]


def lock_address(request: HttpRequest) -> str:
    """Return the address that a lock is for: whoever has one of IPv6 has the whole network of 64 bits."""
    address = client_address(request)
    try:
        given = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(given.ipv4_mapped or IPv6Network((given, 64), strict=False).network_address)


def locked_out(request: HttpRequest, credentials: dict[str, Any] | None = None, *args: object) -> HttpResponse:
    """Say that it is locked, and for how long."""
    return page(request, "marketplace/accounts/locked.html", {"minutes": lock_minutes()}, status=429)


def lock_minutes() -> int:
    """Return how long a lock lasts."""
    return int(timedelta(hours=settings.AXES_COOLOFF_TIME).total_seconds() // 60)


@contextmanager
def one_at_a_time(key: str) -> Iterator[None]:
    """Let only one block with this key run at a time, in all processes; what it counted is there for the next."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        yield
