"""`manage.py up`: the whole marketplace on this machine, until it is stopped."""

import json
import os
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from marketplace.accounts.models import User
from marketplace.activity.queries import has_happened
from marketplace.local.entry import BEGAN
from marketplace.local.folders import home
from marketplace.local.supervisor import Supervisor, programs

DEMO = "demo_accounts.json"  # written by `manage.py demo`


class Command(BaseCommand):
    """Bring everything up; manage.py has already found or started the services."""

    help = "Run the whole marketplace here: services, tables, demo world, web, worker and beat. Ctrl-C stops it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the one choice there is."""
        parser.add_argument("--no-demo", action="store_true", help="do not load the demo world (never loaded where people were added otherwise)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare the tables, start the programs, say where they are, and keep them running."""
        if not settings.DATABASE_URL or "PORT" not in os.environ:
            raise CommandError("Run this as `python manage.py up`, which starts the database first.")
        folder, port = home(), int(os.environ["PORT"])
        call_command("migrate", verbosity=0, interactive=False)
        if has_happened("organization.founded") or (User.objects.exists() and not (folder / DEMO).exists()):
            self.stdout.write("This marketplace was set up for real; the demo world, with its known passwords, stays out of it.")
        elif not options["no_demo"]:
            call_command("demo", stdout=self.stdout, stderr=self.stderr)
        connections.close_all()
        web, *others = programs(folder, port=port)
        with Supervisor([web], logs=folder / "logs").running() as supervisor:  # alone at first: all at once would share the processors
            supervisor.wait_until_healthy(port=port, public_url=settings.PUBLIC_URL)
            supervisor.add(others)
            self._welcome(folder, port=port, seconds=time.monotonic() - BEGAN)
            supervisor.watch()

    def _welcome(self, folder: Path, *, port: int, seconds: float) -> None:
        self.stdout.write(f"\nReady after {seconds:.1f} s: {self.style.SUCCESS(settings.PUBLIC_URL + '/')}")
        if f":{port}" not in settings.PUBLIC_URL:
            self.stdout.write(f"  (PUBLIC_URL is yours; here it listens on http://127.0.0.1:{port}/)")
        for line in account_lines(folder / DEMO):
            self.stdout.write(line)
        self.stdout.write(f"Logs:  {folder / 'logs'}\nStop:  Ctrl-C\n")
        self.stdout.flush()


def account_lines(path: Path) -> list[str]:
    """Return the demo accounts as aligned lines; nothing when there is no demo world."""
    try:
        accounts = json.loads(path.read_text())
    except FileNotFoundError:
        return []
    rows = [("Sign in as", "password", ""), *((a["username"], a["password"], a["what"]) for a in accounts)]
    names, passwords = (max(len(row[i]) for row in rows) for i in (0, 1))
    return ["", *(f"  {name:<{names}}  {password:<{passwords}}  {what}".rstrip() for name, password, what in rows), ""]
