"""The Django app of the ground."""

from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    """Starts the ground: deploy checks, listeners, figures of the top bar."""

    name = "marketplace"
    verbose_name = "Marketplace"

    def ready(self) -> None:
        """Connect what is connected by name."""
