"""Who listens to which verb; filled by the handlers of the apps in `ready()`."""

from collections import defaultdict
from collections.abc import Callable

from marketplace.activity.models import Event
from marketplace.activity.verbs import VERBS

Listener = Callable[[Event], object]
_within: dict[str, list[Listener]] = defaultdict(list)
_after: dict[str, dict[str, Listener]] = defaultdict(dict)


def on(verb: str, listener: Listener, *, within: bool = False) -> None:
    """Call `listener(event)` for each event of `verb`.

    `within=True`: inside the transaction that records it (must be fast and touch only the database).
    Otherwise: after the commit, by a worker, at least once; the listener must be idempotent.
    """
    if verb not in VERBS:
        raise KeyError(f"unknown verb {verb!r}; add it to marketplace/activity/verbs.py")
    if within:
        if listener not in _within[verb]:
            _within[verb].append(listener)
    else:
        _after[verb][name_of(listener)] = listener


def name_of(listener: Listener) -> str:
    """Return the stable name that a delivery row keeps."""
    return f"{listener.__module__}.{listener.__qualname__}"


def listeners_within(verb: str) -> list[Listener]:
    """Return those that hear it inside the transaction."""
    return _within[verb]


def listeners_after(verb: str) -> dict[str, Listener]:
    """Return those that hear it after the commit, by name."""
    return _after[verb]
