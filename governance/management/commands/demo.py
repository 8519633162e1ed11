"""`manage.py demo`: load the demo world, or what is missing of it."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from governance.management import operator
from governance.management.demo.people import accounts
from governance.management.demo.world import DEFAULT_SIZE, MOST, settle
from marketplace.activity.queries import has_happened
from marketplace.local.folders import home, made, write_private

FILE = "demo_accounts.json"


class Command(BaseCommand):
    """Loads people, teams and models that show every part of the marketplace; a second run changes nothing."""

    help = "Load the demo world: people with known passwords, models, reviews in every state, a year of use."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the size, and the word that it is meant."""
        parser.add_argument("--size", type=int, default=DEFAULT_SIZE, metavar="N", help=f"how many models, at most {MOST} (default {DEFAULT_SIZE})")
        parser.add_argument(
            "--yes", action="store_true", help="also where the marketplace is set up or serves others: anybody could sign in with the known passwords"
        )

    def handle(self, *args: Any, size: int, yes: bool, **options: Any) -> None:
        """Load what is missing, and write down who can sign in."""
        if (not settings.LOCAL or has_happened("organization.founded")) and not yes:
            raise CommandError(
                "The demo world has people with known passwords, an administrator among them, and stays out of a marketplace that is set up "
                "for real or serves others. If this one is for trying out, run it again with --yes."
            )
        if not 0 <= size <= MOST:
            raise CommandError(f"--size must be from 0 to {MOST}.")
        operator.sign("demo")
        added = settle(size, say=self.stdout.write)
        write_private(made(home()) / FILE, json.dumps(accounts(), indent=1) + "\n")
        self.stdout.write(f"The demo world has {added:,} new models." if added else "The demo world is complete; nothing was changed.")
