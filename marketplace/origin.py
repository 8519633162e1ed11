"""Where the present work comes from: request id, address and token, for the record and the log."""

from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Origin:
    """What is known of the caller of this piece of work."""

    request_id: str = ""
    address: str = ""
    token: str = ""


_current: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039 - a frozen dataclass cannot be shared by mistake


def current() -> Origin:
    """Return the origin of what runs now; empty in a worker."""
    return _current.get()


def begin(origin: Origin) -> None:
    """Start a request."""
    _current.set(origin)


def with_token(token: str) -> None:
    """Note the token that this request came with."""
    _current.set(replace(_current.get(), token=token))
