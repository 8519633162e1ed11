"""The one canonical description of a version: of its files, or of the service that hosts it, and the digest over it."""

import hashlib
import itertools
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from catalog.artifacts.paths import check_path
from marketplace.identifiers import SHA256, canonical


def manifest(files: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the canonical manifest: a JSON list of {path, size, sha256}, sorted by the bytes of the path."""
    rows = [_row(item) for item in files]
    rows.sort(key=lambda row: row["path"].encode())
    for before, after in itertools.pairwise(rows):
        if before["path"] == after["path"]:
            raise ValueError(f"The file “{after['path']}” stands twice in the manifest.")
    return canonical(rows)


def manifest_digest(files: Iterable[Mapping[str, Any]]) -> str:
    """Return the sha256 of the canonical manifest, in hexadecimal."""
    return digest(manifest(files))


def hosted_descriptor(
    *, provider: str, endpoint: str, snapshot: str, region: str = "", contract: str = "", retirement_date: date | None = None
) -> bytes:
    """Return the canonical descriptor of a model that somebody else runs: everything that makes it another model when it changes."""
    values = {"provider": provider, "endpoint": endpoint, "snapshot": snapshot, "region": region, "contract": contract}
    for key, value in values.items():
        if not isinstance(value, str) or value != value.strip():
            raise ValueError(f"The {key} of a hosted model must be text without spaces around it.")
    for key in ("provider", "endpoint", "snapshot"):
        if not values[key]:
            raise ValueError(f"A hosted model needs its {key}.")
    return canonical(values | {"retirement_date": retirement_date.isoformat() if retirement_date else ""})


def hosted_digest(descriptor: bytes) -> str:
    """Return the sha256 of a hosted model's descriptor, in hexadecimal."""
    return digest(descriptor)


def digest(data: bytes) -> str:
    """Return the sha256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    path, size, sha256 = item["path"], item["size"], item["sha256"]
    check_path(path)
    if type(size) is not int or size < 0:
        raise ValueError(f"The size of “{path}” is not a whole number of bytes.")
    if not isinstance(sha256, str) or not SHA256.match(sha256):
        raise ValueError(f"The sha256 of “{path}” is not 64 lowercase hexadecimal digits.")
    return {"path": path, "size": size, "sha256": sha256}
