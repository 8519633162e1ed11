"""Facts found in files, one file at a time and for all files of a version together."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog.artifacts.readers.reading import read_file
from catalog.artifacts.readers.types import Reading, fact

# When the same weights lie in several formats, the first of these speaks for the version.
SPEAKERS = ("safetensors", "gguf", "onnx", "torch-zip", "pickle", "keras", "hdf5", "npz", "npy")
COUNTED = ("parameters", "tensors")
PART = re.compile(r"(.*)-\d{3,6}-of-\d{3,6}(\.[^./]+)")


def facts(path: Path, name: str) -> dict[str, Any]:
    """Return what the file says about the model, each fact as {"value", "where"}; empty when the file is refused."""
    reading = read_file(path, name)
    return reading.facts if reading.verdict in {"allow", "review"} else {}


def combine(readings: Mapping[str, Reading]) -> dict[str, Any]:
    """Join the facts of all files of a version: parts of one model add up, of several copies the largest counts."""
    usable = {name: reading for name, reading in readings.items() if reading.verdict in {"allow", "review"}}
    joined: dict[str, Any] = _weights(usable)
    for name in sorted(usable, key=lambda key: (usable[key].format != "json", usable[key].format != "text", key)):
        for label, found in usable[name].facts.items():
            if label not in joined and label not in COUNTED:
                joined[label] = fact(found["value"], _where(name, found["where"]))
    return joined


def _where(name: str, where: str) -> str:
    """Name the file once, also when the place already begins with it."""
    base = name.rpartition("/")[2]
    return f"{name}{where.removeprefix(base)}" if where.startswith(f"{base}:") else f"{name}: {where}"


def _weights(readings: Mapping[str, Reading]) -> dict[str, Any]:
    for form in SPEAKERS:
        groups: dict[str, list[str]] = {}
        for name, reading in readings.items():
            if reading.format == form and "parameters" in reading.facts:
                match = PART.fullmatch(name)
                groups.setdefault("".join(match.groups()) if match else name, []).append(name)
        if groups:
            return max((_sum(readings, sorted(names)) for names in groups.values()), key=lambda found: int(found["parameters"]["value"]))
    return {}


def _sum(readings: Mapping[str, Reading], names: list[str]) -> dict[str, Any]:
    where = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    found: dict[str, Any] = {
        label: fact(sum(int(readings[name].facts[label]["value"]) for name in names if label in readings[name].facts), where) for label in COUNTED
    }
    kinds: dict[str, int] = {}
    for name in names:
        for kind, count in readings[name].facts.get("dtypes", {}).get("value", {}).items():
            kinds[kind] = kinds.get(kind, 0) + count
    found["dtypes"] = fact(dict(sorted(kinds.items())), where)
    found["format"] = fact(readings[names[0]].format, where)
    return found
