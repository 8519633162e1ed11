"""Rules that need all files of a version at once: what one file refers to must be another file of the same version."""

import re
from collections.abc import Mapping
from dataclasses import replace

from catalog.artifacts.readers.types import Broken, Reading, shorten

RAW_NAME = re.compile(r".*(\.data|\.onnx_data|\.weights|\.bin|\.data-\d{5}-of-\d{5})")
RAW_SPEAKERS = frozenset({"onnx", "tensor-index"})
FIX = "Upload the missing file under exactly this name, or export the model again as one file."


def settle(readings: Mapping[str, Reading], sizes: Mapping[str, int]) -> dict[str, Reading]:
    """Return the readings after checking references between files."""
    settled = dict(readings)
    for name, reading in readings.items():
        wanted = _wanted(name, reading)
        problems = [_missing(name, target, size, sizes) for target, size in sorted(wanted.items())]
        findings = [problem.finding() for problem in problems if problem]
        if findings:
            settled[name] = replace(reading, verdict="block", findings=[*reading.findings, *findings[:20]])
        elif reading.verdict in {"allow", "review"} and reading.format in RAW_SPEAKERS:
            for target in wanted:
                settled[target] = _raw(target, settled[target])
    return settled


def _wanted(name: str, reading: Reading) -> dict[str, int]:
    """Return the files that this one refers to, each with the bytes it must have at least."""
    folder = name.rpartition("/")[0]
    prefix = f"{folder}/" if folder else ""
    if reading.verdict not in {"allow", "review"}:
        return {}
    outside = reading.facts.get("external_data", {}).get("value", {})
    parts = reading.facts.get("parts", {}).get("value", [])
    return {prefix + target: size for target, size in outside.items()} | dict.fromkeys((prefix + part for part in parts), 1)


def _missing(name: str, target: str, size: int, sizes: Mapping[str, int]) -> Broken | None:
    label = shorten(target, 150)
    if target not in sizes:
        return Broken(f"{name} refers to “{label}”, which is not a file of this version.", where=label, fix=FIX, check="files.references")
    if sizes[target] < size:
        message = f"{name} needs {size:,} bytes of “{label}”, which has only {sizes[target]:,}."
        return Broken(message, where=label, fix=FIX, check="files.references")
    return None


def _raw(target: str, reading: Reading) -> Reading:
    """Accept plain numbers that a checked model refers to; anything with a format of its own keeps its verdict."""
    harmless = reading.verdict == "block" and all(finding.kind in {"structure", "other"} for finding in reading.findings)
    if harmless and RAW_NAME.fullmatch(target) and reading.format in {"unknown", "pickle"}:
        return Reading("numbers", "allow", [], {}, reading.profile)
    return reading
