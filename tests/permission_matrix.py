"""Person x address -> status: the truth about access. A new address fails the build until it stands here.

`MATRIX` maps the name of an address to its rows. A row says how it is called in the world of `tests/world.py` and what each
person of the cast gets. The people stand for kinds of callers:

bea    viewer of another team            tess  reviewer (technical)
ivo    owner of another team             ada   security and its reviewer
nina   contributor of the owner team     gus   governance
paul   owner of the owner team           aud   auditor
stan   in no team                        root  administrator
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PEOPLE = ("bea", "ivo", "stan", "nina", "paul", "tess", "ada", "gus", "aud", "root")
OWNERS, READERS = ("nina", "paul"), ("ada", "gus", "aud")


@dataclass(frozen=True)
class Row:
    """One call: method, address (filled from the world), body, and who gets what."""

    method: str
    address: Callable[[Any], str]
    everybody: int
    people: dict[str, int] = field(default_factory=dict)
    anonymous: int | None = None  # None: a page leads to the sign-in page, REST answers 401
    body: Callable[[Any], dict[str, Any]] | None = None

    def expected(self, person: str) -> int:
        """What this person gets."""
        return self.people.get(person, self.everybody)


def of(status: int, *people: str) -> dict[str, int]:
    """The same status for several people."""
    return dict.fromkeys(people, status)


def get(address: str, everybody: int = 200, **more: Any) -> Row:
    """A read; `{open}` and `{hidden}` stand for the models of the world."""
    return Row("GET", lambda w: fill(address, w), everybody, **more)


def send(method: str, address: str, everybody: int, body: dict[str, Any] | None = None, **more: Any) -> Row:
    """A write that changes nothing when it is refused, and is rolled back when it is not."""
    return Row(method, lambda w: fill(address, w), everybody, body=lambda w: body or {}, **more)


def fill(address: str, world: Any) -> str:
    """Put the things of the world into an address."""
    return address.format(
        open=world.open, hidden=world.hidden, review=world.review.number, secret_review=world.secret_review.number,
        run=world.run.pk, secret_run=world.secret_run.pk,
    )  # fmt: skip


def seen_and_hidden(address: str, status: int = 200, **people: int) -> list[Row]:
    """A read below a model: everybody sees the open one; the hidden one exists for its team and for those who read all."""
    return [get(address.replace("{m}", "{open}"), status, people=people), get(address.replace("{m}", "{hidden}"), 404, people=of(status, *READERS))]


PUBLIC = {"anonymous": 200}
MATRIX: dict[str, list[Row]] = {
    # the ground
    "healthz": [get("/healthz", **PUBLIC)],
    "readyz": [get("/readyz", **PUBLIC)],
    "prometheus-django-metrics": [get("/metrics", **PUBLIC)],
    "problem-types": [get("/docs/errors", **PUBLIC)],
    "style-guide": [get("/docs/ui", **PUBLIC)],
    "stylesheet": [get("/ui/x.css", **PUBLIC)],
    "account_login": [get("/login", 302, anonymous=200)],
    "account_logout": [send("POST", "/logout", 303, anonymous=303)],
    "my-tokens": [get("/me/tokens")],
    "revoke-my-token": [send("POST", "/me/tokens/1/revoke", 404)],
    "my-settings": [get("/me/settings")],
    "teams": [get("/teams")],
    "team": [get("/teams/finance-ml"), get("/teams/no-such-team", 404)],
    "team-members": [send("POST", "/teams/finance-ml/members", 403, {"username": "stan", "role": "viewer"}, people={"paul": 303, "root": 303})],
    "notifications": [get("/me/notifications")],
    "notifications-all-done": [send("POST", "/me/notifications/done", 303)],
    "notification-done": [send("POST", "/me/notifications/0/done", 404)],
    "api-docs": [get("/docs/api")],
    "schema": [get("/api/v1/schema")],
    "api-me": [get("/api/v1/me")],
    "api-teams": [get("/api/v1/teams"), send("POST", "/api/v1/teams", 403, {"name": "another"}, people={"root": 201})],
    "api-team": [get("/api/v1/teams/finance-ml"), get("/api/v1/teams/no-such-team", 404)],
    "api-team-members": [
        send("POST", "/api/v1/teams/finance-ml/members", 403, {"username": "stan", "role": "viewer"}, people={"paul": 201, "root": 201})
    ],
    "api-team-member": [send("DELETE", "/api/v1/teams/finance-ml/members/petra", 403, people={"paul": 204, "root": 204})],
    "api-tokens": [get("/api/v1/tokens")],
    "api-token": [get("/api/v1/tokens/0", 404)],
    # the shop
    "my-access": [get("/me/access")],
}
