"""Who may manage teams, roles and tokens."""

from marketplace.accounts.models import Team, User
from marketplace.errors import NotAllowed
from marketplace.permissions.needs import OrgRole, TeamRole
from marketplace.permissions.queries import has_role, roles_of

RANK = [TeamRole.VIEWER, TeamRole.CONTRIBUTOR, TeamRole.OWNER]


def may_manage_team(user: User, team: Team) -> bool:
    """Owners of the team and administrators."""
    return roles_of(user).get(team.pk) == TeamRole.OWNER or has_role(user, OrgRole.ADMINISTRATOR)


def require_team_manager(user: User | None, team: Team) -> None:
    """Refuse whoever may not manage this team; None is the system itself."""
    if user is not None and not may_manage_team(user, team):
        raise NotAllowed(f"Only an owner of team {team.name} or an administrator may change it.", hint=f"Ask an owner of {team.name}.")


def require_hand_over(user: User | None, team: Team | None) -> None:
    """Refuse whoever may not hand over what somebody leaves: of one team its owners, of all teams administrators."""
    if team is None:
        require_administrator(user, "hand over what somebody leaves")
    else:
        require_team_manager(user, team)


def knows_team(user: User, team: Team) -> bool:
    """Who sees more of a team than its public facts: its members, administrators, governance and auditors."""
    return team.pk in roles_of(user) or any(has_role(user, role) for role in (OrgRole.ADMINISTRATOR, OrgRole.GOVERNANCE, OrgRole.AUDITOR))


def require_administrator(user: User | None, to: str) -> None:
    """Refuse whoever is not an administrator; None is the system itself."""
    if user is not None and not has_role(user, OrgRole.ADMINISTRATOR):
        raise NotAllowed(f"Only an administrator may {to}.", hint="Ask an administrator.")
