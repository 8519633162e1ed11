"""Reading the record: finding events, showing them in words, and verifying that nothing in it changed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from catalog.registry.models import ModelVersion, RegisteredModel
from marketplace.accounts.models import Team, User
from marketplace.accounts.queries import people_by_pseudonym
from marketplace.activity.actions import salted_digest, subject_id, subject_type
from marketplace.activity.models import Event, EventLink, EventText
from marketplace.activity.queries import ChainReport, chain_report, details_of
from marketplace.activity.verbs import VERBS
from marketplace.errors import Invalid, NotFound
from marketplace.permissions.needs import OrgRole
from marketplace.permissions.queries import has_role

# Above so many events a page does not verify the chain while somebody waits.
MOST_WHILE_WAITING = 50_000
SUBJECT = re.compile(r"(?P<type>[a-z]{1,40}):(?P<id>[A-Za-z0-9-]{1,64})\Z")
REVIEW = re.compile(r"[Rr]-(?P<id>[0-9]{1,18})\Z")
REQUEST = re.compile(r"[Aa]-(?P<id>[0-9]{1,18})\Z")
PSEUDONYM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def require_reader(viewer: Any) -> None:
    """Auditors and governance read the record; for everybody else there is none."""
    if not has_role(viewer, OrgRole.AUDITOR) and not has_role(viewer, OrgRole.GOVERNANCE):
        raise NotFound


@dataclass(frozen=True)
class Search:
    """What is looked for in the record."""

    verb: str = ""
    person: str = ""
    thing: str = ""
    since: date | None = None
    until: date | None = None


def events(viewer: Any, search: Search) -> QuerySet[Event]:
    """The events that fit, newest first; Invalid names what was not understood or does not exist."""
    require_reader(viewer)
    rows = Event.objects.select_related("link").prefetch_related("texts").order_by("-pk")
    if search.verb:
        if search.verb not in VERBS:
            raise Invalid("There is no such verb.", fields={"verb": ["Choose one of the list."]})
        rows = rows.filter(verb=search.verb)
    if search.person:
        rows = rows.filter(actor=pseudonym_of(search.person))
    if search.thing:
        kind, number = subject_of(search.thing)
        rows = rows.filter(subject_type=kind, subject_id=number)
    if search.since:
        rows = rows.filter(at__gte=timezone.make_aware(datetime.combine(search.since, time.min)))
    if search.until:
        rows = rows.filter(at__lte=timezone.make_aware(datetime.combine(search.until, time.max)))
    return rows


def pseudonym_of(text: str) -> UUID:
    """The pseudonymous id of a person, by user name or as it stands in the record."""
    text = text.strip()
    if PSEUDONYM.match(text.lower()):
        return UUID(text)
    found = User.objects.filter(username__iexact=text).values_list("person", flat=True).first()
    if found is None:
        raise Invalid("There is no such person.", fields={"person": ["Use a user name, or the id that stands in the record."]})
    return found


def subject_of(text: str) -> tuple[str, str]:
    """The kind and id of a thing by what people call it: `R-12`, `A-12`, `team/model`, `team/model@version`, a team, or `kind:id`."""
    text = text.strip()
    if match := SUBJECT.match(text):
        return match["type"], match["id"]
    if match := REVIEW.match(text):
        return "review", match["id"]
    if match := REQUEST.match(text):
        return "accessrequest", match["id"]
    thing = _named(text)
    if thing is None:
        hint = "Use R-12, A-12, team/model, team/model@version, the name of a team, or kind:id as it stands in the record."
        raise Invalid("There is no such thing.", fields={"object": [hint]})
    return subject_type(thing), subject_id(thing)


def _named(text: str) -> ModelVersion | RegisteredModel | Team | None:
    """A version, model or team by its name."""
    path, _, version = text.partition("@")
    team, _, name = path.partition("/")
    if version:
        return ModelVersion.objects.filter(model__team__name__iexact=team, model__name__iexact=name, version__iexact=version).first()
    if name:
        return RegisteredModel.objects.filter(team__name__iexact=team, name__iexact=name).first()
    return Team.objects.filter(name__iexact=team).first()


@dataclass(frozen=True)
class ShownEvent:
    """An event in words. What was erased stays erased: a person is a pseudonym, a text is gone."""

    id: int
    seq: int | None
    at: datetime
    verb: str
    words: str
    actor: str
    kind: str
    subject: str
    details: dict[str, Any]
    texts: dict[str, str | None]
    request: str
    hash: str


def shown(rows: Iterable[Event]) -> list[ShownEvent]:
    """Put events into words, asking once for all people in them."""
    rows = list(rows)
    bodies = {row.pk: details_of(row) for row in rows}
    ids = {found for body in bodies.values() for found in _pseudonyms(body)}
    names = {person: str(user) for person, user in people_by_pseudonym(ids).items() if user.is_active}
    return [_shown(row, bodies[row.pk], names) for row in rows]


def _pseudonyms(body: dict[str, Any]) -> set[str]:
    """Every pseudonymous id in an event: who did it, to whom, and people among the details."""
    values = [body["actor"], body.get("on_behalf_of"), body["subject"]["id"], *body["details"].values()]
    return {value for value in values if isinstance(value, str) and PSEUDONYM.match(value)}


def _shown(row: Event, body: dict[str, Any], names: dict[str, str]) -> ShownEvent:
    link: EventLink | None = getattr(row, "link", None)
    kept = {text.field: text.text for text in row.texts.all()}
    return ShownEvent(
        id=row.pk,
        seq=link.seq if link else None,
        at=row.at,
        verb=row.verb,
        words=VERBS.get(row.verb, row.verb),
        actor=names.get(body["actor"], body["actor"]) if body["actor"] else "the marketplace",
        kind=row.subject_type,
        subject=names.get(row.subject_id, "") or body["subject"]["name"] or row.subject_id,
        details={key: names.get(value, value) if isinstance(value, str) else value for key, value in body["details"].items()},
        texts={field: kept.get(field) for field in body["texts"]},
        request=row.request_id,
        hash=bytes(link.hash).hex() if link else "",
    )


def too_long_to_wait() -> bool:
    """Whether the record is so long that it is verified by the command and not by a page."""
    last = EventLink.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    return last > MOST_WHILE_WAITING


def record_report() -> ChainReport:
    """Verify the whole record: the chain of events, and that no text beside it says something else than its digest."""
    report = chain_report()
    if not report.is_intact:
        return report
    for text in EventText.objects.select_related("event__link").order_by("event", "pk").iterator(2_000):
        told = details_of(text.event)["texts"].get(text.field)
        if told != salted_digest(bytes(text.salt), text.text):
            return ChainReport(report.events, report.head, text.event.link.seq, f"the text {text.field} is not the one that was recorded")
    return report
