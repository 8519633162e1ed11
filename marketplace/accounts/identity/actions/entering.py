"""People who come from the directory: who they are by a key that never changes, and what their groups give today."""

import hashlib
from datetime import timedelta

import structlog
from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.accounts.actions import ERASED, add_person, deactivate_person, keep_an_administrator
from marketplace.accounts.identity.actions.placing import place
from marketplace.accounts.identity.claims import Claims
from marketplace.accounts.identity.mapping import places_of
from marketplace.accounts.identity.queries import groups_pushed, holder_of_external_id
from marketplace.accounts.models import DirectoryPerson, Kind, SpentAssertion, User
from marketplace.accounts.permissions import require_administrator
from marketplace.activity.actions import record
from marketplace.errors import Conflict, NotAllowed

log = structlog.get_logger(__name__)
BY_DIRECTORY = "closed by the company's directory"
ASK = "Ask an administrator of this marketplace."


@transaction.atomic
def enter(claims: Claims, *, roles: str, required_group: str) -> User | None:
    """Return the person who comes with these claims, with the places of today; None when the directory no longer lets them in."""
    person = person_behind(claims.issuer, claims.subject) or person_brought(claims)
    pushed = groups_pushed(person) if person is not None else None
    groups = claims.groups if pushed is None else pushed
    if required_group and groups is None:
        raise NotAllowed("Your directory did not tell your groups.", hint="Its administrator lets it send only the groups of this marketplace.")
    if required_group and required_group not in (groups or ()):
        if person is not None:
            shut_out(person)
        return None
    person = person or admit(claims)
    if not person.is_active:
        raise NotAllowed(f"The account {person.username} was closed.", hint=ASK)
    remember_external_id(person, claims.external_id)
    if groups is not None:
        place({person: places_of(groups, roles)}, by=None)
    return person


def person_behind(issuer: str, subject: str) -> User | None:
    """The person whom this directory knows by this subject; the row is locked, so that two sign-ins do not race."""
    found = SocialAccount.objects.filter(provider=issuer, uid=subject).values_list("user", flat=True).first()
    return User.objects.select_for_update().get(pk=found) if found is not None else None


def person_brought(claims: Claims) -> User | None:
    """The person whom the directory brought by SCIM under the id that this sign-in carries; linked from now on, and only once."""
    entry = holder_of_external_id(claims.external_id)
    if entry is None:
        return None
    person = User.objects.select_for_update().get(pk=entry.user_id)
    linked = set(SocialAccount.objects.filter(user=person).values_list("provider", flat=True))
    if linked - {claims.issuer} and not entry.user_name and entry.removed_at is None:
        return None  # by the sign-in of another directory alone is this id known, and this one does not inherit it
    if not entry.is_made_here or claims.issuer in linked:
        known = "is linked to another sign-in" if entry.is_made_here else "was made by hand"
        raise Conflict(
            f"The directory knows you as {person.username}, but that account {known}.",
            hint=f"An administrator links it: manage.py person {person.username} --subject {claims.subject}",
        )
    link_identity(person, claims.issuer, claims.subject, by=None)
    return person


def admit(claims: Claims) -> User:
    """Make the account of somebody new; never take one that is there, whatever its name or e-mail address."""
    if claims.email and User.objects.filter(email__iexact=claims.email).exists():
        raise Conflict(
            f"There is already an account with the e-mail address {claims.email}, and it is not linked to this sign-in.",
            hint=f"An administrator links it: manage.py person NAME --subject {claims.subject}",
            code="email-taken",
        )
    person = add_person(free_username(claims.username), by=None, name=claims.name, email=claims.email, password=None)
    link_identity(person, claims.issuer, claims.subject, by=None)
    return person


def free_username(wish: str) -> str:
    """Return a user name that nobody has yet and that of nobody erased: the wish, or the wish with a number."""
    wish = f"person-{wish}" if wish.startswith(ERASED) else wish
    names = User.objects.filter(username__istartswith=wish).values_list("username", flat=True)
    said = DirectoryPerson.objects.filter(user_name__istartswith=wish).values_list("user_name", flat=True)
    taken = {name.lower() for name in [*names, *said]}
    return next(name for number in range(1, len(taken) + 2) if (name := wish if number == 1 else f"{wish}-{number}").lower() not in taken)


def remember_external_id(person: User, external_id: str) -> None:
    """Keep the id by which SCIM would call somebody who came by sign-in first, so that SCIM finds them and makes no second account."""
    if not external_id:
        return
    held = DirectoryPerson.objects.filter(external_id=external_id).values_list("user", flat=True).first()
    if held == person.pk:
        return
    if held is not None or DirectoryPerson.objects.filter(user=person).exclude(external_id="").exists():
        log.warning("external_id_differs", person=str(person.person))
        return
    DirectoryPerson.objects.update_or_create(
        user=person, defaults={"external_id": external_id}, create_defaults={"external_id": external_id, "is_made_here": True}
    )


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


@transaction.atomic
def spend_assertion(name: str) -> bool:
    """Take a proof of the directory, once; False when it was used before."""
    kept_until = timezone.now() + timedelta(days=2)
    try:
        with transaction.atomic():
            SpentAssertion.objects.create(digest=hashlib.sha256(f"sign-in:{name}".encode()).digest(), expires_at=kept_until)
    except IntegrityError:
        return False
    return True


def shut_out(person: User) -> None:
    """Close the account of somebody who left the group that people must be in; the last administrator stays, though not by this door."""
    if not person.is_active:
        return
    try:
        keep_an_administrator(person)
    except Conflict:
        record("role.last_administrator_kept", person, by=None)
    else:
        close_out(person, by=None, reason="no longer in the directory's group")


@transaction.atomic
def close_out(person: User, *, by: User | None, reason: str) -> User:
    """Close the account of somebody whom the directory no longer lets in; it may open the account again."""
    if person.is_active:
        deactivate_person(person, by=by, reason=reason)
        DirectoryPerson.objects.filter(user=person).update(is_closed_here=True)
    return person
