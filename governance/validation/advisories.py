"""Known vulnerabilities from a local copy of the OSV database: the folder OSV_FOLDER, with `PyPI/all.zip` or `PyPI/*.json` as OSV gives them out."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

ECOSYSTEM = "PyPI"
MOST_BYTES = 4_000_000  # of one advisory


class CopyBroken(ValueError):
    """The copy of the database cannot be read; the sentence says where and what to do."""


@dataclass(frozen=True)
class Advisory:
    """One known vulnerability of one package: `ranges` as (introduced, fixed, last affected), `versions` where no range says it."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    severity: str
    ranges: tuple[tuple[str, str, str], ...]
    versions: frozenset[str]

    @property
    def is_malware(self) -> bool:
        """Whether the package itself was made to do harm."""
        return self.id.startswith("MAL-")

    @property
    def fixed(self) -> str:
        """The first version without it, as far as the advisory says."""
        return next((fixed for _, fixed, _ in reversed(self.ranges) if fixed), "")

    def covers(self, version: str) -> bool:
        """Whether this version is affected; one that cannot be compared is, when it is named."""
        if version in self.versions:
            return True
        try:
            return any(_within(Version(version), *limits) for limits in self.ranges)
        except InvalidVersion:
            return False


@dataclass(frozen=True)
class Database:
    """All advisories by package, and when the newest of them was changed: so old is the copy."""

    by_package: Mapping[str, tuple[Advisory, ...]]
    newest: datetime


def database(folder: str) -> Database:
    """Return the advisories of a folder, read once for every state of it."""
    place = Path(folder) / ECOSYSTEM
    packed = place / "all.zip"
    try:
        return _read(str(packed if packed.is_file() else place), (packed if packed.is_file() else place).stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as fault:
        raise CopyBroken(f"The copy of the OSV database cannot be read ({type(fault).__name__}).") from fault


@lru_cache(maxsize=2)
def _read(place: str, _changed: int) -> Database:
    found: dict[str, list[Advisory]] = {}
    newest = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    for raw in _entries(Path(place)):
        entry = json.loads(raw)
        newest = max(newest, datetime.fromisoformat(entry["modified"]))
        if entry.get("withdrawn"):
            continue
        for affected in entry.get("affected", []):
            package = affected.get("package", {})
            if package.get("ecosystem") == ECOSYSTEM:
                found.setdefault(_folded(package["name"]), []).append(_advisory(entry, affected))
    if not found:
        raise ValueError("no advisory is in there")
    return Database({name: tuple(items) for name, items in found.items()}, newest)


def _entries(place: Path) -> Iterator[bytes]:
    if place.is_dir():
        for path in sorted(place.glob("*.json")):
            yield path.read_bytes()[:MOST_BYTES]
        return
    with zipfile.ZipFile(place) as packed:
        for name in packed.namelist():
            if name.endswith(".json"):
                with packed.open(name) as stream:
                    yield stream.read(MOST_BYTES)


def _folded(name: str) -> str:
    return "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part)


def _advisory(entry: Mapping[str, Any], affected: Mapping[str, Any]) -> Advisory:
    ranges = tuple(limits for item in affected.get("ranges", []) if item.get("type") == "ECOSYSTEM" for limits in _limits(item.get("events", [])))
    severity = str(entry.get("database_specific", {}).get("severity") or affected.get("database_specific", {}).get("severity") or "UNKNOWN").upper()
    return Advisory(
        id=str(entry["id"])[:60],
        aliases=tuple(str(alias)[:60] for alias in entry.get("aliases", [])[:10]),
        summary=str(entry.get("summary") or entry.get("details") or "")[:200],
        severity="MEDIUM" if severity == "MODERATE" else severity[:20],
        ranges=ranges,
        versions=frozenset(affected.get("versions", [])) if not ranges else frozenset(),
    )


def _limits(events: list[Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Turn the events of a range into spans: each begins with "introduced" and ends with "fixed" or "last_affected"."""
    introduced = ""
    for event in events:
        if "introduced" in event:
            if introduced:
                yield introduced, "", ""
            introduced = event["introduced"]
        elif introduced:
            yield introduced, event.get("fixed", ""), event.get("last_affected", "")
            introduced = ""
    if introduced:
        yield introduced, "", ""


def _within(version: Version, introduced: str, fixed: str, last: str) -> bool:
    if introduced != "0" and version < Version(introduced):
        return False
    if fixed:
        return version < Version(fixed)
    return not last or version <= Version(last)


def known_for(data: Database, name: str) -> tuple[Advisory, ...]:
    """Return what is known of a package."""
    return data.by_package.get(_folded(name), ())
