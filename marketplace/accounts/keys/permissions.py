"""Who may issue, rotate and end tokens, and for whom."""

from marketplace.accounts.keys.limits import above, is_within, limits_in
from marketplace.accounts.models import ApiToken, Kind, User
from marketplace.accounts.permissions import may_manage_team, require_administrator
from marketplace.errors import NotAllowed
from marketplace.permissions.queries import Limits


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
