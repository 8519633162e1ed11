"""What people hold in this room when they leave: tokens, and teams that would have no owner."""

from typing import Any

from marketplace.accounts.leaving import Duty, DutyKind, Found, offer
from marketplace.accounts.models import ApiToken, Team, User
from marketplace.accounts.queries import last_ownerships_of, live_tokens_of

MOST = 200


def tokens(person: User, viewer: Any, team: Team | None) -> Found:
    """The tokens that count now, without their secrets."""
    return Found([_token(row) for row in live_tokens_of(person)[:MOST]])


def _token(token: ApiToken) -> Duty:
    return Duty(f"{token.name} ({token.prefix}…)", "", f"may {', '.join(token.scopes)}; ends on {token.expires_at:%-d %b %Y}")


def ownerships(person: User, viewer: Any, team: Team | None) -> Found:
    """The teams that have no other active owner."""
    rows = last_ownerships_of(person)
    return Found([Duty(row.name, f"/teams/{row.name}") for row in (rows.filter(pk=team.pk) if team is not None else rows)])


def connect() -> None:
    """Offer both kinds."""
    offer(
        DutyKind(
            "ownerships",
            "Teams without another owner",
            10,
            "Make somebody else an owner first. Otherwise the team has no owner: governance and administrators are told, and its page says so.",
            ownerships,
        )
    )
    offer(DutyKind("tokens", "Tokens", 70, "They end with the deactivation; programs that use them stop at once.", tokens, of_a_team=False))
