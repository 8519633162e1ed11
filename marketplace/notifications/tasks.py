"""The bells of the notices."""

from marketplace.jobs import job
from marketplace.notifications import work


@job(seconds=300)
def send_due() -> None:
    """Mail urgent notices."""
    work.send_due()


@job(seconds=900)
def send_digests() -> None:
    """Mail the daily digest."""
    work.send_digests()
