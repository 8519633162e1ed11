"""The Django app of the catalog."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Starts the catalog: listeners, slots, figures of the top bar."""

    name = "catalog"
    verbose_name = "Catalog"

    def ready(self) -> None:
        """Connect what is connected by name."""
        from catalog import handlers

        handlers.connect()
