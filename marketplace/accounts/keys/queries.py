"""Finding who is behind a secret, and the tokens and trusted publishers that somebody looks after."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from marketplace.accounts.keys.limits import above, limits_in
from marketplace.accounts.models import ApiToken, TrustedPublisher, User
from marketplace.accounts.tokens import digest_of, is_well_formed
from marketplace.database import planned
from marketplace.errors import Invalid, NotFound
from marketplace.permissions.queries import with_rights

UNUSED_DAYS = 60


@dataclass(frozen=True)
class Caller:
    """Who calls with a token, and the token."""

    user: User
    token: ApiToken


def token_caller(secret: str) -> Caller | None:
    """The caller behind a secret: one indexed query; None when it never was, ended, was revoked or its owner left."""
    if not is_well_formed(secret):
        return None
    statement, before, after = _statement()
    with planned() as cursor:
        cursor.execute(statement, [*before, digest_of(secret), *after])
        row = cursor.fetchone()
    return None if row is None else _caller(row)


@lru_cache(maxsize=1)
def _columns() -> tuple[list[str], list[str]]:
    """The columns of a token and of its owner, in order."""
    tokens, people = ([field.attname for field in model._meta.concrete_fields] for model in (ApiToken, User))
    return tokens, people


@lru_cache(maxsize=1)
def _statement() -> tuple[str, tuple[Any, ...], tuple[Any, ...]]:
    """What finds a token with its owner and the owner's rights, and the values before and after the digest; writing it costs more than asking."""
    tokens, people = _columns()
    rows = ApiToken.objects.filter(digest=b"", revoked_at=None, expires_at__gt=Now(), user__is_active=True).order_by()
    told = [*tokens, *(f"user__{name}" for name in people), "read_groups", "read_roles"]
    statement, values = with_rights(rows, person="user").values_list(*told).query.sql_with_params()
    place = next(place for place, value in enumerate(values) if not isinstance(value, str))
    return statement, values[:place], values[place + 1 :]


def _caller(row: tuple[Any, ...]) -> Caller:
    tokens, people = _columns()
    token: Any = ApiToken.from_db(connection.alias, tokens, row[: len(tokens)])
    user: Any = User.from_db(connection.alias, people, row[len(tokens) : -2])
    user.read_groups, user.read_roles = row[-2], [json.loads(pair) for pair in row[-1]]
    user.limits, token.user = limits_in(token), user
    return Caller(user, token)


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """The tokens of a person or service account, newest first."""
    return ApiToken.objects.filter(user=user).select_related("issued_by", "replaced_by")


def tokens_kept_by(viewer: User) -> QuerySet[ApiToken]:
    """The tokens that somebody may end and rotate: their own, and those of the service accounts of teams they own."""
    return ApiToken.objects.filter(Q(user=viewer) | Q(user__in=above.accounts_kept_by(viewer).values("pk"))).select_related("user")


def token_of(viewer: User, pk: int) -> ApiToken:
    """One token that somebody may end and rotate; NotFound for anybody else's."""
    token = tokens_kept_by(viewer).filter(pk=pk).first() if pk < 2**63 else None
    if token is None:
        raise NotFound
    return token


def counts_now(token: ApiToken) -> bool:
    """Whether a token is in force, by the database's clock."""
    return ApiToken.objects.filter(pk=token.pk, revoked_at=None, expires_at__gt=Now(), user__is_active=True).exists()


def own_token_of(user: User, pk: int) -> ApiToken:
    """One token of this very person or service account; NotFound for anybody else's."""
    token = tokens_of(user).select_related("user").filter(pk=pk).first() if pk < 2**63 else None
    if token is None:
        raise NotFound
    return token


def account_kept_by(viewer: Any, username: str) -> User:
    """A service account that the viewer looks after, by its name; Invalid for any other."""
    found = None if "\0" in username else above.accounts_kept_by(viewer).filter(username__iexact=username, is_active=True).first()
    if found is None:
        raise Invalid("The token was not issued.", fields={"service_account": ["Name a service account of a team that you own."]})
    return found


def publishers_of(user: User) -> QuerySet[TrustedPublisher]:
    """The CI jobs that get tokens of a service account."""
    return TrustedPublisher.objects.filter(user=user, removed_at=None).select_related("created_by")


def publisher_of(user: User, pk: int) -> TrustedPublisher:
    """One trusted publisher of a service account; NotFound for any other."""
    found = publishers_of(user).select_related("user").filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise NotFound
    return found


def publishers_that_trust(issuer: str, account: str) -> list[TrustedPublisher]:
    """The rules that name this issuer, of active service accounts; of one account when it is named."""
    rows = TrustedPublisher.objects.filter(issuer=issuer, removed_at=None, user__is_active=True).select_related("user").order_by("pk")
    return list(rows.filter(user__username__iexact=account) if account else rows)


def is_unused(token: ApiToken, now: datetime | None = None) -> bool:
    """Whether nobody used it for so long that it is better ended."""
    return (token.last_used_at or token.created_at) < (now or timezone.now()) - timedelta(days=UNUSED_DAYS)


def database_now() -> datetime:
    """The time by the database's clock, which judges every end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
