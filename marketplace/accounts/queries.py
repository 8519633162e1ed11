"""Finding people, teams and tokens."""

from collections.abc import Collection

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower, Now

from marketplace.accounts.models import ApiToken, Membership, OrganizationRole, Session, Team, User
from marketplace.accounts.permissions import knows_team
from marketplace.errors import Invalid, NotFound
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
    team = None if "\0" in name else Team.objects.select_related("parent").filter(name__iexact=name).first()
    if team is None:
        raise NotFound
    return team


def teams_named(names: Collection[str], field: str = "teams") -> list[Team]:
    """The teams with these names, whatever the case; Invalid names those that do not exist."""
    wanted = {name.strip().lower(): name.strip() for name in names if name.strip()}
    found = {team.name.lower(): team for team in Team.objects.alias(low=Lower("name")).filter(low__in=[n for n in wanted if "\0" not in n])}
    if missing := [name for low, name in wanted.items() if low not in found]:
        shown = ", ".join(name[:96].replace("\0", " ") for name in missing[:9])
        raise Invalid("Some teams were not found.", fields={field: [f"There is no team named {shown}. The page Teams lists all of them."]})
    return list(found.values())


def members_of(team: Team) -> list[Membership]:
    """Who is in a team, owners first."""
    order = {role: place for place, role in enumerate((TeamRole.OWNER, TeamRole.CONTRIBUTOR, TeamRole.VIEWER))}
    rows = Membership.objects.filter(team=team, user__is_active=True).select_related("user")
    return sorted(rows, key=lambda m: (order[TeamRole(m.role)], m.user.username))


def members_known_to(viewer: User, team: Team) -> list[Membership]:
    """The members that somebody may know: all for the team and those who oversee it, else its owners, whom to ask."""
    found = members_of(team)
    return found if knows_team(viewer, team) else [member for member in found if member.role == TeamRole.OWNER]


def member_of(team: Team, username: str) -> Membership:
    """One member of a team by user name, also one who is deactivated; NotFound when there is none."""
    rows = Membership.objects.filter(team=team).select_related("user")
    found = None if "\0" in username else rows.filter(user__username__iexact=username).first()
    if found is None:
        raise NotFound
    return found


def units_of(team: Team) -> QuerySet[Team]:
    """The teams below a unit."""
    return Team.objects.filter(parent=team)


def owners_of(team_id: int) -> QuerySet[User]:
    """The owners of a team."""
    return User.objects.filter(memberships__team=team_id, memberships__role=TeamRole.OWNER, is_active=True)


def last_ownerships_of(user: User) -> QuerySet[Team]:
    """The teams that have no active owner besides this person."""
    others = Membership.objects.filter(team=OuterRef("pk"), role=TeamRole.OWNER, user__is_active=True).exclude(user=user)
    return Team.objects.filter(~Exists(others), memberships__user=user, memberships__role=TeamRole.OWNER)


def teams_without_owner() -> QuerySet[Team]:
    """The teams that have members and no active owner."""
    owners = Membership.objects.filter(team=OuterRef("pk"), role=TeamRole.OWNER, user__is_active=True)
    return Team.objects.filter(~Exists(owners), Exists(Membership.objects.filter(team=OuterRef("pk"))))


def last_administrator(user: User) -> bool:
    """Whether this person is the only active administrator."""
    return list(holders_of(OrgRole.ADMINISTRATOR).values_list("pk", flat=True)[:2]) == [user.pk]


def tracks_named() -> list[str]:
    """Every track that has had a reviewer; rules above may name more."""
    return sorted(set(OrganizationRole.objects.filter(role=OrgRole.REVIEWER).order_by().values_list("track", flat=True)))


def publishes(user: User) -> bool:
    """Whether a person may publish for any of their teams."""
    return not {TeamRole.CONTRIBUTOR, TeamRole.OWNER}.isdisjoint(roles_of(user).values())


def user_named(username: str) -> User:
    """The active person with this name, whatever the case; NotFound when there is none."""
    user = User.objects.filter(username__iexact=username, is_active=True).first()
    if user is None:
        raise NotFound(f"There is no person named {username}.")
    return user


def anybody_named(username: str) -> User:
    """The person with this name, also one who left, with `browsers` in which they are signed in; NotFound when there is none."""
    rows = User.objects.annotate(browsers=Count("sessions", filter=Q(sessions__expire_date__gt=Now())))
    user = None if "\0" in username else rows.filter(username__iexact=username).first()
    if user is None:
        raise NotFound(f"There is no person named {username[:96]}.")
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


def live_tokens_of(user: User) -> QuerySet[ApiToken]:
    """The tokens of a person that count now, if the person does."""
    return ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=Now())


def team_roles_of(user: User) -> dict[str, str]:
    """The teams of a person by name, with the role there."""
    return dict(Membership.objects.filter(user=user).order_by("team__name").values_list("team__name", "role"))
