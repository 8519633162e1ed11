"""Finding people, teams and tokens."""

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from marketplace.accounts.models import Membership, OrganizationRole, Session, Team, User
from marketplace.errors import NotFound
from marketplace.permissions.needs import OrgRole, TeamRole
from marketplace.permissions.queries import roles_of


def teams_of(user: User) -> QuerySet[Team]:
    """The teams a person belongs to, each with its size."""
    return all_teams().filter(pk__in=list(roles_of(user)))


def all_teams() -> QuerySet[Team]:
    """Every team with its size, counted as `members_of` lists it: names and purposes are known to everybody in the organization."""
    return Team.objects.annotate(size=Count("memberships", filter=Q(memberships__user__is_active=True)))


def team_named(name: str) -> Team:
    """The team with this name, whatever the case; NotFound when there is none."""
    team = Team.objects.filter(name__iexact=name).first()
    if team is None:
        raise NotFound
    return team


def members_of(team: Team) -> list[Membership]:
    """Who is in a team, owners first."""
    order = {role: place for place, role in enumerate((TeamRole.OWNER, TeamRole.CONTRIBUTOR, TeamRole.VIEWER))}
    rows = Membership.objects.filter(team=team, user__is_active=True).select_related("user")
    return sorted(rows, key=lambda m: (order[TeamRole(m.role)], m.user.username))


def owners_of(team_id: int) -> QuerySet[User]:
    """The owners of a team."""
    return User.objects.filter(memberships__team=team_id, memberships__role=TeamRole.OWNER, is_active=True)


def publishes(user: User) -> bool:
    """Whether a person may publish for any of their teams."""
    return not {TeamRole.CONTRIBUTOR, TeamRole.OWNER}.isdisjoint(roles_of(user).values())


def user_named(username: str) -> User:
    """The active person with this name, whatever the case; NotFound when there is none."""
    user = User.objects.filter(username__iexact=username, is_active=True).first()
    if user is None:
        raise NotFound(f"There is no person named {username}.")
    return user


def reviewers_of(track: str) -> QuerySet[User]:
    """The active people who review a track."""
    holds = Q(organization_roles__role=OrgRole.REVIEWER, organization_roles__track=track)
    return User.objects.filter(holds, is_active=True, kind="person").distinct()


def holders_of(role: str) -> QuerySet[User]:
    """The active people who hold an organization role."""
    return User.objects.filter(organization_roles__role=role, is_active=True).distinct()


def organization_roles_of(user: User) -> QuerySet[OrganizationRole]:
    """What a person is in the organization."""
    return OrganizationRole.objects.filter(user=user)


def people_by_pseudonym(ids: set[str]) -> dict[str, User]:
    """People by their pseudonymous ids; those erased are missing."""
    return {str(u.person): u for u in User.objects.filter(person__in=ids)}


def sessions_of(user: User) -> QuerySet[Session]:
    """The browsers in which a person is signed in, latest first."""
    return Session.objects.filter(user=user, expire_date__gt=Now()).order_by("-seen_at")


def team_roles_of(user: User) -> dict[str, str]:
    """The teams of a person by name, with the role there."""
    return dict(Membership.objects.filter(user=user).order_by("team__name").values_list("team__name", "role"))
