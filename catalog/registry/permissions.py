"""Who may do what with models and versions."""

from typing import Any

from catalog.registry.models import RegisteredModel
from marketplace.accounts.models import Team, User
from marketplace.errors import NotAllowed
from marketplace.permissions.needs import Need, TeamRole
from marketplace.permissions.queries import limits_of, require, roles_of


def may_publish_for(user: User, team: Team) -> bool:
    """Contributors and owners of the team; with a limited token only where it reaches the team."""
    limits = limits_of(user)
    if limits and team.pk not in limits.teams:
        return False
    return roles_of(user).get(team.pk) in {TeamRole.CONTRIBUTOR, TeamRole.OWNER}


def require_publisher(user: User, team: Team) -> None:
    """Refuse whoever may not publish for this team."""
    if not may_publish_for(user, team):
        raise NotAllowed(
            f"Only contributors and owners of team {team.name} may publish for it.", hint=f"Ask an owner of team {team.name} to add you."
        )


def require_editor(user: User, model: RegisteredModel) -> None:
    """Refuse whoever may not change this model; what they may not see is not found."""
    require(user, Need.EDIT, model, sentence=f"Only contributors and owners of team {model.team.name} may change {model}.")


def require_manager(user: User, model: RegisteredModel) -> None:
    """Refuse whoever does not own this model."""
    require(user, Need.MANAGE, model, sentence=f"Only owners of team {model.team.name} may do this with {model}.")


def work_team(user: Any, model: RegisteredModel) -> Team | None:
    """The owner team, when the person works in it."""
    return model.team if model.team_id in roles_of(user) else None
