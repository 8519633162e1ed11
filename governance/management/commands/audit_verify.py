"""manage.py audit_verify: is the record intact? Exit status 0 intact, 1 broken."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.audit.queries import record_report
from governance.audit.segments import segment_report


class Command(BaseCommand):
    """Recompute the hash chain of the record, or of an exported segment, and name the first bad event."""

    help = "Verify that nothing in the audit record was changed, removed, added or reordered."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Accept a segment file instead of the database."""
        parser.add_argument("--file", metavar="SEGMENT", help="an exported segment; needs no database")

    def handle(self, *args: Any, file: str | None = None, **options: Any) -> None:
        """Walk along the chain in constant memory and say what was found."""
        if file:
            try:
                with Path(file).open(encoding="utf-8") as lines:
                    report = segment_report(lines)
            except (OSError, UnicodeDecodeError) as fault:
                raise CommandError(f"{file} cannot be read: {fault}") from fault
        else:
            report = record_report()
        if not report.is_intact:
            self.stderr.write(f"Broken at event {report.broken_at}: {report.why}.")
            sys.exit(1)
        self.stdout.write(f"Intact: {report.events} events, head {report.head or 'none yet'}.")
