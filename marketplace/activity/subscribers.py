"""Who listens to which verb; filled by the handlers of the apps in `ready()`."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from marketplace.activity.models import Event
from marketplace.activity.verbs import VERBS

Listener = Callable[[Event], object]
ManyListener = Callable[[Sequence[Event]], object]
_within: dict[str, list[Listener]] = defaultdict(list)
_many: dict[Listener, ManyListener] = {}
_after: dict[str, dict[str, Listener]] = defaultdict(dict)


def on(verb: str, listener: Listener, *, within: bool = False, many: ManyListener | None = None) -> None:
    """Call `listener(event)` for each event of `verb`.

    `within=True`: inside the transaction that records it (must be fast and touch only the database); `many` hears thousands of one step at once.
    Otherwise: after the commit, by a worker, at least once; the listener must be idempotent.
    """
    if verb not in VERBS:
        raise KeyError(f"unknown verb {verb!r}; add it to marketplace/activity/verbs.py")
    if within:
        if listener not in _within[verb]:
            _within[verb].append(listener)
        if many is not None:
            _many[listener] = many
    else:
        _after[verb][name_of(listener)] = listener


def name_of(listener: Listener) -> str:
    """Return the stable name that a delivery row keeps."""
    return f"{listener.__module__}.{listener.__qualname__}"


def tell_within(verb: str, events: Sequence[Event]) -> None:
    """Let those who listen inside the transaction hear all events of one verb."""
    for listener in _within[verb]:
        if (many := _many.get(listener)) is not None:
            many(events)
        else:
            for event in events:
                listener(event)


def listeners_after(verb: str) -> dict[str, Listener]:
    """Return those that hear it after the commit, by name."""
    return _after[verb]
