"""Giving what groups give and taking back what they gave before, for one person or thousands at once; what was given by hand stays."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import structlog
from django.db import transaction
from django.db.models.functions import Lower

from marketplace.accounts.identity.mapping import Places
from marketplace.accounts.models import Membership, OrganizationRole, Source, Team, User
from marketplace.activity.actions import Happened, record_many
from marketplace.permissions.actions import join_groups, leave_groups
from marketplace.permissions.needs import OrgRole, TeamRole

log = structlog.get_logger(__name__)


@dataclass
class Moves:
    """What becomes of places in one team: person -> new role, who loses theirs, and who would have left it without owner."""

    team: Team
    given: dict[User, str] = field(default_factory=dict)
    taken: list[User] = field(default_factory=list)
    spared: User | None = None


@transaction.atomic
def place(wanted: Mapping[User, Places], *, by: User | None) -> None:
    """Let people have the places that their groups give, and no others from the directory; a fixed number of statements for all of them."""
    people = {person.pk: person for person in wanted}
    list(User.objects.select_for_update().filter(pk__in=people).order_by("pk").values_list("pk"))
    _in_teams(people, {person.pk: places.teams for person, places in wanted.items()}, by=by)
    _in_roles(people, {person.pk: places.roles for person, places in wanted.items()}, by=by)


def _in_teams(people: dict[int, User], wanted: Mapping[int, Mapping[str, str]], *, by: User | None) -> None:
    names = {name for places in wanted.values() for name in places}
    teams = {team.name.lower(): team for team in Team.objects.select_related("group").alias(low=Lower("name")).filter(low__in=names)}
    for missing in sorted(names - teams.keys()):
        log.warning("a_group_names_a_missing_team", setting="OIDC_ROLES", team=missing)
    have = {(m.team_id, m.user_id): m for m in Membership.objects.select_related("team__group").filter(user__in=people)}
    moves: dict[int, Moves] = {}
    for pk, places in wanted.items():
        for name, role in places.items():
            if (team := teams.get(name)) is not None:
                held = have.get((team.pk, pk))
                if held is None or (held.source == Source.DIRECTORY and held.role != role):
                    moves.setdefault(team.pk, Moves(team)).given[people[pk]] = role
    for (team_id, pk), held in have.items():
        if held.source == Source.DIRECTORY and held.team.name.lower() not in {name for name in wanted[pk] if name in teams}:
            moves.setdefault(team_id, Moves(held.team)).taken.append(people[pk])
    _keep_owners(moves, have)
    _move(moves, have, by=by)


def _keep_owners(moves: dict[int, Moves], have: Mapping[tuple[int, int], Membership]) -> None:
    """Leave a team its last owner, whatever the directory says; the rows of the teams serialize, as they do for changes by hand."""
    lose = {
        team_id: {p for p in (*move.taken, *move.given) if move.given.get(p) != TeamRole.OWNER and _is_owner(have.get((team_id, p.pk)))}
        for team_id, move in moves.items()
    }
    concerned = sorted(team_id for team_id, leavers in lose.items() if leavers)
    if not concerned:
        return
    list(Team.objects.select_for_update(of=("self",)).filter(pk__in=concerned).order_by("pk").values_list("pk"))
    owners: dict[int, set[int]] = {team_id: set() for team_id in concerned}
    rows = Membership.objects.filter(team__in=concerned, role=TeamRole.OWNER, user__is_active=True)
    for team_id, user_id in rows.values_list("team", "user"):
        owners[team_id].add(user_id)
    for team_id in concerned:
        move, leaving = moves[team_id], {person.pk for person in lose[team_id]}
        come = any(role == TeamRole.OWNER and person.is_active for person, role in move.given.items())
        if owners[team_id] and not owners[team_id] - leaving and not come:
            spared = min((person for person in lose[team_id] if person.pk in owners[team_id]), key=lambda person: person.pk)
            move.spared = spared
            move.given.pop(spared, None)
            move.taken = [person for person in move.taken if person != spared]


def _is_owner(held: Membership | None) -> bool:
    return held is not None and held.role == TeamRole.OWNER


def _move(moves: dict[int, Moves], have: Mapping[tuple[int, int], Membership], *, by: User | None) -> None:
    """Write the rows, the mirrored groups and the events."""
    new: list[Membership] = []
    changed: list[Membership] = []
    gone: list[int] = []
    events: list[Happened] = []
    for team_id, move in moves.items():
        for person, role in move.given.items():
            held = have.get((team_id, person.pk))
            row = held or Membership(team=move.team, user=person, source=Source.DIRECTORY)
            row.role = role
            (changed if held else new).append(row)
            events.append(Happened("team.member_added", move.team, {"person": person, "role": role, "source": Source.DIRECTORY}))
        for person in move.taken:
            gone.append(have[team_id, person.pk].pk)
            events.append(Happened("team.member_removed", move.team, {"person": person}))
        if move.spared is not None:
            events.append(Happened("team.last_owner_kept", move.team, {"person": move.spared}))
    Membership.objects.bulk_create(new)
    Membership.objects.bulk_update(changed, ["role"], batch_size=1000)
    Membership.objects.filter(pk__in=gone).delete()
    join_groups([(person, move.team.group.name) for move in moves.values() for person in move.given])
    leave_groups([(person, move.team.group.name) for move in moves.values() for person in move.taken])
    record_many(events, by=by)


def _in_roles(people: dict[int, User], wanted: Mapping[int, Collection[tuple[str, str]]], *, by: User | None) -> None:
    held = {(row.user_id, row.role, row.track): row for row in OrganizationRole.objects.filter(user__in=people)}
    give = [(pk, role, track) for pk, roles in wanted.items() for role, track in sorted(roles) if (pk, role, track) not in held]
    take = [key for key, row in held.items() if row.source == Source.DIRECTORY and key[1:] not in wanted[key[0]]]
    spared = _last_administrator(people, give, take)
    take = [key for key in take if key != spared]
    OrganizationRole.objects.bulk_create(OrganizationRole(user_id=pk, role=role, track=track, source=Source.DIRECTORY) for pk, role, track in give)
    OrganizationRole.objects.filter(pk__in=[held[key].pk for key in take]).delete()
    join_groups([(people[pk], _mirror(role, track)) for pk, role, track in give])
    leave_groups([(people[pk], _mirror(role, track)) for pk, role, track in take])
    events = [Happened("role.given", people[pk], {"role": r, "track": t, "lead": False, "source": Source.DIRECTORY}) for pk, r, t in give]
    events += [Happened("role.taken", people[pk], {"role": role, "track": track}) for pk, role, track in take]
    if spared is not None:
        events.append(Happened("role.last_administrator_kept", people[spared[0]], {}))
    record_many(events, by=by)


def _last_administrator(
    people: dict[int, User], give: Iterable[tuple[int, str, str]], take: Iterable[tuple[int, str, str]]
) -> tuple[int, str, str] | None:
    """Whose role stays because nobody else would hold it."""
    leaving = {pk for pk, role, _ in take if role == OrgRole.ADMINISTRATOR}
    if not leaving:
        return None
    rows = OrganizationRole.objects.select_for_update(of=("self",)).filter(role=OrgRole.ADMINISTRATOR).select_related("user").order_by("pk")
    active = {row.user_id for row in rows if row.user.is_active}
    come = any(role == OrgRole.ADMINISTRATOR and people[pk].is_active for pk, role, _ in give)
    return (min(active & leaving), OrgRole.ADMINISTRATOR, "") if active and not active - leaving and not come else None


def _mirror(role: str, track: str) -> str:
    return f"track:{track}" if track else f"role:{role}"
