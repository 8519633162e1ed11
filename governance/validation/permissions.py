"""Who may ask for checks again, and who may look into quarantine."""

from typing import Any

from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.states import VersionState
from marketplace.accounts.models import User
from marketplace.errors import Conflict, NotAllowed
from marketplace.lifecycle import words
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


def may_inspect(viewer: Any, version: ModelVersion) -> bool:
    """Security, while the version is quarantined and its bytes are there; the gate decides again when a file is opened."""
    return version.state == VersionState.QUARANTINED and bool(viewer.is_person) and has_role(viewer, OrgRole.SECURITY)


def require_inspector(by: User, version: ModelVersion) -> None:
    """Refuse whoever may not look into quarantine."""
    if version.state != VersionState.QUARANTINED:
        raise Conflict(f"{version} is {words(version.state)}, not quarantined.", hint="Open its files on the page of the version.")
    if not may_inspect(by, version):
        raise NotAllowed("Only security may inspect quarantined files.", hint="Ask the security team.", code="quarantined")
