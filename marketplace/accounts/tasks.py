"""The bells of people and tokens."""

from marketplace.accounts.keys import work
from marketplace.jobs import job


@job(seconds=120)
def forget_spent() -> None:
    """Sweep spent proofs of CI jobs."""
    work.forget_spent()
