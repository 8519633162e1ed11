"""Who has what and why: people with their teams and roles, who gave them, and what happened in a team."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Lower
from django.http import QueryDict

from marketplace.accounts.models import Membership, OrganizationRole, Team, User
from marketplace.accounts.queries import people_by_pseudonym
from marketplace.activity.models import Event
from marketplace.activity.queries import details_of
from marketplace.api.pagination import Page, decode, encode, page_size
from marketplace.permissions.needs import OrgRole, TeamRole

STATES = {"active": Q(is_active=True), "left": Q(is_active=False), "all": Q()}
SYSTEM = "the operator"
LEFT = "somebody who was erased"
LOG = ("team.created", "team.placed", "team.changed", "team.member_added", "team.member_removed")
MOST_LOGGED = 50


def people(words: str = "", state: str = "all") -> QuerySet[User]:
    """People and service accounts whose user name, name or mail holds these words, with their teams and roles."""
    places = Prefetch("memberships", Membership.objects.select_related("team").order_by("team__name"))
    rows = User.objects.filter(STATES.get(state, Q())).prefetch_related(places, "organization_roles")
    if words := words.replace("\0", "").strip()[:96]:
        rows = rows.filter(Q(username__icontains=words) | Q(name__icontains=words) | Q(email__icontains=words))
    return rows


def by_name(rows: QuerySet[User], query: QueryDict) -> Page[User]:
    """Page through people by user name."""
    limit, key = page_size(query), decode(query.get("cursor", ""), 1)
    rows = rows.alias(low=Lower("username"))
    if key is not None:
        rows = rows.filter(low__gt=str(key[0]))
    found: list[User] = [*rows.order_by("low")[: limit + 1]]
    return Page(found[:limit], encode([found[limit - 1].username.lower()]) if len(found) > limit else "")


@dataclass(frozen=True)
class Given:
    """A place or a role of a person: since when, by whom, and whether by hand or from the directory."""

    row: Any
    at: datetime | None
    by: str
    why: str


def why(row: Any) -> str:
    """By hand, unless the row says that it came from the directory."""
    return "from the directory" if getattr(row, "source", "") == "directory" else "by hand"


def holdings_of(person: User) -> tuple[list[Given], list[Given]]:
    """The teams of a person with the role there, and the organization roles: who gave them is read from the record at once."""
    places = list(Membership.objects.filter(user=person).select_related("team__parent").order_by("team__name"))
    roles = list(OrganizationRole.objects.filter(user=person))
    in_teams = Q(subject_type="team", subject_id__in=[str(row.team_id) for row in places], verb="team.member_added")
    of_roles = Q(subject_type="user", subject_id=str(person.person), verb="role.given")
    events = Event.objects.filter(in_teams | of_roles, body__contains=str(person.person)).order_by("-pk")
    given: dict[tuple[str, ...], Event] = {}
    for event in events if places or roles else ():
        told = details_of(event)["details"]
        if event.verb == "role.given":
            given.setdefault((str(told.get("role")), str(told.get("track"))), event)
        elif told.get("person") == str(person.person):
            given.setdefault((event.subject_id,), event)
    who = actors(given.values())
    return (
        [_given(row, given.get((str(row.team_id),)), who, since=row.created_at) for row in places],
        [_given(row, given.get((row.role, row.track)), who) for row in roles],
    )


def _given(row: Any, event: Event | None, who: dict[str, str], since: datetime | None = None) -> Given:
    return Given(row, since or (event.at if event else None), _actor(event.actor, who) if event else "", why(row))


def actors(events: Iterable[Event]) -> dict[str, str]:
    """Names of those who did something, by pseudonym."""
    ids = {str(event.actor) for event in events if event.actor}
    return {pseudonym: str(user) for pseudonym, user in people_by_pseudonym(ids).items()} if ids else {}


def _actor(actor: UUID | None, who: dict[str, str]) -> str:
    return who.get(str(actor), LEFT) if actor else SYSTEM


@dataclass(frozen=True)
class Logged:
    """Something that happened in a team, in words."""

    title: str
    by: str
    at: datetime


def log_of(team: Team) -> list[Logged]:
    """Who joined and left a team and what else changed, newest first."""
    events = list(Event.objects.filter(subject_type="team", subject_id=str(team.pk), verb__in=LOG).order_by("-pk")[:MOST_LOGGED])
    told = {event.pk: details_of(event)["details"] for event in events}
    ids = {str(event.actor) for event in events if event.actor} | {str(d["person"]) for d in told.values() if d.get("person")}
    who = {pseudonym: str(user) for pseudonym, user in people_by_pseudonym(ids).items()} if ids else {}
    return [Logged(_sentence(event, told[event.pk], who), f"by {_actor(event.actor, who)}", event.at) for event in events]


def _sentence(event: Event, told: dict[str, Any], who: dict[str, str]) -> str:
    person = who.get(str(told.get("person")), "Somebody who was erased")
    if event.verb == "team.member_added":
        return f"{person} is {TeamRole(told['role']).label.lower()} now"
    if event.verb == "team.member_removed":
        return f"{person} left"
    return {"team.created": "Team created", "team.placed": "Placed under a unit" if told.get("parent") else "Placed under no unit"}.get(
        event.verb, "Purpose or quota changed"
    )


@dataclass(frozen=True)
class RoleLine:
    """A line of the matrix: a role of the organization, or a track, and who holds it."""

    role: str
    title: str
    track: str
    holders: list[OrganizationRole]


def matrix(tracks: Collection[str] = ()) -> list[RoleLine]:
    """Every role of the organization and every track, with the active people who hold it; an empty line is one that nobody holds."""
    held: dict[tuple[str, str], list[OrganizationRole]] = {(role, ""): [] for role in OrgRole.values if role != OrgRole.REVIEWER}
    held |= {(OrgRole.REVIEWER.value, track): [] for track in sorted(tracks)}
    for row in OrganizationRole.objects.filter(user__is_active=True).select_related("user").order_by("user__username"):
        held.setdefault((row.role, row.track), []).append(row)
    titles = dict(OrgRole.choices)
    lines = [RoleLine(role, titles[OrgRole(role)], track, rows) for (role, track), rows in held.items()]
    return sorted(lines, key=lambda line: (list(OrgRole.values).index(line.role), line.track))
