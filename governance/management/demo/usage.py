"""A year of use that nobody made: with weeks, growth and a few busy days. Only the demo world writes reads of bytes like this.

The last thirty days are single reads, from which the worker counts sessions as it always does; for the time before there are daily sums only.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from catalog.artifacts.models import ModelFile
from catalog.registry.models import AccessGrant, Approval, ModelVersion
from catalog.usage.models import DailyUse, UsageEvent, UsageKind
from catalog.usage.work import roll_up, seal_reads
from governance.management.demo.ideas import SEED
from governance.management.demo.named import NAMED
from governance.management.demo.people import People, all_teams
from marketplace.accounts.actions import issue_token
from marketplace.accounts.models import ApiToken, Team, User

YEAR, SINGLE_DAYS = 364, 30
WEEK = (1.2, 1.0, 1.0, 1.0, 0.8, 0.12, 0.08)  # Monday to Sunday
BUSY, BUSY_FACTOR = 0.015, 3.5
JOBS = ("nightly batch", "notebook")
Row = tuple[Any, ...]
SUMS = ("day", "model_id", "version_id", "team_id", "sessions", "bytes")
READS = (
    "at", "kind", "model_id", "version_id", "path", "sha256", "bytes", "person", "team_id", "token", "use_case_id", "environment", "address",
    "request_id",
)  # fmt: skip


@dataclass(frozen=True)
class Habit:
    """A team that uses a version: since when, until when, how often on a working day, from where."""

    version: ModelVersion
    team: Team
    use_case: int
    first: date
    last: date
    rate: float
    file: ModelFile
    callers: Sequence[tuple[User, str]]


def write_usage(people: People) -> None:
    """Write the use of approved models that have none yet, count it, and seal it into the record."""
    today = timezone.now().date()
    edge = today - timedelta(days=SINGLE_DAYS - 1)
    sums, reads = [], []
    for habit in habits(people, today):
        draw = random.Random(f"use:{SEED}:{habit.version}:{habit.team.name}")  # noqa: S311 - made-up use, no secret
        for day, count in days_of(habit, draw):
            if day < edge:
                sums.append(sum_of(habit, day, count))
            else:
                reads += reads_of(habit, day, count, draw)
    reads.sort()
    with transaction.atomic():
        copy_in(DailyUse, SUMS, sums)
        copy_in(UsageEvent, READS, reads)
    roll_up(edge)
    seal_reads()


def copy_in(table: type[Model], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Write many rows by COPY: as objects, a year of them would take longer than everything else of the demo world."""
    names = ", ".join(columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table._meta.db_table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def habits(people: People, today: date) -> Iterator[Habit]:
    """Return who uses what: every team with a grant that an approval covers."""
    used = DailyUse.objects.values("version")
    approvals = Approval.objects.filter(version__model__team__in=people.teams.values(), voided_at=None).exclude(version__in=used)
    callers = callers_of(people)
    files = {file.version_id: file for file in ModelFile.objects.filter(version__in=approvals.values("version")).order_by("-blob__size")[::-1]}
    grants: dict[tuple[int, int], list[AccessGrant]] = {}
    for grant in AccessGrant.objects.filter(team__in=people.teams.values()).select_related("team"):
        grants.setdefault((grant.thing_id, grant.use_case_id), []).append(grant)
    for approval in approvals.select_related("version__model__team").order_by("pk"):
        version = approval.version
        if version.pk not in files:
            continue  # a vendor serves it: its use is not seen here
        first, last = max(approval.valid_from.date(), today - timedelta(days=YEAR)), min(approval.valid_until.date(), today)
        for grant in grants.get((version.model_id, approval.use_case_id), []):
            draw = random.Random(f"habit:{SEED}:{version}:{grant.team_id}")  # noqa: S311 - as above
            rate = draw.uniform(1.5, 3.2) if str(version.model) in NAMED else draw.choice([0.08, 0.15, 0.3, 0.6, 1.1])
            if grant.team is not None:
                where = callers[grant.team.name]
                yield Habit(version, grant.team, approval.use_case_id, first, last, rate, files[version.pk], where)


def callers_of(people: People) -> dict[str, list[tuple[User, str]]]:
    """Return from where each team calls: its people by browser, and two programs with tokens of their own."""
    found: dict[str, list[tuple[User, str]]] = {}
    for name, members in all_teams().items():
        owner = people.owner_of(name)
        programs = [(owner, token_for(owner, f"{job} of {name}")) for job in JOBS]
        found[name] = [*programs, *((people[member], "") for member in members)]
    return found


def token_for(user: User, name: str) -> str:
    """Return the prefix of a token with this name, issuing it when there is none; its secret is shown to nobody."""
    known = ApiToken.objects.filter(user=user, name=name).values_list("prefix", flat=True).first()
    return known or issue_token(user, by=user, name=name, scopes=["download"], days=365)[0].prefix


def days_of(habit: Habit, draw: random.Random) -> Iterator[tuple[date, int]]:
    """Return the days with use and how many sessions each has: growing over the year, few at weekends, a busy day now and then."""
    for back in range((habit.last - habit.first).days, -1, -1):
        day = habit.last - timedelta(days=back)
        growth = 1.25 - 0.75 * (timezone.now().date() - day).days / YEAR
        expected = habit.rate * growth * WEEK[day.weekday()] * (BUSY_FACTOR if draw.random() < BUSY else 1)
        whole = int(expected)
        count = whole + (draw.random() < expected - whole)
        if count := min(count, len(habit.callers)):
            yield day, count


def sum_of(habit: Habit, day: date, count: int) -> Row:
    """Return the sum of a day, in the order of `SUMS`."""
    version = habit.version
    return day, version.model_id, version.pk, habit.team.pk, count, count * version.bytes


def reads_of(habit: Habit, day: date, count: int, draw: random.Random) -> list[Row]:
    """Return the single reads of a day, in the order of `READS`; none of them in the future."""
    version, found = habit.version, list[Row]()
    for user, token in draw.sample(list(habit.callers), count):
        at = datetime.combine(day, time(draw.randrange(6, 19), draw.randrange(60), draw.randrange(60)), tzinfo=UTC)
        if at < timezone.now():
            what = (at, UsageKind.USE.value, version.model_id, version.pk, habit.file.path, habit.file.blob_id, version.bytes)
            found.append((*what, user.person, habit.team.pk, token, habit.use_case, version.environment, "", ""))
    return found
