"""Having the files of a run read: what is known is not read again, and what is large is read and hashed in several turns."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog.artifacts.models import Blob
from catalog.artifacts.queries import files_of
from catalog.artifacts.readers.types import Reading
from governance.validation.checks.base import SubjectFile
from governance.validation.hashing import hash_on
from governance.validation.models import ValidationRun
from governance.validation.subject import HASHED_BESIDE, local_or_none, read, while_beating
from governance.validation.work.leasing import Lease, hold
from governance.validation.work.memory import recall_readings, remember_readings

TURN = HASHED_BESIDE  # bytes that one turn reads; a larger file takes several


@dataclass
class Reader:
    """Gives the readings of files, from the sandbox or from before, and tells which bytes were hashed on the way."""

    run: ValidationRun
    beat: Callable[[], None]
    digests: dict[str, str] = field(default_factory=dict)

    def __call__(self, files: tuple[SubjectFile, ...]) -> Mapping[str, Reading]:
        """Return one reading per file, before rules that need all files of a version were asked."""
        hashed: Mapping[str, str] = self.run.place.get("hashed", {})
        known = recall_readings(files)
        missing = tuple(file for file in files if file.path not in known)
        fresh = while_beating(self.beat, lambda: read(missing)) if missing else {}
        remember_readings(missing, fresh)
        self.digests |= {file.path: hashed[file.sha256] for file in files if hashed.get(file.sha256)}
        # The sandbox hashes what it is told the digest of, before it reads it: an answer stands for these very bytes.
        self.digests |= {file.path: file.sha256 for file in missing if fresh[file.path].verdict != "error" and file.size <= TURN}
        return {**known, **fresh}


def read_ahead(lease: Lease, run: ValidationRun, beat: Callable[[], None]) -> bool:
    """Read and hash one turn's worth of a large version; True when more is left for another turn."""
    named = [] if run.version.model.is_hosted else list(files_of(run.version))
    if sum(file.blob.size for file in named) <= TURN:
        return False
    used = 0
    while left := [file for file in named if file.blob_id not in run.place.get("hashed", {})]:
        if used >= TURN:
            return True
        piece = _piece([(file.path, file.blob) for file in left])
        large = piece[0][1].size > TURN
        used += _hash_on(run, piece[0][1], beat) if large else _read_piece(run, piece, beat)
        hold(lease, place=run.place)
    return False


def _piece(left: Sequence[tuple[str, Blob]]) -> list[tuple[str, Blob]]:
    """Return the next files that fit into one turn; one that fits into none comes alone."""
    piece, size = [left[0]], left[0][1].size
    for path, blob in left[1:]:
        if size + blob.size > TURN:
            break
        piece.append((path, blob))
        size += blob.size
    return piece


def _read_piece(run: ValidationRun, piece: Sequence[tuple[str, Blob]], beat: Callable[[], None]) -> int:
    with ExitStack() as stack:
        places = while_beating(beat, lambda: [local_or_none(blob, stack) for _, blob in piece])
        files = tuple(SubjectFile(path, blob.size, blob.sha256, place) for (path, blob), place in zip(piece, places, strict=True))
        reader = Reader(run, beat)
        reader(files)
        for file in files:
            _note(run, file.sha256, reader.digests.get(file.path) or _hashed(file.local, beat)[2])
    return sum(blob.size for _, blob in piece)


def _note(run: ValidationRun, sha256: str, found: str) -> None:
    run.place = {"hashed": {**run.place.get("hashed", {}), sha256: found}}


def _hash_on(run: ValidationRun, blob: Blob, beat: Callable[[], None]) -> int:
    """Hash the next turn's worth of one large file, from where an earlier turn stopped."""
    before: dict[str, Any] = run.place.get("hashing", {})
    start, state = (int(before["at"]), str(before["state"])) if before.get("sha256") == blob.sha256 else (0, "")
    with ExitStack() as stack:
        place = while_beating(beat, lambda: local_or_none(blob, stack))
        at, state, digest = _hashed(place, beat, start=start, state=state, most=TURN)
    if state:
        run.place = {**run.place, "hashing": {"sha256": blob.sha256, "at": at, "state": state}}
    else:
        _note(run, blob.sha256, digest)
    return max(1, at - start)


def _hashed(place: Path | None, beat: Callable[[], None], **more: Any) -> tuple[int, str, str]:
    """The same as `hash_on`; bytes that cannot be read have no digest, which the check of integrity finds out about."""
    try:
        return hash_on(place, beat, **more) if place is not None else (0, "", "")
    except OSError:
        return 0, "", ""
