"""Who may do what with models and versions."""

from typing import Any

from catalog.registry.models import AccessGrant, RegisteredModel, UseCase
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


def require_other_hands(by: User, model: RegisteredModel, *, user: User | None, team: Team | None) -> None:
    """Refuse an owner who would give access to themselves, to a team of theirs or to a program of such a team, and programs altogether."""
    mine = roles_of(by)
    own = user is not None and (user.pk == by.pk or (not user.is_person and user.memberships.filter(team__in=mine).exists()))
    if own or (team is not None and team.pk in mine):
        raise NotAllowed(
            f"Four-eyes rule: {by} would get it, so somebody else decides.",
            hint=f"Ask for access to {model}; another owner of team {model.team.name} decides.",
            code="four-eyes",
        )
    if not by.is_person:
        raise NotAllowed("A service account never decides on access.", hint="A person who owns the model decides.", code="four-eyes")


def may_speak_for(user: User, grant: AccessGrant) -> bool:
    """The person who holds a grant, the owners of a team that holds one, and for a service account the owners of its teams."""
    if not limits_of(user).cover(grant.thing):
        return False
    owned = [team for team, role in roles_of(user).items() if role == TeamRole.OWNER]
    if grant.team_id is not None:
        return grant.team_id in owned
    if grant.user_id == user.pk:
        return True
    holder = grant.user
    return holder is not None and not holder.is_person and holder.memberships.filter(team__in=owned).exists()


def may_change_use_case(user: User, use_case: UseCase) -> bool:
    """The owner of a use case as long as they are in its team, and the owners of the team; with a limited token only where it reaches the team."""
    limits = limits_of(user)
    if limits and use_case.team_id not in limits.teams:
        return False
    role = roles_of(user).get(use_case.team_id)
    return role == TeamRole.OWNER or (role is not None and use_case.owner_id == user.pk)


def require_use_case_owner(user: User, use_case: UseCase) -> None:
    """Refuse whoever may not change this use case."""
    if not may_change_use_case(user, use_case):
        raise NotAllowed(
            f"Only {use_case.owner} and the owners of team {use_case.team.name} may change the use case {use_case}.",
            hint=f"Ask {use_case.owner} or an owner of team {use_case.team.name}.",
        )


def work_team(user: Any, model: RegisteredModel) -> Team | None:
    """The owner team, when the person works in it."""
    return model.team if model.team_id in roles_of(user) else None
