"""What a token is limited to, in words and ids; the building above tells how models are found and whose service accounts are."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower

from marketplace.accounts.models import ApiToken, Team, User
from marketplace.errors import Invalid
from marketplace.permissions.queries import Limits

MOST = 100
Viewer = Any


def _no_models(viewer: Viewer, asked: Collection[Any]) -> dict[Any, Any]:
    return {}


def _no_home(user: User) -> Team | None:
    return None


def _no_accounts(viewer: Viewer) -> QuerySet[User]:
    return User.objects.none()


@dataclass
class Above:
    """What the rooms above know and these rooms ask; filled in `ready()` of their apps."""

    ids_of_models: Callable[[Viewer, Collection[str]], Mapping[str, int]] = _no_models  # those the viewer may see, by `team/name`
    names_of_models: Callable[[Viewer, Collection[int]], Mapping[int, str]] = _no_models
    home_of: Callable[[User], Team | None] = _no_home  # the team that a service account belongs to
    accounts_kept_by: Callable[[Viewer], QuerySet[User]] = _no_accounts  # service accounts of the teams that the viewer owns


above = Above()


def tell(**known: Any) -> None:
    """Let the building above say how it answers."""
    for name, answer in known.items():
        if not hasattr(above, name):
            raise ValueError(f"Nobody asks for {name!r}.")
        setattr(above, name, answer)


def limits_in(token: ApiToken) -> Limits:
    """The limits that a token carries."""
    return Limits(frozenset(token.only_teams), frozenset(token.only_models))


def limits_named(viewer: Viewer, teams: Collection[str], models: Collection[str]) -> Limits:
    """The limits that these names mean; Invalid for what is not there. A model that the viewer may not see is not there."""
    problems: dict[str, list[str]] = {}
    for field, names in (("only_teams", teams), ("only_models", models)):
        if len(names) > MOST:
            problems[field] = [f"Name at most {MOST}."]
    if problems:
        raise Invalid("The token was not issued.", fields=problems)
    wanted = {name.lower() for name in teams if "\0" not in name}
    rows = Team.objects.annotate(lowered=Lower("name")).filter(lowered__in=wanted).values_list("lowered", "pk") if wanted else ()
    known_teams = dict(rows)
    known_models = above.ids_of_models(viewer, list(dict.fromkeys(models))) if models else {}
    if missing := [name for name in teams if name.lower() not in known_teams]:
        problems["only_teams"] = [f"There is no team named {', '.join(missing[:5])}."]
    if missing := [name for name in models if name not in known_models]:
        problems["only_models"] = [f"There is no model {', '.join(missing[:5])} that you can see. Write team/name."]
    if problems:
        raise Invalid("The token was not issued.", fields=problems)
    return Limits(frozenset(known_teams.values()), frozenset(known_models.values()))


def names_in(text: str) -> tuple[list[str], list[str]]:
    """The names of teams and of models in a text that names one a line."""
    named = [line.strip() for line in text.splitlines() if line.strip()]
    return [name for name in named if "/" not in name], [name for name in named if "/" in name]


def is_within(limits: Limits, outer: Limits) -> bool:
    """Whether limits allow nothing that the outer ones do not."""
    return not outer or (bool(limits) and limits.teams <= outer.teams and limits.things <= outer.things)


def words_of(viewer: Viewer, tokens: Collection[ApiToken]) -> dict[int, tuple[list[str], list[str]]]:
    """The names of teams and models that tokens are limited to, by token; a model that the viewer no longer sees is counted, not named."""
    teams = {pk for token in tokens for pk in token.only_teams}
    models = {pk for token in tokens for pk in token.only_models}
    team_names = dict(Team.objects.filter(pk__in=teams).values_list("pk", "name")) if teams else {}
    model_names = above.names_of_models(viewer, models) if models else {}
    return {
        token.pk: (
            sorted(team_names.get(pk, "a team that is gone") for pk in token.only_teams),
            sorted(model_names.get(pk, "a model that you cannot see") for pk in token.only_models),
        )
        for token in tokens
    }
