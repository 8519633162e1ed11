"""Asking what somebody may see and do: one predicate, used by every list, page and gate."""

from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject, Now

from marketplace.errors import NotAllowed, NotFound
from marketplace.permissions.models import Governed, Visibility
from marketplace.permissions.needs import READS_ALL, ROLES_FOR, Need

G = TypeVar("G", bound=Model)
Viewer = Any  # a User or AnonymousUser: accounts is above this room


@dataclass(frozen=True)
class Limits:
    """What somebody who calls with a token is limited to: models of these teams, and these models. Nothing named means no limit."""

    teams: frozenset[int] = frozenset()
    things: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.teams or self.things)

    def condition(self, path: str) -> Q:
        """The condition on the rows; `path` leads from the queried row to the governed one."""
        return Q(**{f"{path}team__in": sorted(self.teams)}) | Q(**{f"{path}pk__in": sorted(self.things)})

    def cover(self, thing: Any) -> bool:
        """Whether one row is within them."""
        return not self or thing.team_id in self.teams or thing.pk in self.things


def limits_of(viewer: Viewer) -> Limits:
    """What the viewer's token is limited to in this request; a session has no limits."""
    limits: Limits = getattr(viewer, "limits", None) or Limits()
    return limits


def within_limits(viewer: Viewer, path: str = "") -> Q:
    """The condition that a limited token sets besides every right; none for anybody else."""
    limits = limits_of(viewer)
    return limits.condition(path) if limits else Q()


def with_rights(rows: QuerySet[G], *, person: str = "pk") -> Any:
    """Rows with what `groups_of` and `roles_of` tell of a person, in the same query; `person` is the column that names them."""
    who, users = OuterRef(person), get_user_model()
    groups = users.groups.through._default_manager.filter(user=who).order_by().values("group__name")
    roles = users._meta.get_field("memberships").related_model._default_manager.filter(user=who).order_by()
    pairs = roles.values(pair=JSONObject(team="team_id", role="role", parent="team__parent_id"))
    return rows.annotate(read_groups=ArraySubquery(groups), read_roles=ArraySubquery(pairs))


def groups_of(viewer: Viewer) -> frozenset[str]:
    """Names of the mirrored groups of a person: `team:finance-ml`, `track:legal`, `role:auditor`; read once per request."""
    if isinstance(viewer, AnonymousUser) or not viewer.is_active:
        return frozenset()
    if "_group_names" not in viewer.__dict__:
        read = getattr(viewer, "read_groups", None)
        viewer.__dict__["_group_names"] = frozenset(viewer.groups.values_list("name", flat=True) if read is None else read)
    names: frozenset[str] = viewer.__dict__["_group_names"]
    return names


def roles_of(viewer: Viewer) -> dict[int, str]:
    """The teams of a person by id, with the role there; read once per request."""
    return {team: role for team, role, _ in _memberships(viewer)}


def circles_of(viewer: Viewer) -> frozenset[int]:
    """The teams of a person and the teams above them: whatever is shown to one of these is shown to the person."""
    return frozenset(team for member_of, _, above in _memberships(viewer) for team in (member_of, above) if team is not None)


def _memberships(viewer: Viewer) -> tuple[tuple[int, str, int | None], ...]:
    """Team, role there and the team above, of a person; read once per request."""
    if isinstance(viewer, AnonymousUser) or not viewer.is_active:
        return ()
    if "_memberships" not in viewer.__dict__:
        read = getattr(viewer, "read_roles", None)
        rows = viewer.memberships.values_list("team_id", "role", "team__parent_id") if read is None else map(_TRIPLE, read)
        viewer.__dict__["_memberships"] = tuple(rows)
    found: tuple[tuple[int, str, int | None], ...] = viewer.__dict__["_memberships"]
    return found


_TRIPLE = itemgetter("team", "role", "parent")


def reads_all(viewer: Viewer, need: str) -> bool:
    """Whether a role of the organization reads every model for this need."""
    return any(has_role(viewer, role) for role in READS_ALL.get(need, ()))


def has_role(viewer: Viewer, role: str) -> bool:
    """Whether somebody holds an organization role."""
    return f"role:{role}" in groups_of(viewer)


def tracks_of(viewer: Viewer) -> frozenset[str]:
    """The tracks somebody reviews."""
    return frozenset(name.removeprefix("track:") for name in groups_of(viewer) if name.startswith("track:"))


def in_force(prefix: str = "") -> Q:
    """Grants that count now, by the database's clock."""
    return Q(**{f"{prefix}ended_at": None, f"{prefix}until__gt": Now()})


def held_by(viewer: Viewer, prefix: str = "") -> Q:
    """Grants of the person or of one of their teams; nobody's for whoever is not signed in or has left."""
    if isinstance(viewer, AnonymousUser) or not viewer.is_active:
        return Q(pk__in=[])
    return Q(**{f"{prefix}user": viewer.pk}) | Q(**{f"{prefix}team__in": list(roles_of(viewer))})


def predicate(model: Any, viewer: Viewer, need: str = Need.VIEW, path: str = "") -> Q:
    """Return the condition under which `viewer` may do `need`; `path` leads from the queried row to the governed one (`model__`)."""
    if isinstance(viewer, AnonymousUser) or not viewer.is_active:
        return Q(pk__in=[])
    within = within_limits(viewer, path)
    if reads_all(viewer, need):
        return within
    may = Q(**{f"{path}team__in": [team for team, role in roles_of(viewer).items() if role in ROLES_FOR[need]]})
    if need == Need.VIEW:
        may |= Q(**{f"{path}visibility": Visibility.ORGANIZATION})
        may |= Q(**{f"{path}visibility": Visibility.TEAMS, f"{path}shown_to__overlap": sorted(circles_of(viewer))})
    if need in {Need.VIEW, Need.WORK} and (tracks := sorted(f"track:{track}" for track in tracks_of(viewer))):
        may |= Q(**{f"{path}open_to__overlap": tracks})
    if need in {Need.VIEW, Need.DOWNLOAD}:
        # Two questions, so that an index alone answers each.
        grants = model._meta.get_field("grants").related_model._default_manager.filter(in_force(), thing=OuterRef(f"{path}pk"))
        may |= Q(Exists(grants.filter(user=viewer.pk))) | Q(Exists(grants.filter(team__in=list(roles_of(viewer)))))
    return may & within


def visible(queryset: QuerySet[G], *, to: Viewer, need: str = Need.VIEW, via: str = "") -> QuerySet[G]:
    """Return the rows that `to` may `need`; `via` is the path to the governed row when the queryset is of something inside it."""
    model: Any = queryset.model
    for step in filter(None, via.split("__")):
        model = model._meta.get_field(step).related_model
    if not issubclass(model, Governed):
        raise TypeError(f"{model.__name__} is not governed; say via= which row is")
    return queryset.filter(predicate(model, to, need, f"{via}__" if via else ""))


def allowed(viewer: Viewer, need: str, thing: Any) -> bool:
    """Whether somebody may do this with this very thing: what `predicate` says of its row, which was read already; only grants cost a query."""
    if isinstance(viewer, AnonymousUser) or not viewer.is_active or not limits_of(viewer).cover(thing):
        return False
    if reads_all(viewer, need) or roles_of(viewer).get(thing.team_id) in ROLES_FOR[need]:
        return True
    if need == Need.VIEW and _is_shown(viewer, thing):
        return True
    if need in {Need.VIEW, Need.WORK} and any(f"track:{track}" in thing.open_to for track in tracks_of(viewer)):
        return True
    return need in {Need.VIEW, Need.DOWNLOAD} and thing.grants.filter(in_force(), held_by(viewer)).exists()


def _is_shown(viewer: Viewer, thing: Any) -> bool:
    if thing.visibility == Visibility.TEAMS:
        return not circles_of(viewer).isdisjoint(thing.shown_to)
    return bool(thing.visibility == Visibility.ORGANIZATION)


def require(viewer: Viewer, need: str, thing: Any, *, sentence: str = "", hint: str = "") -> None:
    """Raise NotFound for what the viewer may not know, NotAllowed with a sentence for what they may not do."""
    if allowed(viewer, need, thing):
        return
    if need == Need.VIEW or not allowed(viewer, Need.VIEW, thing):
        raise NotFound
    team = thing.team.name
    raise NotAllowed(
        sentence or f"You may see {thing}, but you may not {Need(need).label}: team {team} owns it.",
        hint=hint or f"Ask an owner of team {team}.",
        team=team,
    )


def require_role(viewer: Viewer, *roles: str, to: str) -> None:
    """Raise NotAllowed unless the viewer holds one of the organization roles."""
    if not any(has_role(viewer, role) for role in roles):
        raise NotAllowed(f"Only {' or '.join(roles)} may {to}.", hint="Ask an administrator who holds that role.")
