"""`manage.py scan PATH…`: judge files as the gate does, for a terminal or for CI."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand

from governance.validation.scanning import VERDICTS, Scanned, scan, worst
from marketplace import sandbox

WORDS = {"allow": "allowed", "review": "for review", "block": "blocked", "error": "could not be checked"}


class Command(BaseCommand):
    """Says of every file: allow, review, block or error; the exit status is the worst: 0, 1, 2 or 3."""

    help = "Judge model files without executing anything: exit status 0 allow, 1 review, 2 block, 3 error. Needs no database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take paths and the form of the answer."""
        parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder with everything below it")
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object per file and line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Scan, print, and leave with the status of the worst verdict."""
        if not sandbox.choice().safe:
            self.stderr.write(f"No sandbox works here: {sandbox.choice().sentence()} {sandbox.REMEDY}")
        said = []
        try:
            for scanned in scan(options["paths"]):
                said.append(scanned.verdict)
                self.stdout.write(_json(scanned) if options["as_json"] else _text(scanned))
        except Exception as fault:  # noqa: BLE001 - whatever happens, it must not look like an answer
            self.stderr.write(f"The scan came to no end ({type(fault).__name__}: {fault}).")
            sys.exit(VERDICTS.index("error"))
        if not options["as_json"]:
            counted = Counter(said)
            self.stdout.write(", ".join(f"{counted[verdict]:,} {WORDS[verdict]}" for verdict in VERDICTS if counted[verdict]))
        sys.exit(worst(said))


def _json(scanned: Scanned) -> str:
    findings = [{"check": f.check, "severity": f.severity, "message": f.message, "where": f.where} for f in scanned.findings]
    return json.dumps({"path": scanned.path, "verdict": scanned.verdict, "format": scanned.format, "findings": findings})


def _text(scanned: Scanned) -> str:
    lines = [f"{scanned.verdict:<6} {_shown(scanned.path)} ({scanned.format})"]
    for finding in scanned.findings:
        place = f" [{finding.where}]" if finding.where else ""
        lines.append(f"       {finding.severity}: {finding.message}{place}" + (f" {finding.fix}" if finding.fix else ""))
    return "\n".join(lines)


def _shown(path: str) -> str:
    """Return a path without signs that would move the cursor of a terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in path)
