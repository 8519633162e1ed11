"""`manage.py import_csv FILE --team SLUG`: register the models of a spreadsheet, and say what is still missing about them."""

import getpass
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.registry.states import ModelState
from catalog.sources.actions import Outcome, add_source, rehearse, run_import
from catalog.sources.connectors.records import Record, Unreadable
from catalog.sources.connectors.spreadsheet import HEADINGS, Sheet, open_sheet
from catalog.sources.duties import Lack, lack_of
from marketplace.accounts.models import Team
from marketplace.accounts.queries import team_named
from marketplace.errors import DomainError, NotFound


class Command(BaseCommand):
    """Reads a spreadsheet of models; each becomes a model of the team with what is known about it."""

    help = "Register the models of a spreadsheet (CSV with a heading). Running it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, the team and the meaning of columns."""
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--team", required=True, metavar="SLUG", help="the team that owns these models")
        parser.add_argument(
            "--map",
            dest="named",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help=f"what a column means; may be repeated. FIELD is one of {', '.join(HEADINGS)}",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")

    def handle(self, *args: Any, file: Path, team: str, named: list[str], dry_run: bool, **options: Any) -> None:
        """Show the mapping, import, and report row by row."""
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        try:
            owner, sheet = team_named(team), open_sheet(file, _pairs(named))
        except NotFound as missing:
            raise CommandError(f"There is no team {team}. An administrator creates it under People and roles, Teams.") from missing
        except (Unreadable, UnicodeError) as wrong:
            raise CommandError(str(wrong)) from wrong
        for column, field in sheet.mapping.items():
            self.stdout.write(f"{column} → {field}")
        for column in sheet.ignored:
            self.stdout.write(f"{column} → not read; name its meaning with --map '{column}=FIELD'")
        lacks: list[Lack] = []
        outcome = self._run(sheet, owner, lacks, dry_run=dry_run)
        self._report(outcome, lacks, dry_run=dry_run)

    def _run(self, sheet: Sheet, owner: Team, lacks: list[Lack], *, dry_run: bool) -> Outcome:
        """Import, or only say what would be done; every record passes by the check of what it lacks."""
        lines, name = _noting(sheet, lacks), f"{owner.name[:80]}-spreadsheet"
        try:
            if dry_run:
                return rehearse(name, owner, lines)
            source = add_source(name, kind="spreadsheet", by=None, team=owner)
            return run_import(source, lines, by=None, operator=getpass.getuser(), state=ModelState.DRAFT)
        except DomainError as refused:
            raise CommandError(f"{refused.sentence} {refused.hint}".strip()) from refused

    def _report(self, outcome: Outcome, lacks: list[Lack], *, dry_run: bool) -> None:
        """Say what was done, what is missing a model, and which rows were skipped and why."""
        skipped = {broken["line"] for broken in outcome.broken}
        for lack in (lack for lack in lacks if lack.row not in skipped):
            guessed = " (no tier given; T3 assumed)" if lack.is_guessed else ""
            open_ones = f" Missing: {', '.join(lack.missing)}." if lack.missing else " Complete."
            self.stdout.write(f"row {lack.row} {lack.name}, {lack.tier}{guessed}: {lack.done} of {lack.required} answered.{open_ones}")
            for wrong in lack.wrong:
                self.stderr.write(self.style.WARNING(f"row {lack.row} {lack.name}: {wrong}"))
        for broken in outcome.broken:
            column = f", column {broken['column']}" if broken["column"] else ""
            self.stderr.write(self.style.WARNING(f"row {broken['line']}{column}: skipped. {broken['why']}"))
        would = "would be " if dry_run else ""
        self.stdout.write(
            f"{outcome.added} {would}added, {outcome.changed} {would}changed, {outcome.unchanged} unchanged, {len(outcome.broken)} skipped."
        )


def _pairs(named: list[str]) -> dict[str, str]:
    """Return `COLUMN=FIELD` pairs."""
    found = {}
    for pair in named:
        column, equals, field = pair.rpartition("=")
        if not equals or not column.strip() or not field.strip():
            raise CommandError(f"--map {pair!r} is not of the form COLUMN=FIELD.")
        found[column.strip()] = field.strip()
    return found


def _noting(sheet: Sheet, lacks: list[Lack]) -> Iterator[tuple[int, Record | Unreadable]]:
    """Yield the rows, noting what each record lacks."""
    for number, found in sheet.records():
        if isinstance(found, Record):
            lacks.append(lack_of(number, found))
        yield number, found
