"""Issuing and rotating tokens, and noting that they are used."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from marketplace import origin
from marketplace.accounts.keys.limits import limits_in
from marketplace.accounts.keys.permissions import require_keeper, require_no_more, require_right_hands, require_still_counting
from marketplace.accounts.models import ApiToken, Kind, TrustedPublisher, User
from marketplace.accounts.tokens import FOR_ADMINISTRATORS, FOR_PEOPLE, SCOPES, digest_of, new_secret, shown_prefix
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid, NotAllowed
from marketplace.identifiers import hides_something
from marketplace.permissions.queries import Limits

MAX_TOKEN_DAYS = 365
LAST_USE_MINUTES = 5
OVERLAP_HOURS = 24
NO_LIMITS = Limits()


@transaction.atomic
def issue_token(
    user: User,
    *,
    by: User,
    name: str,
    scopes: list[str],
    days: int = 90,
    limits: Limits = NO_LIMITS,
    secret: str | None = None,
    parent: ApiToken | None = None,
) -> tuple[ApiToken, str]:
    """Issue a token and return it with its secret, which is shown once and never again."""
    require_keeper(by, user, "issue tokens for others")
    if problems := _problems(name, scopes, days, limits):
        raise Invalid("The token was not issued.", fields=problems)
    require_no_more(parent, scopes, limits)
    require_still_counting(parent)
    require_right_hands(by, scopes)
    refuse_what_is_for_people(user, scopes)
    end = min(filter(None, [timezone.now() + timedelta(days=days), parent.expires_at if parent else None]))
    token, secret = make_token(user, by=by, name=name, scopes=scopes, until=end, limits=limits, secret=secret, issued_through=parent)
    record("token.issued", token, by=by, owner=user, scopes=token.scopes, until=token.expires_at, teams=token.only_teams, models=token.only_models)
    return token, secret


def refuse_what_is_for_people(user: User, scopes: list[str]) -> None:
    """A service account never reviews, whoever issues its token."""
    if user.kind == Kind.SERVICE and not FOR_PEOPLE.isdisjoint(scopes):
        raise NotAllowed("A service account never reviews.", hint="Leave out the scope review.")


def _problems(name: str, scopes: list[str], days: int, limits: Limits) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    if not name.strip() or hides_something(name):
        problems["name"] = ["Say what the token is for, without invisible characters."]
    if wrong := scope_problem(scopes):
        problems["scopes"] = [wrong]
    elif limits and not FOR_ADMINISTRATORS.isdisjoint(scopes):
        problems["scopes"] = ["A token for the directory speaks of everybody; it cannot be limited to models or teams."]
    if not 1 <= days <= MAX_TOKEN_DAYS:
        problems["days"] = [f"A token ends after 1 to {MAX_TOKEN_DAYS} days."]
    return problems


def scope_problem(scopes: list[str]) -> str:
    """What is wrong with a choice of scopes; nothing when it is fine."""
    if not scopes:
        return f"Choose from {', '.join(SCOPES)}."
    unknown = sorted(set(scopes) - SCOPES.keys())
    return f"Unknown: {', '.join(unknown)}. Choose from {', '.join(SCOPES)}." if unknown else ""


def make_token(
    user: User,
    *,
    by: User,
    name: str,
    scopes: list[str],
    until: datetime,
    limits: Limits = NO_LIMITS,
    secret: str | None = None,
    replaces: ApiToken | None = None,
    issued_through: ApiToken | None = None,
    publisher: TrustedPublisher | None = None,
) -> tuple[ApiToken, str]:
    """Write the row of a token whose issuer was judged already; the caller records why."""
    secret = secret or new_secret()
    token = ApiToken.objects.create(
        user=user,
        name=name.strip()[:80],
        prefix=shown_prefix(secret),
        digest=digest_of(secret),
        scopes=sorted(set(scopes)),
        only_teams=sorted(limits.teams),
        only_models=sorted(limits.things),
        issued_by=by,
        replaces=replaces,
        issued_through=issued_through,
        publisher=publisher,
        expires_at=until,
    )
    token.refresh_from_db(fields=["created_at"])
    return token, secret


@transaction.atomic
def rotate_token(token: ApiToken, *, by: User, parent: ApiToken | None = None) -> tuple[ApiToken, str]:
    """Give a token a new secret for as long as it was first issued; the old one counts for 24 hours more at most, never longer than before."""
    require_keeper(by, token.user, "rotate other people's tokens")
    require_no_more(parent, token.scopes, limits_in(token))
    require_still_counting(parent)
    require_right_hands(by, token.scopes)
    if token.publisher_id is not None:
        raise Conflict("A CI job gets a new token each time it asks; there is nothing to rotate.", hint="Let the job exchange its token again.")
    overlap = Now() + timedelta(hours=OVERLAP_HOURS)
    counts = ApiToken.objects.filter(pk=token.pk, revoked_at=None, expires_at__gt=Now(), replaced_by=None)
    if not counts.exists():
        raise Conflict("Only a token that counts and was not rotated yet can be rotated.", hint="Issue a new one.")
    lasts = min(token.expires_at - token.created_at, timedelta(days=MAX_TOKEN_DAYS))
    end = min(filter(None, [timezone.now() + lasts, parent.expires_at if parent else None]))
    # Whoever asked with another token knows the new secret; whoever asked with this one takes its place, also among what came from a third.
    through = token.issued_through if parent is not None and parent.pk == token.pk else parent
    try:
        with transaction.atomic():
            made, secret = make_token(
                token.user, by=by, name=token.name, scopes=token.scopes, until=end, limits=limits_in(token), replaces=token, issued_through=through
            )
    except IntegrityError as faster:
        raise Conflict("Somebody rotated this token just now.", hint="Reload the page.") from faster
    ApiToken.objects.filter(pk=token.pk, expires_at__gt=overlap).update(expires_at=overlap)
    token.refresh_from_db(fields=["expires_at"])
    record("token.rotated", made, by=by, owner=token.user, replaces=token, until=made.expires_at, old_until=token.expires_at)
    return made, secret


def note_token_use(token: ApiToken) -> None:
    """Note the last use of a token and the address it came from, at most once in five minutes."""
    before = timezone.now() - timedelta(minutes=LAST_USE_MINUTES)
    if token.last_used_at is None or token.last_used_at < before:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=before)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=Now(), last_used_from=origin.current().address[:45])
