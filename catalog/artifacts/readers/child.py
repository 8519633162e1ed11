"""What runs inside the sandbox: reads files and answers with plain JSON that says which bytes it speaks of."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from catalog.artifacts.readers import opinion
from catalog.artifacts.readers.reading import read_file
from catalog.artifacts.readers.types import READERS_VERSION

CHUNK = 1024 * 1024


def read_all(payload: Mapping[str, Sequence[Mapping[str, Any]]], files: Sequence[str]) -> dict[str, Any]:
    """Read every file that the payload names, in the order of `files`; a file with a known digest is hashed again here."""
    named = zip(payload["files"], files, strict=True)
    return {"version": READERS_VERSION, "files": [_one(entry, Path(place)) for entry, place in named]}


def _one(entry: Mapping[str, Any], path: Path) -> dict[str, Any]:
    size, digest, problem = -1, "", ""
    try:
        size = path.stat().st_size
        digest = _digest(path) if entry["sha256"] else ""
    except OSError as error:
        problem = type(error).__name__
    reading = read_file(path, entry["name"])
    if not problem:
        reading = opinion.second(path, entry["name"], reading)
    return {"name": entry["name"], "size": size, "sha256": digest, "problem": problem, "reading": reading.to_json()}


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()
