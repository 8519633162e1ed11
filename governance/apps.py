"""The Django app of the governance."""

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    """Starts the governance: listeners, slots, figures of the top bar."""

    name = "governance"
    verbose_name = "Governance"

    def ready(self) -> None:
        """Connect what is connected by name."""
        from governance import handlers
        from governance.access import panels as access_panels
        from governance.reviews import panels as reviews_panels
        from governance.validation import panels as validation_panels

        handlers.connect()
        access_panels.fill()
        reviews_panels.fill()
        validation_panels.fill()
