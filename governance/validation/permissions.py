"""Who may ask for checks again, and who may look into quarantine."""

from typing import Any

from catalog.registry.models import RegisteredModel
from marketplace.accounts.models import User
from marketplace.errors import NotAllowed
from marketplace.permissions.needs import Need, OrgRole
from marketplace.permissions.queries import allowed, has_role, tracks_of


def may_rerun(viewer: Any, model: RegisteredModel) -> bool:
    """Contributors and owners of the model, security, and reviewers who read it now."""
    if allowed(viewer, Need.EDIT, model):
        return True
    return has_role(viewer, OrgRole.SECURITY) or (bool(tracks_of(viewer)) and allowed(viewer, Need.WORK, model))


def require_rerunner(by: User, model: RegisteredModel) -> None:
    """Refuse whoever may not ask for checks again."""
    if not may_rerun(by, model):
        raise NotAllowed(
            f"Only team {model.team.name}, security and the reviewers of {model} ask for its checks again.",
            hint=f"Ask a contributor of {model.team.name}.",
        )
