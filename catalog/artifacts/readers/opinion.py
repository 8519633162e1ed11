"""A second opinion on pickles, by picklescan; asked after our own verdict, in the same bounded child, and never in a worker."""

import importlib
import logging
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from catalog.artifacts.readers.types import Finding, Reading, shorten

FORMATS = frozenset({"pickle", "torch-zip", "zip"})
SCANNER = "picklescan.scanner"
# A plain pickle is held in memory there, instruction by instruction.
SIZE_LIMIT = 64 * 1024 * 1024
SHOWN = 10
FIX = "Ask a reviewer of the security track to look at this exact file: two programs disagree about it."


def second(path: Path, name: str, reading: Reading) -> Reading:
    """Return the reading, with a finding where the other scanner sees a danger that we do not."""
    if reading.verdict not in {"allow", "review"} or reading.format not in FORMATS:
        return reading
    if reading.format == "pickle" and path.stat().st_size > SIZE_LIMIT:
        return _doubted(reading, f"{name} is too large for the second scanner, so only one has looked at it.", "medium")
    try:
        dangerous = _dangerous(path, name)
    except Exception as error:  # noqa: BLE001 - whatever happens there must not hide what we found ourselves
        return _doubted(reading, f"The second scanner could not read {name} ({type(error).__name__}), so only one has looked at it.", "medium")
    if not dangerous:
        return reading
    listed = ", ".join(dangerous[:SHOWN])
    return _doubted(reading, f"A second scanner calls imports of {name} dangerous that are on our list of known ones: {listed}.", "high")


def _dangerous(path: Path, name: str) -> list[str]:
    logging.getLogger("picklescan").setLevel(logging.CRITICAL)
    scanner: Any = importlib.import_module(SCANNER)
    with path.open("rb") as stream:
        found = scanner.scan_bytes(stream, shorten(name, 200), PurePosixPath(name).suffix.lower())
    return sorted({shorten(f"{item.module}.{item.name}", 150) for item in found.globals if item.safety == scanner.SafetyLevel.Dangerous})


def _doubted(reading: Reading, message: str, severity: Any) -> Reading:
    finding = Finding("pickle.opinion", severity, shorten(message), "picklescan", FIX, "other")
    return replace(reading, verdict="review", findings=[*reading.findings, finding])
