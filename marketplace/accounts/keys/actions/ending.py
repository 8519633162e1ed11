"""Ending tokens: at once, by whoever looks after them or by what happened."""

import json

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from marketplace.accounts.keys.permissions import require_keeper
from marketplace.accounts.models import ApiToken, User
from marketplace.activity.actions import record
from marketplace.activity.models import Event


@transaction.atomic
def revoke_token(token: ApiToken, *, by: User) -> ApiToken:
    """End a token at once."""
    require_keeper(by, token.user, "revoke other people's tokens")
    revoke_tokens(ApiToken.objects.filter(pk=token.pk), by=by)
    token.refresh_from_db()
    return token


def revoke_tokens(tokens: QuerySet[ApiToken], *, by: User | None, reason: str = "") -> int:
    """End whichever of these tokens are not ended yet, each with its event; who may was judged by the caller."""
    count = 0
    for token in tokens.filter(revoked_at=None).order_by("pk").select_for_update(of=("self",)):
        if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=Now()):
            record("token.revoked", token, by=by, reason=reason)
            count += 1
    return count


def end_tokens_of_leaver(event: Event) -> int:
    """Somebody left a team: their tokens that were limited to its models end with it."""
    person = json.loads(event.body)["details"]["person"]
    mine = ApiToken.objects.filter(user__person=person, only_teams__contains=[int(event.subject_id)])
    return revoke_tokens(mine, by=None, reason="Its owner left the team it was limited to.")
