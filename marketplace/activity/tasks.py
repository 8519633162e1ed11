"""The bells of the record."""

from marketplace.activity import work
from marketplace.activity.queries import undelivered
from marketplace.jobs import job


@job(seconds=300)
def deliver_event(event_id: str) -> None:
    """Tell the listeners of one event."""
    work.deliver(int(event_id))


@job(seconds=600)
def sweep_deliveries() -> None:
    """Tell what was not told because a worker or the broker was lost."""
    for event_id in undelivered():
        work.deliver(event_id)
