"""Segments of the record as files: one event a line, verifiable without a database."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from marketplace.activity.models import EventLink
from marketplace.activity.queries import ChainReport, walk_chain

FORMAT = "marketplace-audit-segment/1"


def segment_lines(*, since: int = 0) -> Iterator[str]:
    """Yield a head with the hash before the first event, then an event a line; free texts are not in it, their digests are."""
    before = EventLink.objects.filter(seq=since).values_list("hash", flat=True).first() if since else None
    yield json.dumps({"format": FORMAT, "after": since, "hash": bytes(before).hex() if before else ""}) + "\n"
    for link, event in walk_chain(since=since):
        yield json.dumps({"seq": link.seq, "hash": bytes(link.hash).hex(), "body": event.body}) + "\n"


def segment_report(lines: Iterable[str]) -> ChainReport:
    """Recompute every hash of a segment in constant memory; name the first bad event."""
    rows = iter(lines)
    head = _line(next(rows, ""))
    if head is None or head.get("format") != FORMAT or not isinstance(head.get("after"), int):
        return ChainReport(0, "", 1, "the file does not begin like a segment of the record")
    seq, previous, count = head["after"], _bytes(head.get("hash")), 0
    for text in rows:
        seq += 1
        row = _line(text)
        if row is None or row.get("seq") != seq or not isinstance(row.get("body"), str):
            return ChainReport(count, previous.hex(), seq, f"event {seq} is missing or cannot be read")
        previous = hashlib.sha256(previous + row["body"].encode()).digest()
        if previous.hex() != row.get("hash"):
            return ChainReport(count, previous.hex(), seq, "the body of the event does not give the recorded hash")
        count += 1
    return ChainReport(count, previous.hex())


def _line(text: str) -> dict[str, Any] | None:
    """One line as an object; None when it is none."""
    try:
        row = json.loads(text)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _bytes(text: Any) -> bytes:
    """A hash from its hex; nothing for anything else, so that the first event then fails."""
    try:
        return bytes.fromhex(text)
    except (TypeError, ValueError):
        return b""
