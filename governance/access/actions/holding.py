"""What the holder of access does with it: give it back, say that it is still needed."""

from django.db import transaction

from catalog.registry.actions import confirm_grant, end_grant
from catalog.registry.models import AccessGrant
from catalog.registry.permissions import may_speak_for
from governance.access.notices import settle_confirmation
from marketplace.accounts.models import User
from marketplace.errors import NotAllowed


@transaction.atomic
def give_back(grant: AccessGrant, *, by: User) -> AccessGrant:
    """End one's own grant at once."""
    if not may_speak_for(by, grant):
        raise NotAllowed(
            "Only the holder of a grant gives it back.", hint=f"Ask an owner of team {grant.team.name}." if grant.team else "Ask its holder."
        )
    asked = grant.confirm_by
    ended = end_grant(grant, by=by, reason="given back")
    settle_confirmation(ended, asked)
    return ended


@transaction.atomic
def say_still_needed(grant: AccessGrant, *, by: User) -> AccessGrant:
    """Say that a grant is still in use and its purpose unchanged: it goes on, until its end or the next question."""
    asked = grant.confirm_by
    confirmed = confirm_grant(grant, by=by)
    settle_confirmation(confirmed, asked)
    return confirmed
