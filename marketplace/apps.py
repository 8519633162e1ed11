"""The Django app of the ground."""

from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    """Starts the ground: deploy checks, listeners, figures of the top bar."""

    name = "marketplace"
    verbose_name = "Marketplace"

    def ready(self) -> None:
        """Connect what is connected by name."""
        from marketplace.accounts import own_duties
        from marketplace.accounts.queries import publishes
        from marketplace.activity.subscribers import on
        from marketplace.notifications.queries import unread
        from marketplace.notifications.teams import tell_of_teams_without_owner
        from marketplace.permissions.queries import has_role
        from marketplace.web.context import provide

        provide("may_publish", publishes)
        provide("auditor", lambda user: has_role(user, "auditor"))
        provide("unread", unread)
        provide("theme", lambda user: user.theme)
        provide("administrator", lambda user: has_role(user, "administrator"))
        own_duties.connect()
        for verb in ("person.deactivated", "person.erased"):
            on(verb, tell_of_teams_without_owner)
