"""What a worker does for usage: seal reads into the record, and sum them up."""

from collections import defaultdict
from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from catalog.registry.models import RegisteredModel
from catalog.usage.models import DailyUse, UsageEvent
from catalog.usage.queries import batch_digest, counts_of_last_days, sessions_since, to_sum_up_from, unsealed
from marketplace.activity.actions import record

BATCH = 5_000
ROLL_UP_LOCK = 7_301_001


def seal_reads() -> int:
    """Seal every read that is not sealed yet, a batch an event; return how many."""
    count = 0
    while sealed := _seal_batch():
        count += sealed
        if sealed < BATCH:
            break
    return count


@transaction.atomic
def _seal_batch() -> int:
    """Write one event with the digest of a batch; reads that another worker seals right now are left to it."""
    rows = list(unsealed(limit=BATCH).select_for_update(skip_locked=True))
    if not rows:
        return 0
    event = record("reads.sealed", rows[-1], by=None, count=len(rows), first=rows[0].pk, last=rows[-1].pk, digest=batch_digest(rows))
    UsageEvent.objects.filter(pk__in=[row.pk for row in rows]).update(seal=event.pk)
    return len(rows)


@transaction.atomic
def roll_up(since: date | None = None) -> int:
    """Sum up sessions per day, version and team from `since` (default: what was summed up last) on; running it again changes nothing."""
    today = timezone.now().date()
    day = since or to_sum_up_from(today)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ROLL_UP_LOCK])  # two runs at once would write the same sums twice
    sums: dict[tuple[date, int, int, int | None], list[int]] = defaultdict(lambda: [0, 0])
    for session in sessions_since(day):
        total = sums[session.day, session.model, session.version, session.team]
        total[0] += 1
        total[1] += session.bytes
    DailyUse.objects.filter(day__gte=day).delete()
    DailyUse.objects.bulk_create(
        (DailyUse(day=d, model_id=m, version_id=v, team_id=t, sessions=n, bytes=b) for (d, m, v, t), (n, b) in sums.items()), batch_size=1000
    )
    _note_on_models(today)
    return len(sums)


def _note_on_models(today: date) -> None:
    """Bring the figures that lists show up to date, writing only those that changed."""
    counts = counts_of_last_days(today)
    used = RegisteredModel.objects.filter(pk__in=counts) | RegisteredModel.objects.filter(pulls_30d__gt=0)
    for pk, pulls, teams in used.order_by("pk").values_list("pk", "pulls_30d", "teams_30d"):
        if (now := counts.get(pk, (0, 0))) != (pulls, teams):
            RegisteredModel.objects.filter(pk=pk).update(pulls_30d=now[0], teams_30d=now[1])
