"""`manage.py reindex`: make search up to date with every model."""

from typing import Any

from django.core.management.base import BaseCommand

from catalog.management.progress import Bar
from catalog.search.actions import index_everything


class Command(BaseCommand):
    """Writes the words of every model anew; needed after an upgrade that changes what is indexed."""

    help = "Make search up to date with every model. It may run while people search."

    def handle(self, *args: Any, **options: Any) -> None:
        """Index everything, and say how much it was."""
        done = index_everything(Bar(self.stderr, "models", 0).show)
        self.stdout.write(f"Search knows {done:,} models.")
