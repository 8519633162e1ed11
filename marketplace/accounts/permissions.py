"""Who may manage teams, roles and tokens."""

from marketplace.accounts.models import Team, User
from marketplace.errors import NotAllowed
from marketplace.permissions.needs import OrgRole, TeamRole
from marketplace.permissions.queries import has_role, roles_of


def may_manage_team(user: User, team: Team) -> bool:
    """Owners of the team and administrators."""
    return roles_of(user).get(team.pk) == TeamRole.OWNER or has_role(user, OrgRole.ADMINISTRATOR)


def require_team_manager(user: User | None, team: Team) -> None:
    """Refuse whoever may not manage this team; None is the system itself."""
    if user is not None and not may_manage_team(user, team):
        raise NotAllowed(f"Only an owner of team {team.name} or an administrator may change it.", hint=f"Ask an owner of {team.name}.")


def require_administrator(user: User | None, to: str) -> None:
    """Refuse whoever is not an administrator; None is the system itself."""
    if user is not None and not has_role(user, OrgRole.ADMINISTRATOR):
        raise NotAllowed(f"Only an administrator may {to}.", hint="Ask an administrator.")
