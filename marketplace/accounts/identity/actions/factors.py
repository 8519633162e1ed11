"""What people do about their own sign-in: sessions and second factors."""

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from marketplace.accounts.models import Session, User
from marketplace.accounts.permissions import require_administrator
from marketplace.activity.actions import record
from marketplace.errors import NotFound


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
