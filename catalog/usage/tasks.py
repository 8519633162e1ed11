"""The bells of usage."""

from catalog.usage import work
from marketplace.jobs import job


@job(seconds=300)
def seal_reads() -> None:
    """Seal reads of bytes into the record."""
    work.seal_reads()


@job(seconds=600)
def roll_up() -> None:
    """Sum up the use of yesterday and today."""
    work.roll_up()
