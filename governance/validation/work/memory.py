"""What was said of some bytes before, under the same rules: kept so that the same bytes are not asked about twice, and sealed.

Only what came to an end is kept: "could not run" is asked again. A row that does not bear its seal, or no longer has the shape of an answer,
is treated as if it were not there.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db.models.functions import Now

from catalog.artifacts.readers.types import Reading
from governance.validation.checks.base import SubjectFile
from governance.validation.models import KeptAnswer
from governance.validation.ruleset import readers_rules
from marketplace import sandbox
from marketplace.identifiers import digest, keyed_hash

log = structlog.get_logger(__name__)
LARGEST = 1_000_000
BATCH = 5_000
OLD = timedelta(days=90)


@dataclass(frozen=True)
class Speaker:
    """Who says something of bytes, and by which rules; another version of either is another speaker."""

    name: str
    rules: str

    def __str__(self) -> str:
        return f"{self.name} {self.rules}"[:120]

    def key(self, file: SubjectFile) -> str:
        """Return the key of what this speaker said of a file: the bytes and the name they go by."""
        return digest([str(self), file.sha256, file.path])


def readers() -> Speaker:
    """Return the readers of now; what was read without a sandbox is not taken for what was read in one."""
    kind = "sandboxed" if sandbox.choice().safe else sandbox.choice().profile
    return Speaker(f"readers/{kind}", readers_rules())


def recall(speaker: Speaker, files: Iterable[SubjectFile]) -> dict[str, Any]:
    """Return per path what was said before of these files."""
    by_key = {speaker.key(file): file.path for file in files}
    found: dict[str, Any] = {}
    for row in KeptAnswer.objects.filter(key__in=list(by_key)):
        if hmac.compare_digest(row.seal, sealed(row.key, row.said)):
            found[by_key[row.key]] = json.loads(row.said)
        else:
            log.error("kept_answer_was_changed", key=row.key, by=row.by)
    return found


def remember(speaker: Speaker, said: Iterable[tuple[SubjectFile, Mapping[str, Any]]]) -> None:
    """Keep what was said of these files."""
    texts = [(speaker.key(file), json.dumps(value, sort_keys=True)) for file, value in said]
    rows = [KeptAnswer(key=key, by=str(speaker), said=text, seal=sealed(key, text)) for key, text in texts if len(text) <= LARGEST]
    # What lies there under this key may have been changed: it is replaced.
    KeptAnswer.objects.bulk_create(rows, update_conflicts=True, unique_fields=["key"], update_fields=["by", "said", "seal"])


def sealed(key: str, said: str) -> str:
    """Return the seal of one answer, which nobody makes without our key."""
    return keyed_hash(f"{key}:{said}", purpose="kept-answer")


def recall_readings(files: Iterable[SubjectFile]) -> dict[str, Reading]:
    """Return the readings of these very bytes under these very names, each saying that it is not new."""
    found: dict[str, Reading] = {}
    for path, value in recall(readers(), files).items():
        try:
            reading = Reading.from_json(value)
        except ValueError as wrong:
            log.exception("kept_reading_has_another_shape", reason=str(wrong))
            continue
        if reading.verdict != "error":
            found[path] = reading
    return found


def remember_readings(files: Iterable[SubjectFile], readings: Mapping[str, Reading]) -> None:
    """Keep readings that came to an end."""
    good = [(file, readings[file.path]) for file in files if file.path in readings and readings[file.path].verdict != "error"]
    remember(readers(), [(file, reading.to_json()) for file, reading in good])


def clear_old_answers() -> int:
    """Forget what other rules said than those of now, and what is older than three months, some at a time."""
    present = readers_rules()
    old = KeptAnswer.objects.filter(by__startswith="readers/").exclude(by__endswith=f" {present}")
    aged = KeptAnswer.objects.filter(made_at__lt=Now() - OLD)
    keys = [*old.values_list("key", flat=True)[:BATCH], *aged.values_list("key", flat=True)[:BATCH]]
    count, _ = KeptAnswer.objects.filter(key__in=keys).delete()
    return count
