"""What follows from what in the catalog: which room listens to which verb, and how its states look."""

from catalog.artifacts import leaving as artifacts_leaving
from catalog.cards.actions import COLUMNS, save_facts
from catalog.cards.pages import card_panel
from catalog.duplicates import panels as duplicates_panels
from catalog.registry import leaving as registry_leaving
from catalog.registry.actions import keep_elsewhere
from catalog.registry.notices import (
    end_grants,
    end_grants_for_team,
    end_grants_for_teams,
    settle_accountable,
    tell_askers,
    tell_of_leaver,
    tell_owners,
)
from catalog.registry.service_accounts import connect as answer_about_tokens
from catalog.search.actions import FOLLOWED, follow
from catalog.storefront import access, team_tokens
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
    on("team.member_removed", tell_of_leaver)
    on("team.member_removed", end_grants_for_team, within=True, many=end_grants_for_teams)
    for verb in ("service_account.changed", "service_account.ended"):
        on(verb, settle_accountable)
    answer_about_tokens()
    on("person.deactivated", end_grants, within=True)
    on("person.erased", end_grants, within=True)
    registry_leaving.connect()
    artifacts_leaving.connect()
    duplicates_panels.connect()
    usage_panels.connect()
    access.connect()
    keep_elsewhere([column for column, _ in COLUMNS.values()], save_facts)
    team_tokens.connect()
    slots.fill("model", "card", title="Card", order=10, render=card_panel)
