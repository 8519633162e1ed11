"""What follows from what in the catalog: which room listens to which verb, and how its states look."""

from catalog.artifacts import leaving as artifacts_leaving
from catalog.cards.pages import card_panel
from catalog.duplicates import panels as duplicates_panels
from catalog.registry import leaving as registry_leaving
from catalog.registry.notices import end_grants, tell_askers, tell_owners
from catalog.search.actions import FOLLOWED, follow
from catalog.storefront import access
from catalog.usage import panels as usage_panels
from marketplace.activity.subscribers import on
from marketplace.web import slots
from marketplace.web.states import describe


def connect() -> None:
    """Subscribe every listener; called once by the app."""
    for verb in FOLLOWED:
        on(verb, follow, within=True)
    describe("listed", icon="eye", text="Known, not brought in", tone="neutral")
    describe("stopped", icon="ban", text="Not available", tone="danger")
    on("model.brought_in", tell_owners)
    on("version.added", tell_askers)
    on("person.deactivated", end_grants, within=True)
    on("person.erased", end_grants, within=True)
    registry_leaving.connect()
    artifacts_leaving.connect()
    duplicates_panels.connect()
    usage_panels.connect()
    access.connect()
    slots.fill("model", "card", title="Card", order=10, render=card_panel)
