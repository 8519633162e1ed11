"""What is done to people, teams, roles and tokens."""

from uuid import uuid4

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from marketplace.accounts.keys.actions import issue_token, revoke_token, revoke_tokens
from marketplace.accounts.leaving import movers
from marketplace.accounts.models import (
    ApiToken,
    DirectoryGroup,
    DirectoryMembership,
    DirectoryPerson,
    Kind,
    Membership,
    OrganizationRole,
    Session,
    Source,
    Team,
    Theme,
    User,
)
from marketplace.accounts.permissions import require_administrator, require_hand_over, require_team_manager
from marketplace.activity.actions import forget_texts, record
from marketplace.activity.queries import events_by
from marketplace.errors import Conflict, Invalid
from marketplace.identifiers import NameValidator, hides_something
from marketplace.permissions.actions import forget_cached, join_group, leave_group, mirror_group
from marketplace.permissions.needs import OrgRole, TeamRole

__all__ = [
    "activate_person",
    "add_member",
    "add_person",
    "add_service_user",
    "change_settings",
    "change_team",
    "check_name",
    "create_team",
    "deactivate_person",
    "end_service_user",
    "erase_person",
    "give_role",
    "hand_over",
    "issue_token",
    "keep_an_administrator",
    "note_sign_in",
    "place_team",
    "remove_member",
    "revoke_token",
    "take_role",
    "welcome_person",
]

MOST_QUOTA = 2**50
ERASED = "erased-"


def check_name(name: str, field: str = "name") -> str:
    """Return the name, or raise Invalid with what is wrong with it."""
    try:
        NameValidator()(name)
    except ValidationError as wrong:
        raise Invalid(f"{name[:100]!r} is no valid name.", fields={field: wrong.messages}) from wrong
    return name


@transaction.atomic
def add_person(username: str, *, by: User | None, name: str = "", email: str = "", password: str | None = None, kind: str = Kind.PERSON) -> User:
    """Add a person or a service account."""
    require_administrator(by, "add people")
    return _add_user(User(username=username, name=name, email=email, kind=kind), by=by, password=password)


@transaction.atomic
def add_service_user(team: Team, username: str, *, by: User, name: str = "") -> User:
    """Add a service account to a team, as a viewer; owners of the team may."""
    require_team_manager(by, team)
    user = _add_user(User(username=username, name=name, kind=Kind.SERVICE), by=by)
    add_member(team, user, role=TeamRole.VIEWER, by=by)
    return user


@transaction.atomic
def end_service_user(team: Team, user: User, *, by: User) -> User:
    """End a service account of a team for good: its tokens with it."""
    require_team_manager(by, team)
    if user.kind != Kind.SERVICE or not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        raise Conflict(f"{user} is no service account that still works.", hint="Reload the page.")
    revoke_tokens(ApiToken.objects.filter(user=user), by=by)
    user.refresh_from_db()
    return user


def _add_user(user: User, *, by: User | None, password: str | None = None) -> User:
    check_name(user.username, "username")
    if user.username.startswith(ERASED):
        raise Invalid(f"{user.username} is no valid name.", fields={"username": [f"Names that begin with {ERASED} are of those who were erased."]})
    user.set_password(password)
    if DirectoryPerson.objects.filter(user_name__iexact=user.username).exists():
        raise Conflict(f"The directory calls somebody else {user.username}.", hint="Choose another name.")
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as taken:
        raise Conflict(f"There is already somebody named {user.username}.", hint="Choose another name.") from taken
    record("person.added", user, by=by, kind=user.kind)
    return user


@transaction.atomic
def deactivate_person(user: User, *, by: User | None, reason: str = "") -> User:
    """Let somebody leave: sessions end and tokens stop at once, tokens for good; teams and roles stay written down."""
    require_administrator(by, "deactivate people")
    if by is not None and by.pk == user.pk:
        raise Conflict("You cannot deactivate yourself.", hint="Ask another administrator.")
    if by is not None:
        keep_an_administrator(user)
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        Session.objects.filter(user=user).delete()
        record("person.deactivated", user, by=by, reason=reason)
        revoke_tokens(ApiToken.objects.filter(user=user), by=by, left=True)
    user.refresh_from_db()
    forget_cached(user)
    return user


@transaction.atomic
def activate_person(user: User, *, by: User | None) -> User:
    """Let somebody come back: teams and roles count again, tokens and grants that ended stay ended."""
    require_administrator(by, "activate people")
    if user.username.startswith(ERASED):
        raise Conflict("Whoever was erased does not come back.", hint="Add the person anew.")
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        DirectoryPerson.objects.filter(user=user).update(is_closed_here=False)
        record("person.activated", user, by=by)
    user.refresh_from_db()
    forget_cached(user)
    return user


def keep_an_administrator(user: User) -> None:
    """Refuse to take the last administrator; the rows of the role serialize, so that two cannot take each other at once."""
    rows = OrganizationRole.objects.select_for_update().filter(role=OrgRole.ADMINISTRATOR).order_by("pk")
    holders = {row.user_id for row in rows}
    if set(User.objects.filter(pk__in=holders, is_active=True).values_list("pk", flat=True)) == {user.pk}:
        raise Conflict(f"{user} is the last administrator.", hint="Make somebody else an administrator first.")


@transaction.atomic
def erase_person(user: User, *, by: User | None) -> User:
    """Forget who a person was: the record keeps the pseudonym, and its chain still verifies."""
    require_administrator(by, "erase people")
    record("person.erased", user, by=by)
    forget_texts(events_by(user.person))
    User.objects.filter(pk=user.pk).update(
        username=f"{ERASED}{uuid4().hex[:12]}",
        name="",
        email="",
        is_active=False,
        password="!",  # noqa: S106 - an unusable password
    )
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
    Session.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    DirectoryPerson.objects.filter(user=user).delete()
    DirectoryGroup.objects.filter(memberships__user=user).update(revision=F("revision") + 1)
    DirectoryMembership.objects.filter(user=user).delete()
    ApiToken.objects.filter(user=user).update(last_used_from="")
    user.refresh_from_db()
    return user


@transaction.atomic
def create_team(name: str, *, by: User | None, purpose: str = "", owner: User | None = None) -> Team:
    """Create a team, with its mirrored group and its first owner."""
    require_administrator(by, "create teams")
    check_name(name)
    try:
        with transaction.atomic():
            group = mirror_group(f"team:{name.lower()}")
            team = Team.objects.create(name=name, purpose=purpose, group=group, quota_bytes=settings.TEAM_QUOTA_BYTES)
    except IntegrityError as taken:
        raise Conflict(f"There is already a team named {name}.", hint="Choose another name.") from taken
    record("team.created", team, by=by)
    if owner is not None:
        add_member(team, owner, role=TeamRole.OWNER, by=by)
    return team


@transaction.atomic
def place_team(team: Team, parent: Team | None, *, by: User | None) -> Team:
    """Put a team under a unit, or under none; there is one level, so a unit is under nothing itself."""
    require_administrator(by, "place teams")
    ids = sorted({team.pk, parent.pk} if parent is not None else {team.pk})
    rows = {row.pk: row for row in Team.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    if parent is not None:
        if parent.pk == team.pk or rows[parent.pk].parent_id is not None:
            raise Conflict(f"{parent.name} cannot be above {team.name}: there is one level.", hint="Choose a team that is under no other.")
        if Team.objects.filter(parent=team).exists():
            raise Conflict(f"{team.name} has teams below it: there is one level.", hint="Place those teams elsewhere first.")
    if rows[team.pk].parent_id != (parent.pk if parent else None):
        Team.objects.filter(pk=team.pk).update(parent=parent)
        record("team.placed", team, by=by, parent=parent)
    team.refresh_from_db()
    return team


@transaction.atomic
def add_member(team: Team, user: User, *, role: str, by: User | None, source: str = Source.HAND) -> Membership:
    """Put a person into a team, or change the role there."""
    require_team_manager(by, team)
    if role not in TeamRole.values:
        raise Invalid(f"{role!r} is no role.", fields={"role": [f"Use one of {', '.join(TeamRole.values)}."]})
    if role == TeamRole.OWNER and not user.is_person:
        raise Invalid("A service account never owns a team.", fields={"role": ["Make a person an owner; the account needs viewer or contributor."]})
    if role != TeamRole.OWNER:
        _keep_an_owner(team, user)
    membership, _ = Membership.objects.update_or_create(team=team, user=user, defaults={"role": role, "source": source})
    forget_cached(user)
    join_group(user, team.group.name)
    record("team.member_added", team, by=by, person=user, role=role, source=source)
    return membership


def _keep_an_owner(team: Team, user: User) -> None:
    """Refuse to take the last owner; the team row serializes, so that two owners cannot remove each other at once."""
    Team.objects.select_for_update().get(pk=team.pk)
    people = Membership.objects.filter(team=team, role=TeamRole.OWNER, user__is_active=True, user__kind=Kind.PERSON)
    owners = set(people.values_list("user_id", flat=True))
    if owners == {user.pk}:
        raise Conflict(f"{user} is the last owner of {team.name}.", hint="Make somebody else an owner first.")


@transaction.atomic
def remove_member(team: Team, user: User, *, by: User | None) -> None:
    """Take a person out of a team; the last owner stays."""
    require_team_manager(by, team)
    _keep_an_owner(team, user)
    mine = Membership.objects.filter(team=team, user=user)
    if not mine.delete()[0]:
        raise Conflict(f"{user} is not in team {team.name}.", hint="Reload the page.")
    leave_group(user, team.group.name)
    record("team.member_removed", team, by=by, person=user)


@transaction.atomic
def hand_over(person: User, *, to: User, by: User | None, team: Team | None = None) -> int:
    """Hand over what somebody leaves (in one team, or everywhere) as far as it can be; return how much moved."""
    require_hand_over(by, team)
    if to.pk == person.pk or not to.is_active or not to.is_person:
        raise Invalid("Nothing was handed over.", fields={"to": ["Name another person who is active; a service account answers for nothing."]})
    return sum(move(person, to=to, by=by, team=team) for move in movers())


@transaction.atomic
def change_team(team: Team, *, by: User | None, purpose: str | None = None, quota_bytes: int | None = None) -> Team:
    """Change what a team is for, and how much it may store."""
    require_administrator(by, "change teams")
    wanted = {name: value for name, value in (("purpose", purpose), ("quota_bytes", quota_bytes)) if value is not None}
    problems: dict[str, list[str]] = {}
    if purpose is not None and (len(purpose) > 280 or hides_something(purpose)):
        problems["purpose"] = ["Use one line of at most 280 characters, without invisible ones."]
    if quota_bytes is not None and not 0 <= quota_bytes <= MOST_QUOTA:
        problems["quota_bytes"] = [f"Use a whole number of bytes from 0 to {MOST_QUOTA}."]
    if problems:
        raise Invalid("The team was not changed.", fields=problems)
    before = {name: getattr(team, name) for name in wanted}
    if before != wanted:
        Team.objects.filter(pk=team.pk).update(**wanted)
        record("team.changed", team, by=by, before=before, after=wanted)
    team.refresh_from_db()
    return team


@transaction.atomic
def give_role(user: User, role: str, *, by: User | None, track: str = "", is_lead: bool = False, source: str = Source.HAND) -> OrganizationRole:
    """Give somebody an organization role; reviewers get a track."""
    require_administrator(by, "give organization roles")
    if role not in OrgRole.values:
        raise Invalid(f"{role[:40]!r} is no organization role.", fields={"role": [f"Use one of {', '.join(OrgRole.values)}."]})
    if len(track) > 40 or (role == OrgRole.REVIEWER) != bool(track):
        raise Invalid("Reviewers need a track, and only they have one.", fields={"track": ["Name the track for a reviewer, leave it empty else."]})
    given, _ = OrganizationRole.objects.update_or_create(user=user, role=role, track=track, defaults={"is_lead": is_lead, "source": source})
    join_group(user, f"track:{track}" if track else f"role:{role}")
    record("role.given", user, by=by, role=role, track=track, lead=is_lead, source=source)
    return given


@transaction.atomic
def take_role(user: User, role: str, *, by: User | None, track: str = "") -> None:
    """Take an organization role away."""
    require_administrator(by, "take organization roles")
    if by is not None and role == OrgRole.ADMINISTRATOR:
        keep_an_administrator(user)
    if OrganizationRole.objects.filter(user=user, role=role, track=track).delete()[0]:
        leave_group(user, f"track:{track}" if track else f"role:{role}")
        record("role.taken", user, by=by, role=role, track=track)


@transaction.atomic
def change_settings(user: User, *, by: User, theme: str, mails_digest: bool) -> User:
    """Change how the pages look and what is mailed."""
    if theme not in Theme.values:
        raise Invalid("Unknown theme.", fields={"theme": [f"Use one of {', '.join(Theme.values)}."]})
    User.objects.filter(pk=user.pk).update(theme=theme, mails_digest=mails_digest)
    user.refresh_from_db()
    forget_cached(user)
    record("person.settings_changed", user, by=by, theme=theme, mails_digest=mails_digest)
    return user


@transaction.atomic
def welcome_person(user: User, *, by: User, mails_digest: bool | None) -> User:
    """Keep what somebody answered at their first sign-in; None: they skipped it, and nothing changes."""
    User.objects.filter(pk=user.pk).update(welcomed_at=Now())
    if mails_digest is not None and mails_digest != user.mails_digest:
        return change_settings(user, by=by, theme=user.theme, mails_digest=mails_digest)
    return user


@transaction.atomic
def note_sign_in(user: User, *, by: User) -> None:
    """Remember that somebody signed in."""
    record("person.signed_in", user, by=by)
