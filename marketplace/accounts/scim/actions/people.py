"""Bringing, changing and removing people."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from marketplace.accounts.actions import activate_person, add_person
from marketplace.accounts.identity.actions import BY_DIRECTORY, close_out, free_username, place
from marketplace.accounts.identity.claims import username_for
from marketplace.accounts.identity.mapping import Places
from marketplace.accounts.models import DirectoryGroup, DirectoryMembership, DirectoryPerson, User
from marketplace.accounts.permissions import require_administrator
from marketplace.accounts.scim.errors import ScimError, taken
from marketplace.accounts.scim.queries import named, person_of, unknown_with_email
from marketplace.accounts.scim.reading import email_in, name_in
from marketplace.accounts.scim.shapes import told_of
from marketplace.activity.actions import record
from marketplace.errors import Conflict
from marketplace.identifiers import hides_something

OWN = ("userName", "externalId", "active")  # kept in columns; the rest stays as the directory wrote it


@transaction.atomic
def bring_person(told: Mapping[str, Any], *, by: User) -> User:
    """Make the account of somebody; or take up whom the directory knew by the same id of its own, never by name or e-mail address."""
    entry = _known(told.get("externalId", ""))
    if named(told["userName"]).exclude(pk=entry.user_id if entry else 0).exists():
        raise taken(f"There is already somebody named {told['userName']}.")
    if entry is not None:
        return _write(entry.user, entry, told, by=by)
    if (other := unknown_with_email(email_in(told))) is not None:
        raise taken(
            f"{other.username} has this e-mail address and is not known to the directory. When it is the same person, "
            f"an administrator says so: manage.py person {other.username} --directory-name {told['userName']}"
        )
    username = free_username(username_for(told["userName"].partition("@")[0]))
    person = add_person(username, by=by, name=name_in(told), email=email_in(told), password=None)
    return _write(person, DirectoryPerson(user=person, is_made_here=True), told, by=by, is_new=True)


def _known(external_id: str) -> DirectoryPerson | None:
    """Whom the directory removed, or knows by sign-in alone, under this id; refused when it brought them already."""
    rows = DirectoryPerson.objects.select_for_update(of=("self",)).select_related("user")
    entry = rows.filter(external_id=external_id).first() if external_id else None
    if entry is not None and entry.user_name:
        raise taken(f"{entry.user_name} has this externalId already.")
    return entry


@transaction.atomic
def change_person(person: User, told: Mapping[str, Any], *, by: User) -> User:
    """Let a person be as the directory says."""
    if named(told["userName"]).exclude(pk=person.pk).exists():
        raise taken(f"There is already somebody named {told['userName']}.")
    entry = DirectoryPerson.objects.filter(user=person).first() or DirectoryPerson(user=person, is_made_here=False)
    return _write(person, entry, told, by=by)


def _write(person: User, entry: DirectoryPerson, told: Mapping[str, Any], *, by: User, is_new: bool = False) -> User:
    """Write what differs, and open or close the account."""
    before = {} if is_new else told_of(person)
    said = {name: value for name, value in told.items() if name not in OWN}
    facts = {"user_name": told["userName"], "external_id": told.get("externalId", ""), "said": said, "removed_at": None, "changed_at": Now()}
    changed = sorted(name for name in {*before, *told} if name != "active" and (before.get(name) or None) != (told.get(name) or None))
    if changed or not entry.user_name:
        try:
            with transaction.atomic():
                DirectoryPerson.objects.update_or_create(user=person, defaults=facts, create_defaults=facts | {"is_made_here": entry.is_made_here})
        except IntegrityError as twice:
            raise taken("Somebody else has this userName or externalId already.") from twice
        User.objects.filter(pk=person.pk).update(name=name_in(said), email=email_in(said))
        if not is_new:
            record("person.changed", person, by=by, fields=changed)
    _open_or_close(person, wanted=told.get("active", True), by=by)
    return person_of(str(person.person))


def _open_or_close(person: User, *, wanted: bool, by: User) -> None:
    """Open or close the account. What an administrator closed by hand only an administrator opens; the last administrator stays."""
    if wanted == person.is_active:
        return
    if not wanted:
        _close(person, by=by)
        return
    if not DirectoryPerson.objects.filter(user=person, is_closed_here=True).exists():
        raise ScimError("mutability", f"An administrator closed the account {person.username}; only an administrator opens it again.")
    activate_person(person, by=by)


def _close(person: User, *, by: User) -> None:
    try:
        close_out(person, by=by, reason=BY_DIRECTORY)
    except Conflict as no:
        raise ScimError("mutability", f"{no.sentence} {no.hint}") from no


@transaction.atomic
def remove_person(person: User, *, by: User) -> None:
    """Close the account of somebody whom the directory removed, and take back what it gave; the person stays in the record.

    Whom an administrator closed before stays closed by the administrator, also when the directory brings them again.
    """
    is_ours = person.is_active or DirectoryPerson.objects.filter(user=person, is_closed_here=True).exists()
    DirectoryGroup.objects.filter(memberships__user=person).update(revision=F("revision") + 1, changed_at=Now())
    DirectoryMembership.objects.filter(user=person).delete()
    place({person: Places()}, by=by)
    _open_or_close(person, wanted=False, by=by)
    gone = {"user_name": "", "said": {}, "removed_at": timezone.now(), "changed_at": Now(), "is_closed_here": is_ours}
    DirectoryPerson.objects.update_or_create(user=person, defaults=gone, create_defaults=gone | {"is_made_here": False})
    record("person.removed", person, by=by)


@transaction.atomic
def name_for_directory(person: User, name: str, *, by: User | None) -> None:
    """Say under which name the directory knows somebody whose account was made by hand: from now on it is the directory's to change."""
    require_administrator(by, "say whom the directory means")
    if not person.is_person:
        raise Conflict(f"{person.username} is a service account; a directory brings people.", hint="Name a person.")
    if not name or len(name) > 254 or hides_something(name) or named(name).exclude(pk=person.pk).exists():
        raise Conflict(f"{name[:100]!r} cannot be the name of {person.username} in the directory.", hint="Use one line that nobody else has there.")
    told = {key: value for key, value in told_of(person).items() if key not in OWN and value}
    facts = {"user_name": name, "is_made_here": True, "removed_at": None}
    DirectoryPerson.objects.update_or_create(user=person, defaults=facts, create_defaults=facts | {"said": told})
    record("person.changed", person, by=by, fields=["userName"])
