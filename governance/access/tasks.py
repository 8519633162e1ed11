"""The bells of access."""

from governance.access import work
from marketplace.jobs import job


@job(seconds=300)
def remind_of_overdue() -> None:
    """Remind of decisions that are late."""
    work.remind_of_overdue()


@job(seconds=600)
def watch_over_use() -> None:
    """Ask whether access is still needed, and end what nobody answers for."""
    work.watch_over_use()
