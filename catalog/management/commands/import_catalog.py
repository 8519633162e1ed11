"""`manage.py import_catalog FILE --source NAME`: list every model of a catalog, without its files."""

import getpass
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.management.progress import Bar
from catalog.sources.actions import Outcome, add_source, rehearse, run_import
from catalog.sources.connectors.catalog_jsonl import read
from marketplace.accounts.queries import team_named
from marketplace.errors import DomainError, NotFound


def _bar(command: BaseCommand, file: Path) -> Callable[[int], None]:
    """Return the progress bar for the lines of a file."""
    with file.open("rb") as lines:
        return Bar(command.stderr, "records", sum(1 for _ in lines)).show


class Command(BaseCommand):
    """Reads a catalog of models (JSON Lines) and lists them: known here, not brought in."""

    help = "List the models of a catalog. Running it again changes nothing; changed lines update what nobody here has edited."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, the name of the source and its team."""
        parser.add_argument("file", type=Path, metavar="FILE.jsonl")
        parser.add_argument("--source", required=True, metavar="NAME", help="under which name the catalog is known here")
        parser.add_argument("--team", metavar="SLUG", help="the team that answers for these models (default: one named after the source)")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")

    def handle(self, *args: Any, file: Path, source: str, team: str | None, dry_run: bool, **options: Any) -> None:
        """Import, and say what was done."""
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        try:
            outcome = self._rehearse(file, source, team) if dry_run else self._import(file, source, team)
        except NotFound as missing:
            raise CommandError(f"There is no team {team}. Create it first, or leave --team out.") from missing
        except DomainError as refused:
            raise CommandError(f"{refused.sentence} {refused.hint}".strip()) from refused
        self._report(outcome, source, dry_run=dry_run)

    def _import(self, file: Path, source: str, team: str | None) -> Outcome:
        """Do it."""
        found = add_source(source, kind="catalog", by=None, team=team_named(team) if team else None)
        return run_import(found, read(file), by=None, operator=getpass.getuser(), progress=_bar(self, file))

    def _rehearse(self, file: Path, source: str, team: str | None) -> Outcome:
        """Only say what would be done."""
        return rehearse(source, team_named(team) if team else None, read(file), progress=_bar(self, file))

    def _report(self, outcome: Outcome, source: str, *, dry_run: bool) -> None:
        """Say what was done and what could not be read."""
        for broken in outcome.broken:
            self.stderr.write(self.style.WARNING(f"line {broken['line']}: skipped. {broken['why']}"))
        would = "would be " if dry_run else ""
        taken = "1 name was" if len(outcome.renamed) == 1 else f"{len(outcome.renamed):,} names were"
        self.stdout.write(
            f"{source}: {outcome.added:,} {would}added, {outcome.changed:,} {would}changed, {outcome.unchanged:,} unchanged, "
            f"{len(outcome.broken):,} broken and skipped; {taken} taken and {would}numbered."
        )
