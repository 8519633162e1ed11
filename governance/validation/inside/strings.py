"""Printable text inside binary files: names, metadata, whatever somebody typed and a format carries along."""

import re
from pathlib import Path

# Shorter runs happen by chance among numbers.
RUN = re.compile(rb"[\x20-\x7e\t]{12,}")


def strings(path: Path, *, head: int, tail: int) -> str:
    """Return the printable runs at the beginning and at the end of a file, one a line."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        parts = [stream.read(head)]
        if size > head:
            stream.seek(max(head, size - tail))
            parts.append(stream.read(tail))
    return "\n".join(run.decode("ascii") for part in parts for run in RUN.findall(part))
