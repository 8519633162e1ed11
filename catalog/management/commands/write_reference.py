"""`manage.py write_reference`: write the reference pages of the documentation from the code."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog.management.reference import PAGES


class Command(BaseCommand):
    """Writes docs/reference; with --check it only says whether the pages are current."""

    help = "Write the reference pages of the documentation from the code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --check."""
        parser.add_argument("--check", action="store_true", help="Change nothing; fail when a page is not current")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write each page, or compare it."""
        old = [path for path, page in PAGES.items() if self._present(path) != page()]
        if options["check"] and old:
            raise CommandError(f"Not current: {', '.join(old)}. Run manage.py write_reference.")
        for path in old:
            target = Path(settings.ROOT) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(PAGES[path](), encoding="utf-8")
        self.stdout.write(f"{len(old)} of {len(PAGES)} reference pages were not current." if old else "All reference pages are current.")

    def _present(self, path: str) -> str:
        """Return a page as it is now; empty when it is not there."""
        target = Path(settings.ROOT) / path
        return target.read_text(encoding="utf-8") if target.exists() else ""
