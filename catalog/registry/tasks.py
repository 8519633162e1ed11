"""The bells of the registry."""

from catalog.registry import work
from marketplace.jobs import job


@job(seconds=300)
def end_grants() -> None:
    """Sweep grants past their end."""
    work.end_grants()


@job(seconds=300)
def end_approvals() -> None:
    """Sweep approvals past their end."""
    work.end_approvals()
