"""Who may issue, rotate and end tokens, and for whom."""

from collections.abc import Collection
from typing import Any

from marketplace.accounts.keys.limits import above, is_within, limits_in
from marketplace.accounts.models import ApiToken, Kind, User
from marketplace.accounts.permissions import may_manage_team, require_administrator
from marketplace.accounts.tokens import FOR_ADMINISTRATORS, FOR_PEOPLE, SCOPES
from marketplace.errors import NotAllowed, NotSignedIn
from marketplace.permissions.needs import OrgRole
from marketplace.permissions.queries import Limits, has_role


def keeps(by: User, user: User) -> bool:
    """Whether somebody looks after the tokens of this service account: owners of its team and administrators."""
    home = above.home_of(user) if user.kind == Kind.SERVICE else None
    return home is not None and may_manage_team(by, home)


def require_keeper(by: User, user: User, to: str) -> None:
    """Refuse whoever handles tokens that are neither their own nor those of a service account they look after."""
    if by.pk != user.pk and not keeps(by, user):
        require_administrator(by, to)


def require_no_more(parent: ApiToken | None, scopes: list[str], limits: Limits) -> None:
    """Refuse to hand out through a token what that token itself may not."""
    if parent is None:
        return
    if more := sorted(set(scopes) - set(parent.scopes)):
        raise NotAllowed(f"This token cannot issue one that may more than itself: {', '.join(more)}.", hint="Issue it on the page My tokens.")
    if not is_within(limits, limits_in(parent)):
        raise NotAllowed("This token is limited; it cannot issue one that reaches further.", hint="Name models or teams that it is limited to.")


def require_still_counting(parent: ApiToken | None) -> None:
    """Refuse a token that was revoked since the request came with it; the row is locked, so that a revocation sees what is handed out."""
    if parent is not None and not ApiToken.objects.select_for_update().filter(pk=parent.pk, revoked_at=None).exists():
        raise NotSignedIn("This token was revoked just now.", hint="Use another one.")


def require_right_hands(by: User, scopes: Collection[str]) -> None:
    """Refuse whoever issues or renews what only administrators hand out; who looks after a service account is not enough."""
    if not FOR_ADMINISTRATORS.isdisjoint(scopes):
        require_administrator(by, f"hand out the scope {', '.join(sorted(FOR_ADMINISTRATORS))}")


def scopes_for(viewer: Any, *, programs: bool = False) -> list[tuple[str, str]]:
    """The scopes that somebody may hand out, with what they mean; those of programs leave out what is for people."""
    held_back = (FOR_PEOPLE if programs else frozenset()) | (frozenset() if has_role(viewer, OrgRole.ADMINISTRATOR) else FOR_ADMINISTRATORS)
    return [(scope, words) for scope, words in SCOPES.items() if scope not in held_back]
