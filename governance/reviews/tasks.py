"""The bells of the reviews."""

from governance.reviews import work
from marketplace.jobs import job


@job(seconds=600)
def warn_of_ends() -> None:
    """Tell people about approvals that end soon."""
    work.warn_of_ends()
