"""How a row of the matrix is written: a call, and what each person gets for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

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
    return Row(
        method,
        lambda w: fill(address, w),
        everybody,
        body=lambda w: {fill(k, w): fill(v, w) if isinstance(v, str) else v for k, v in (body or {}).items()},
        **more,
    )


def fill(address: str, world: Any) -> str:
    """Put the things of the world into an address."""
    return address.format(
        open=world.open, hidden=world.hidden, review=world.review.number, secret_review=world.secret_review.number,
        run=world.run.pk, secret_run=world.secret_run.pk, digest=world.run.manifest_digest, request=world.request.number,
        part=world.request.parts.get().pk if "{part}" in address else "", use=world.approved.use_case_id, soon=f"{timezone.now().date() + timedelta(days=9)}",
        use_case=world.account.use_case_id,
    )  # fmt: skip


def seen_and_hidden(address: str, status: int = 200, hidden: int = 200, **people: int) -> list[Row]:
    """A read below a model: the hidden one exists for its team, for those who read all, and for tess, who reviews it."""
    known = {name: people.get(name, hidden) for name in ("tess", *READERS)}
    return [get(address.replace("{m}", "{open}"), status, people=people), get(address.replace("{m}", "{hidden}"), 404, people=known)]


def changed(address: str, done: int, body: dict[str, Any], everybody: int = 403, hidden: int = 403, **people: int) -> list[Row]:
    """A form below a model: its contributors may; others are refused; what they may not see is not there."""
    who = of(done, *OWNERS) | people
    rows = [send("POST", address.replace("{m}", "{open}"), everybody, body, people=who)]
    return [*rows, send("POST", address.replace("{m}", "{hidden}"), 404, body, people=of(hidden, "tess", *READERS))]


def rest_change(method: str, address: str, done: int, body: dict[str, Any], everybody: int = 403, hidden: int = 403, **people: int) -> list[Row]:
    """A write by REST below a model, like `changed`."""
    rows = []
    for thing, others, known in (("{open}", everybody, of(done, *OWNERS) | people), ("{hidden}", 404, of(hidden, "tess", *READERS))):
        place, sent = address.replace("{m}", thing), {k: v.replace("{m}", thing) if isinstance(v, str) else v for k, v in body.items()}
        rows.append(send(method, place, others, sent, people=known))
    return rows
