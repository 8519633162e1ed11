"""Who is behind a session: the person with their groups and roles, read in one query."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from axes.backends import AxesStandaloneBackend

from marketplace.accounts.models import User
from marketplace.permissions.queries import with_rights


class ReadsRights:
    """Finds the person of a session together with their rights; nobody who left."""

    def get_user(self, user_id: Any) -> User | None:
        """Return the active person with this id."""
        found: User | None = with_rights(User.objects.filter(pk=user_id, is_active=True)).first()
        return found


class LockBackend(ReadsRights, AxesStandaloneBackend):  # type: ignore[misc]
    """Refuses whoever tried too often."""


class PasswordBackend(ReadsRights, AuthenticationBackend):  # type: ignore[misc]
    """Checks a password, through allauth."""
