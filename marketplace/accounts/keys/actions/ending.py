"""Ending tokens: at once, by whoever looks after them or by what happened."""

import json
from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from marketplace.accounts.keys.permissions import require_keeper
from marketplace.accounts.models import ApiToken, Kind, TrustedPublisher, User
from marketplace.activity.actions import record
from marketplace.activity.models import Event


@transaction.atomic
def revoke_token(token: ApiToken, *, by: User) -> ApiToken:
    """End a token at once."""
    require_keeper(by, token.user, "revoke other people's tokens")
    revoke_tokens(ApiToken.objects.filter(pk=token.pk), by=by)
    token.refresh_from_db()
    return token


def revoke_tokens(tokens: QuerySet[ApiToken], *, by: User | None, reason: str = "", left: bool = False) -> int:
    """End whichever of these tokens are not ended yet, each with its event, and what came from them; who may was judged by the caller.

    `left`: nobody else knows these secrets, their owner only went; what they handed out to service accounts survives.
    """
    count, asked = 0, list(tokens.values_list("pk", flat=True))
    seen: set[int] = set()
    which = Q(revoked_at=None)
    while asked:
        seen.update(asked)
        for token in ApiToken.objects.filter(which, pk__in=asked).order_by("pk").select_for_update(of=("self",)):
            ApiToken.objects.filter(pk=token.pk).update(revoked_at=Now())
            record("token.revoked", token, by=by, reason=reason)
            count += 1
        # Whoever knows a secret may have asked for another with it; and a rotated one counts for a day beside its successor.
        came = Q(issued_through__in=asked) | Q(replaced_by__in=asked)
        if left:
            came &= ~Q(user__kind=Kind.SERVICE)
        else:
            came |= Q(publisher__in=_trust_no_more(asked, by=by))
        # Those that ended by themselves are only gone through: what came from them may still count.
        which, reason = Q(revoked_at=None, expires_at__gt=Now()), "It came from a token that was revoked, or was replaced by one."
        asked = list(ApiToken.objects.filter(came).exclude(pk__in=seen).values_list("pk", flat=True))
    return count


def _trust_no_more(tokens: Collection[int], *, by: User | None) -> list[TrustedPublisher]:
    """Remove the CI jobs that are trusted because somebody asked for it with one of these tokens."""
    gone = list(TrustedPublisher.objects.filter(added_through__in=tokens, removed_at=None).select_related("user").select_for_update(of=("self",)))
    for publisher in gone:
        TrustedPublisher.objects.filter(pk=publisher.pk).update(removed_at=Now())
        record("publisher.removed", publisher, by=by, owner=publisher.user)
    return gone


def end_tokens_of_leaver(event: Event) -> int:
    """Somebody left a team: their tokens that were limited to its models end with it."""
    return end_tokens_of_leavers([event])


def end_tokens_of_leavers(events: Sequence[Event]) -> int:
    """Many left a team, or several: found by one question for all of them."""
    left = {(json.loads(event.body)["details"]["person"], int(event.subject_id)) for event in events}
    people, teams = {person for person, _ in left}, {team for _, team in left}
    rows = ApiToken.objects.filter(user__person__in=people, only_teams__overlap=sorted(teams), revoked_at=None).values_list(
        "pk", "user__person", "only_teams"
    )
    gone = [pk for pk, person, only in rows if any((str(person), team) in left for team in only)]
    reason = "Its owner left the team it was limited to."
    return revoke_tokens(ApiToken.objects.filter(pk__in=gone), by=None, reason=reason, left=True) if gone else 0
