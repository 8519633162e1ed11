"""What follows from what in the catalog: which room listens to which verb."""

from catalog.search.actions import FOLLOWED, follow
from marketplace.activity.subscribers import on


def connect() -> None:
    """Subscribe every listener; called once by the app."""
    for verb in FOLLOWED:
        on(verb, follow, within=True)
