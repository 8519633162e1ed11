"""Who is behind a session: the person with their groups and roles, read in one query."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from axes.backends import AxesStandaloneBackend
from django.http import HttpRequest

from marketplace.accounts.identity.queries import issuer
from marketplace.accounts.models import User
from marketplace.permissions.needs import OrgRole
from marketplace.permissions.queries import has_role, with_rights


class ReadsRights:
    """Finds the person of a session together with their rights; nobody who left."""

    def get_user(self, user_id: Any) -> User | None:
        """Return the active person with this id."""
        found: User | None = with_rights(User.objects.filter(pk=user_id, is_active=True)).first()
        return found


class LockBackend(ReadsRights, AxesStandaloneBackend):  # type: ignore[misc]
    """Refuses whoever tried too often."""


class PasswordBackend(ReadsRights, AuthenticationBackend):  # type: ignore[misc]
    """Checks a password, through allauth. Where the company's directory signs people in, a password opens only for administrators."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """Return the person whose password this is."""
        found: User | None = super().authenticate(request, **credentials)
        if found is None or not issuer() or has_role(found, OrgRole.ADMINISTRATOR):
            return found
        again = request is not None and getattr(request, "user", None) == found  # signed in already; confirms who sits there
        return found if again else None
