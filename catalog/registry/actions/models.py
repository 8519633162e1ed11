"""Registering and changing models."""

from collections.abc import Collection
from typing import Any, Protocol

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from catalog.registry.actions.sharing import share_model
from catalog.registry.models import RegisteredModel
from catalog.registry.permissions import require_editor, require_manager, require_publisher
from catalog.registry.queries import teams_shown
from catalog.registry.states import ModelKind, ModelState, Origin
from marketplace.accounts.actions import check_name
from marketplace.accounts.models import Team, User
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid
from marketplace.identifiers import hides_something
from marketplace.permissions.models import Visibility
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import require

# What a contributor may change on a model, with the longest text each may hold.
CHANGEABLE = {
    "summary": 280,
    "task": 80,
    "library": 80,
    "framework": 80,
    "license": 120,
    "modality": 40,
    "publisher": 160,
    "base_model": 300,
    "display_name": 200,
    "tags": None,
    "parameters": None,
    "visibility": None,
    "accountable": None,
}
MAX_TAGS = 30


class Keeper(Protocol):
    """Writes facts where their truth is, and their copy to the row of the model."""

    def __call__(self, model: RegisteredModel, facts: dict[str, Any], *, by: User) -> None:
        """Raise Invalid, by fact, for what cannot be said so."""


_kept: dict[str, Keeper] = {}


def keep_elsewhere(facts: Collection[str], keeper: Keeper) -> None:
    """Let a room above be the truth about some facts of a model, the row being its copy; called from `apps.ready()`."""
    _kept.update(dict.fromkeys(facts, keeper))


@transaction.atomic
def register_model(
    team: Team,
    name: str,
    *,
    by: User,
    kind: str = ModelKind.FILES,
    origin: str = Origin.INTERNAL,
    visibility: str = Visibility.ORGANIZATION,
    **facts: Any,
) -> RegisteredModel:
    """Register a model for a team; its first version is added next."""
    require_publisher(by, team)
    check_name(name)
    problems = problems_with(facts | {"visibility": visibility})
    problems |= {
        f: [f"Use one of {', '.join(c.values)}."] for f, v, c in (("kind", kind, ModelKind), ("origin", origin, Origin)) if v not in c.values
    }
    if problems:
        raise Invalid("The model was not registered.", fields=problems)
    if by.is_person:
        facts.setdefault("accountable", by)
    try:
        with transaction.atomic():
            model = RegisteredModel.objects.create(team=team, name=name, kind=kind, origin=origin, visibility=visibility, created_by=by, **facts)
    except IntegrityError as taken:
        raise Conflict(f"Team {team.name} already has a model named {name}.", hint="Add a version to it, or choose another name.") from taken
    record("model.registered", model, by=by, kind=kind, origin=origin, visibility=visibility)
    return model


@transaction.atomic
def change_model(model: RegisteredModel, *, by: User, **changes: Any) -> RegisteredModel:
    """Change facts of a model; only an owner changes who may see it or who answers for it.

    What the card holds too is changed there, so that an approval that was given on other words is void.
    """
    require_editor(by, model)
    if {"visibility", "accountable"} & changes.keys():
        require_manager(by, model)
    if problems := problems_with(changes):
        raise Invalid("The model was not changed.", fields=problems)
    changed = {field: value for field, value in changes.items() if getattr(model, field) != value}
    visibility = changed.pop("visibility", None)
    own = {field: value for field, value in changed.items() if field not in _kept}
    # First what approvals it makes void, which locks versions, then the model.
    for keeper in {_kept[field] for field in changed.keys() - own.keys()}:
        keeper(model, {field: value for field, value in changed.items() if _kept.get(field) == keeper}, by=by)
    if visibility is not None:
        model = share_model(model, by=by, visibility=visibility, teams=teams_shown(model) if visibility == Visibility.TEAMS else ())
    if own:
        before = {field: getattr(model, field) for field in own}
        RegisteredModel.objects.filter(pk=model.pk).update(**own, updated_at=Now())
        model.refresh_from_db()
        record("model.changed", model, by=by, before=before, after=own)
    return model


def problems_with(values: dict[str, Any]) -> dict[str, list[str]]:
    """Name every value that does not fit, with the way to mend it."""
    problems: dict[str, list[str]] = {}
    for field, value in values.items():
        if field not in CHANGEABLE:
            problems[field] = [f"There is no such field; use {', '.join(sorted(CHANGEABLE))}."]
            continue
        limit = CHANGEABLE[field]
        if limit and (not isinstance(value, str) or len(value) > limit or hides_something(value)):
            problems[field] = [f"Use one line of at most {limit} characters, without invisible ones."]
    if "visibility" in values and values["visibility"] not in Visibility.values:
        problems["visibility"] = [f"Use one of {', '.join(Visibility.values)}."]
    if "accountable" in values and not (isinstance(values["accountable"], User) and values["accountable"].is_person):
        problems["accountable"] = ["Name a person: a service account cannot answer for a model."]
    if "parameters" in values and not (values["parameters"] is None or (isinstance(values["parameters"], int) and 0 <= values["parameters"] < 2**62)):
        problems["parameters"] = ["Use a whole number, or leave it empty when it is unknown."]
    if "tags" in values and not _good_tags(values["tags"]):
        problems["tags"] = [f"Use a list of at most {MAX_TAGS} tags of 1 to 60 characters."]
    return problems


def _good_tags(tags: object) -> bool:
    """Whether this is a short list of short texts."""
    return isinstance(tags, list) and len(tags) <= MAX_TAGS and all(isinstance(t, str) and 1 <= len(t) <= 60 and not hides_something(t) for t in tags)


@transaction.atomic
def open_to_tracks(model: RegisteredModel, tracks: list[str], *, by: User | None) -> RegisteredModel:
    """Let the reviewers of exactly these tracks read a model, whatever its visibility; called when a review opens or ends."""
    groups = sorted({f"track:{track}" for track in tracks})
    if groups != model.open_to:
        RegisteredModel.objects.filter(pk=model.pk).update(open_to=groups)
        model.open_to = groups
        record("model.changed", model, by=by, open_to=groups)
    return model


@transaction.atomic
def bring_in(model: RegisteredModel, *, by: User, reason: str) -> RegisteredModel:
    """Ask the owner team to bring in a model that is only listed."""
    require(by, Need.VIEW, model)
    if model.state != ModelState.LISTED:
        raise Conflict(f"{model} is not just listed; it is {model.get_state_display().lower()}.", hint="Reload the page.")
    if not reason.strip():
        raise Invalid("The request was not sent.", fields={"reason": ["Say what you need it for."]})
    record("model.brought_in", model, by=by, texts={"reason": reason[:2000]})
    return model
