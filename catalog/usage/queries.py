"""Counting use: sessions, teams and trends of a model, for people who may see it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncWeek
from django.utils import timezone

from catalog.registry.models import AccessGrant, ModelVersion, RegisteredModel
from catalog.registry.states import Environment
from catalog.usage.models import DailyUse, UsageEvent, UsageKind
from marketplace.activity.models import Event
from marketplace.activity.queries import details_of
from marketplace.identifiers import digest
from marketplace.permissions.needs import Need, OrgRole
from marketplace.permissions.queries import allowed, has_role

Viewer = Any
DAYS = 30
WEEKS = 26
FEW = 3
SESSION = timedelta(hours=24)


@dataclass(frozen=True)
class Session:
    """What one person did with one version with one token within 24 hours."""

    day: date
    model: int
    version: int
    team: int | None
    bytes: int


@dataclass(frozen=True)
class TeamUse:
    """How often a team used a model."""

    team: str
    sessions: int


@dataclass(frozen=True)
class UsageSummary:
    """What the model page says about use."""

    sessions: int
    teams: int
    people: str
    by_team: list[TeamUse]
    weeks: list[int]
    since: date

    @property
    def is_empty(self) -> bool:
        """Nobody used it in all the weeks shown."""
        return not self.sessions and not any(self.weeks)


def has_pulled_for_production(version: ModelVersion, *, before: datetime, person: UUID, team: int | None) -> bool:
    """Whether this person, or anybody of the team, used this very version in production before that time."""
    who = Q(person=person) | Q(team=team) if team is not None else Q(person=person)
    return UsageEvent.objects.filter(who, kind=UsageKind.USE, version=version, environment=Environment.PRODUCTION, at__lt=before).exists()


def unsealed(*, limit: int) -> QuerySet[UsageEvent]:
    """Reads that are not yet sealed into the record, oldest first."""
    return UsageEvent.objects.filter(seal=None).order_by("id")[:limit]


def batch_digest(rows: Iterable[UsageEvent]) -> str:
    """Return the digest over a batch of reads, in the order of their ids."""
    return digest([_sealed_facts(row) for row in sorted(rows, key=lambda row: row.pk)])


def _sealed_facts(row: UsageEvent) -> dict[str, Any]:
    return {
        "id": row.pk,
        "at": row.at.isoformat(timespec="microseconds"),
        "kind": row.kind,
        "model": row.model_id,
        "version": row.version_id,
        "path": row.path,
        "sha256": row.sha256,
        "bytes": row.bytes,
        "person": str(row.person),
        "team": row.team_id,
        "token": row.token,
        "use_case": row.use_case_id,
        "environment": row.environment,
        "address": row.address,
        "request": row.request_id,
    }


def seal_is_intact(event: Event) -> bool:
    """Whether the reads behind a `reads.sealed` event are still exactly those that were sealed."""
    told = details_of(event)["details"]
    rows = list(UsageEvent.objects.filter(seal=event.pk))
    return bool(len(rows) == told["count"] and batch_digest(rows) == told["digest"])


def to_sum_up_from(today: date) -> date:
    """Return the day to sum up from: yesterday, or further back when no worker ran for days."""
    last: date | None = DailyUse.objects.aggregate(day=Max("day"))["day"]
    if last is None:
        first = UsageEvent.objects.filter(kind=UsageKind.USE).aggregate(at=Min("at"))["at"]
        last = first.date() if first else today
    return min(last, today - timedelta(days=1))


def chains_begin(day: date) -> date:
    """Return the day from which sessions are counted out for `day`: fixed per month, so that every run finds the same ones."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def sessions_since(day: date) -> Iterator[Session]:
    """The sessions that began on `day` or later: one per person, token and version in 24 hours, however many files and requests."""
    active = UsageEvent.objects.filter(kind=UsageKind.USE, at__gte=_midnight(day)).values("version")
    rows = UsageEvent.objects.filter(kind=UsageKind.USE, at__gte=_midnight(chains_begin(day)), version__in=active)
    rows = rows.order_by("version", "person", "token", "at", "id")
    columns = rows.values_list("version", "person", "token", "at", "team", "model", "bytes")
    yield from (s for s in _sessions(columns.iterator(chunk_size=5_000)) if s.day >= day)


def _sessions(rows: Iterable[tuple[Any, ...]]) -> Iterator[Session]:
    """Cut ordered reads into sessions."""
    key: tuple[Any, ...] | None = None
    start, first, total = timezone.now(), None, 0
    for version, person, token, at, team, model, size in rows:
        if key != (version, person, token) or at - start >= SESSION:
            if first is not None:
                yield Session(*first, total)
            key, start, total = (version, person, token), at, 0
            first = (at.date(), model, version, team)
        total += size
    if first is not None:
        yield Session(*first, total)


def counts_of_last_days(today: date) -> dict[int, tuple[int, int]]:
    """Sessions and teams of the last 30 days for every model that has any."""
    sessions: dict[int, int] = defaultdict(int)
    teams: dict[int, set[int]] = defaultdict(set)
    rows = DailyUse.objects.filter(day__gt=today - timedelta(days=DAYS)).values("model", "team").annotate(total=Sum("sessions"))
    for row in rows.order_by():
        sessions[row["model"]] += row["total"]
        if row["team"] is not None:
            teams[row["model"]].add(row["team"])
    return {model: (total, len(teams[model])) for model, total in sessions.items() if total}


def last_used_by(team: int, models: Iterable[int]) -> dict[int, int]:
    """The version of each of these models that a team used last: from the daily sums, and from the reads of the days they may not hold yet."""
    wanted, since = list(models), timezone.now() - timedelta(days=2)
    summed = DailyUse.objects.filter(team=team, model__in=wanted).order_by("model", "-day", "-version").distinct("model")
    recent = UsageEvent.objects.filter(team=team, model__in=wanted, kind=UsageKind.USE, at__gte=since).order_by("model", "-at").distinct("model")
    return dict(summed.values_list("model", "version")) | dict(recent.values_list("model", "version"))


def usage_of(viewer: Viewer, model: RegisteredModel) -> UsageSummary:
    """The use of a model that was found for a viewer; which teams use it is told only to those who answer for it."""
    today = timezone.now().date()
    since = today - timedelta(days=DAYS - 1)
    rows = DailyUse.objects.filter(model=model, day__gte=since)
    by_team = [
        TeamUse(row["team__name"] or "No team", row["total"])
        for row in rows.values("team__name").annotate(total=Sum("sessions")).order_by("-total", "team__name")
    ]
    return UsageSummary(
        sessions=sum(use.sessions for use in by_team),
        teams=rows.exclude(team=None).values("team").distinct().count(),
        people=_people(model, since),
        by_team=by_team if knows_users_of(viewer, model) else [],
        weeks=weekly(model, today),
        since=since,
    )


def knows_users_of(viewer: Viewer, model: RegisteredModel) -> bool:
    """Whether somebody may know which teams use a model: its team's contributors and owners, governance, auditors."""
    return allowed(viewer, Need.EDIT, model) or has_role(viewer, OrgRole.GOVERNANCE) or has_role(viewer, OrgRole.AUDITOR)


def _people(model: RegisteredModel, since: date) -> str:
    """How many people; fewer than three are not told apart."""
    rows = UsageEvent.objects.filter(model=model, kind=UsageKind.USE, at__gte=_midnight(since))
    count = rows.values("person").distinct().count()
    return str(count) if count >= FEW else "few" if count else "nobody"


def weekly(model: RegisteredModel, today: date) -> list[int]:
    """Sessions per week of the last half year, oldest first, weeks without use included."""
    monday = today - timedelta(days=today.weekday())
    starts = [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    rows = DailyUse.objects.filter(model=model, day__gte=starts[0]).annotate(week=TruncWeek("day")).values("week")
    found = {row["week"]: row["total"] for row in rows.annotate(total=Sum("sessions")).order_by()}
    return [found.get(start, 0) for start in starts]


def last_uses(grants: Iterable[AccessGrant]) -> dict[int, datetime]:
    """When bytes were last read under each grant: by its team, or by the person who holds it, for its use case."""
    rows, grants = UsageEvent.objects.filter(kind=UsageKind.USE).order_by(), list(grants)
    rows = rows.filter(model__in={grant.thing_id for grant in grants}, use_case__in={grant.use_case_id for grant in grants})
    found: dict[tuple[int, int, object], datetime] = {}
    for model, use_case, team, person, at in rows.values_list("model", "use_case", "team", "person").annotate(last=Max("at")):
        for holder in (team, person):
            key = (model, use_case, holder)
            found[key] = max(at, found.get(key, at))
    last = {grant.pk: found.get((grant.thing_id, grant.use_case_id, grant.team_id or (grant.user and grant.user.person))) for grant in grants}
    return {pk: at for pk, at in last.items() if at is not None}
