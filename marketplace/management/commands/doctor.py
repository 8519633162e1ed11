"""`manage.py doctor`: what is in place here, what is missing, and what to do about it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from marketplace.local.doctor import examine


class Command(BaseCommand):
    """Report on everything the marketplace needs; exit 1 when something is missing."""

    help = "Is everything in place? Each line is ok, or says what to do."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line per question."""
        missing = 0
        for answer in examine():
            word = self.style.SUCCESS("ok     ") if answer.ok else self.style.ERROR("missing")
            self.stdout.write(f"{word}  {answer.name:<10}  {answer.found}{'' if answer.ok else '. ' + answer.todo}")
            missing += not answer.ok
        if missing:
            sys.exit(1)
