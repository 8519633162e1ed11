"""People of the directory: they come, get the places their groups give, and leave. And what anybody does about their own sign-in."""

import logging
from collections.abc import Mapping

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.accounts.actions import add_member, add_person, deactivate_person, give_role, remove_member, take_role
from marketplace.accounts.identity.claims import Claims
from marketplace.accounts.identity.mapping import Places, places_of
from marketplace.accounts.models import Kind, Membership, OrganizationRole, Session, Source, Team, User
from marketplace.accounts.permissions import require_administrator
from marketplace.activity.actions import record
from marketplace.errors import Conflict, NotAllowed, NotFound

logger = logging.getLogger(__name__)

ASK = "Ask an administrator of this marketplace."


@transaction.atomic
def enter(claims: Claims, *, roles: str, required_group: str) -> User | None:
    """Return the person who comes with these claims, with the places of today; None when the directory no longer lets them in."""
    person = person_behind(claims.issuer, claims.subject)
    if required_group and claims.groups is None:
        raise NotAllowed("Your directory did not tell your groups.", hint="Its administrator lets it send only the groups of this marketplace.")
    if required_group and required_group not in (claims.groups or ()):
        if person is not None and person.is_active:
            deactivate_person(person, by=None, reason="no longer in the directory's group")
        return None
    person = person or admit(claims)
    if not person.is_active:
        raise NotAllowed(f"The account {person.username} was closed.", hint=ASK)
    if claims.groups is not None:
        place(person, places_of(claims.groups, roles))
    return person


def person_behind(issuer: str, subject: str) -> User | None:
    """The person whom this directory knows by this subject; the row is locked, so that two sign-ins do not race."""
    found = SocialAccount.objects.filter(provider=issuer, uid=subject).values_list("user", flat=True).first()
    return User.objects.select_for_update().get(pk=found) if found is not None else None


def admit(claims: Claims) -> User:
    """Make the account of somebody new; never take one that is there, whatever its name or e-mail address."""
    if claims.email and User.objects.filter(email__iexact=claims.email).exists():
        raise Conflict(
            f"There is already an account with the e-mail address {claims.email}, and it is not linked to this sign-in.",
            hint=f"An administrator links it: manage.py person NAME --subject {claims.subject}",
            code="email-taken",
        )
    for number in range(1, 100):
        name = claims.username if number == 1 else f"{claims.username}-{number}"
        if not User.objects.filter(username__iexact=name).exists():
            break
    person = add_person(name, by=None, name=claims.name, email=claims.email, password=None)
    link_identity(person, claims.issuer, claims.subject, by=None)
    return person


@transaction.atomic
def link_identity(user: User, issuer: str, subject: str, *, by: User | None) -> None:
    """Let this person sign in as this subject of the directory."""
    require_administrator(by, "link accounts")
    if user.kind != Kind.PERSON:
        raise Conflict(f"{user.username} is a service account; it never signs in.", hint="Link a person.")
    try:
        with transaction.atomic():
            SocialAccount.objects.create(user=user, provider=issuer, uid=subject, extra_data={})
    except IntegrityError as taken:
        raise Conflict("This subject of the directory is linked to an account already.", hint="Look which with manage.py person NAME.") from taken
    record("person.linked", user, by=by, issuer=issuer)


def place(person: User, wanted: Places) -> None:
    """Give what the groups give and take back what they gave before; places given by hand stay as they are."""
    place_in_teams(person, wanted.teams)
    held = {(r.role, r.track): r for r in OrganizationRole.objects.filter(user=person)}
    for role, track in sorted(wanted.roles - held.keys()):
        give_role(person, role, track=track, by=None, source=Source.DIRECTORY)
    for (role, track), row in held.items():
        if row.source == Source.DIRECTORY and (role, track) not in wanted.roles:
            take_role(person, role, track=track, by=None)


def place_in_teams(person: User, wanted: Mapping[str, str]) -> None:
    """Give and take back places in teams."""
    teams = {team.name.lower(): team for team in Team.objects.select_related("group") if team.name.lower() in wanted}
    for missing in sorted(wanted.keys() - teams.keys()):
        logger.warning("OIDC_ROLES gives a place in team %s, which does not exist.", missing)
    have = {m.team.name.lower(): m for m in Membership.objects.select_related("team__group").filter(user=person)}
    for name, team in teams.items():
        if name not in have or (have[name].source == Source.DIRECTORY and have[name].role != wanted[name]):
            with_owner_kept(team, person, role=wanted[name])
    for name, membership in have.items():
        if membership.source == Source.DIRECTORY and name not in teams:
            with_owner_kept(membership.team, person, role=None)


def with_owner_kept(team: Team, person: User, *, role: str | None) -> None:
    """Change a place as the directory says, unless the team would lose its last owner: then it stays, and administrators hear of it."""
    try:
        with transaction.atomic():
            if role is None:
                remove_member(team, person, by=None)
            else:
                add_member(team, person, role=role, by=None, source=Source.DIRECTORY)
    except Conflict:
        record("team.last_owner_kept", team, by=None, person=person)


@transaction.atomic
def end_session(user: User, name: str, *, by: User) -> None:
    """End one of my sessions at once."""
    if by.pk != user.pk:
        raise NotFound
    if not Session.objects.filter(user=user, session_key=name).delete()[0]:
        raise NotFound
    record("person.session_ended", user, by=by)


def forget_ended_sessions() -> int:
    """Take away what ended long ago; called when somebody signs in, so that the table does not grow."""
    return int(Session.objects.filter(expire_date__lt=timezone.now()).delete()[0])


@transaction.atomic
def note_second_factor(user: User, *, by: User, kind: str, added: bool) -> None:
    """Remember that somebody added or removed a second factor."""
    record("person.second_factor_added" if added else "person.second_factor_removed", user, by=by, kind=kind)


@transaction.atomic
def forget_second_factors(user: User, *, by: User | None) -> None:
    """Take all second factors away from somebody who lost them; the sessions end, so that the next sign-in starts afresh."""
    require_administrator(by, "remove second factors")
    if Authenticator.objects.filter(user=user).delete()[0]:
        Session.objects.filter(user=user).delete()
        record("person.second_factor_removed", user, by=by, kind="all")


def remember_counter(row: Authenticator, data: dict[str, object]) -> None:
    """Keep what a second factor knows of its last uses; the row is locked by the caller."""
    Authenticator.objects.filter(pk=row.pk).update(data=data)
