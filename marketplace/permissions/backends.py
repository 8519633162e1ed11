"""The authentication backend that answers `has_perm` by grants in force, refusing by time before any sweep."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.db.models import Model

from marketplace.permissions.models import Governed
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import allowed


class GrantBackend(BaseBackend):
    """Answers `user.has_perm("catalog.view_…", row)` with the one predicate.

    Django itself says yes to a superuser before it asks any backend, so our own code asks `allowed` and never `has_perm`.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        """Whether the row may be seen (`view_…`) or used (`download_…`) by the person."""
        if not isinstance(obj, Governed):
            return False
        verb = perm.rsplit(".", 1)[-1].split("_", maxsplit=1)[0]
        needs = {"view": Need.VIEW, "download": Need.DOWNLOAD, "change": Need.EDIT, "delete": Need.MANAGE}
        return verb in needs and allowed(user_obj, needs[verb], obj)
