"""The Django app of the ground."""

from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    """Starts the ground: deploy checks, listeners, figures of the top bar."""

    name = "marketplace"
    verbose_name = "Marketplace"

    def ready(self) -> None:
        """Connect what is connected by name."""
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured

        from marketplace import lookups  # noqa: F401 - registers itself
        from marketplace.accounts import own_duties
        from marketplace.accounts.identity.mapping import WrongMapping, mapping
        from marketplace.accounts.queries import publishes
        from marketplace.handlers import connect
        from marketplace.notifications.queries import unread
        from marketplace.permissions.queries import has_role
        from marketplace.web.context import provide

        try:
            mapping(settings.OIDC_ROLES)
        except WrongMapping as wrong:
            raise ImproperlyConfigured(f"Refusing to start: {wrong}") from wrong
        connect()
        provide("may_publish", publishes)
        provide("auditor", lambda user: has_role(user, "auditor"))
        provide("unread", unread)
        provide("theme", lambda user: user.theme)
        provide("administrator", lambda user: has_role(user, "administrator"))
        own_duties.connect()
