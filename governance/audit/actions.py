"""What is done with the record itself: taking a copy of it, which is recorded too."""

from collections.abc import Iterator

from django.db import transaction

from governance.audit.queries import require_reader
from governance.audit.segments import segment_lines
from marketplace.accounts.models import User
from marketplace.activity.actions import record


def export_segment(*, by: User, since: int = 0) -> Iterator[str]:
    """Return the lines of the record after an event; that somebody took them is an event."""
    require_reader(by)
    with transaction.atomic():
        record("record.exported", by, by=by, since=since)
    return segment_lines(since=since)
