"""Who may manage teams, roles and tokens."""

from marketplace.accounts.models import Team, User
from marketplace.errors import NotAllowed
from marketplace.permissions.needs import OrgRole, TeamRole
from marketplace.permissions.queries import has_role, limits_of, roles_of


def speaks_for_directory(user: User) -> bool:
    """Whether this is the company's directory itself, which came by SCIM with the token of an administrator's choice; nowhere else set."""
    return bool(user.__dict__.get("is_directory"))


def may_manage_team(user: User, team: Team) -> bool:
    """Owners of the team and administrators; with a limited token only where it reaches the team."""
    limits = limits_of(user)
    if limits and team.pk not in limits.teams:
        return False
    return roles_of(user).get(team.pk) == TeamRole.OWNER or has_role(user, OrgRole.ADMINISTRATOR)


def may_look_into(user: User, team: Team) -> bool:
    """Members of the team and whoever manages it."""
    return team.pk in roles_of(user) or may_manage_team(user, team)


def require_member(user: User, team: Team, to: str) -> None:
    """Refuse whoever neither is in this team nor manages it."""
    if not may_look_into(user, team):
        raise NotAllowed(f"Only members of team {team.name} may {to}.", hint=f"Ask an owner of {team.name}.")


def require_team_manager(user: User | None, team: Team) -> None:
    """Refuse whoever may not manage this team; None is the system itself."""
    if user is not None and not speaks_for_directory(user) and not may_manage_team(user, team):
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
    """Refuse whoever is not an administrator, and tokens that are limited; None is the system itself."""
    if user is None or speaks_for_directory(user):
        return
    if limits_of(user):
        raise NotAllowed(f"A token that is limited to some models or teams may not {to}.", hint="Do it on the page, or with a token without limits.")
    if not has_role(user, OrgRole.ADMINISTRATOR):
        raise NotAllowed(f"Only an administrator may {to}.", hint="Ask an administrator.")
