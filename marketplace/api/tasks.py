"""The bell of the REST plumbing."""

from marketplace.api import actions
from marketplace.jobs import job


@job(seconds=120)
def forget_keys() -> None:
    """Delete idempotent answers older than a day."""
    actions.forget_answers()
