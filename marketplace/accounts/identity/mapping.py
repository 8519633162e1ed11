"""Which group of the directory gives which place here. Pure: text -> places; nothing is asked of the database."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from marketplace.permissions.needs import OrgRole, TeamRole

RANK = [TeamRole.VIEWER, TeamRole.CONTRIBUTOR, TeamRole.OWNER]


class WrongMapping(ValueError):
    """The mapping cannot be read; the message says where and what to write instead."""


@dataclass(frozen=True)
class Places:
    """What groups give: a role per team (the highest), and organization roles with their tracks."""

    teams: dict[str, str] = field(default_factory=dict)
    roles: frozenset[tuple[str, str]] = frozenset()


def read(given: str) -> dict[str, list[str]]:
    """Return group -> places from YAML or JSON, inline or in a file; raise WrongMapping for what cannot be meant."""
    text = given.strip()
    if text and not text.startswith("{") and "\n" not in text and not text.endswith("}"):
        path = Path(text)
        if not path.is_file():
            raise WrongMapping(f"OIDC_ROLES names the file {text}, which is not there.")
        text = path.read_text(encoding="utf-8")
    try:
        found = yaml.safe_load(text) if text else {}
    except yaml.YAMLError as wrong:
        raise WrongMapping("OIDC_ROLES is neither YAML nor JSON.") from wrong
    if not isinstance(found, dict):
        raise WrongMapping("OIDC_ROLES maps each group to a list, e.g. {ml-leads: [team:finance-ml:owner, role:auditor]}.")
    return {str(group): checked(str(group), places) for group, places in (found or {}).items()}


def checked(group: str, places: Any) -> list[str]:
    """Return the places of one group; each is `team:<name>:<role>` or `role:<role>[:<track>]`."""
    listed = [places] if isinstance(places, str) else places
    if not isinstance(listed, list) or not all(isinstance(place, str) for place in listed):
        raise WrongMapping(f"OIDC_ROLES: {group} must map to a list of places.")
    for place in listed:
        kind, _, rest = place.partition(":")
        name, _, detail = rest.partition(":")
        good_team = kind == "team" and name and detail in TeamRole.values
        good_role = kind == "role" and name in OrgRole.values and bool(detail) == (name == OrgRole.REVIEWER)
        if not (good_team or good_role):
            raise WrongMapping(
                f"OIDC_ROLES: {group} maps to {place!r}. Write team:<name>:<{'|'.join(TeamRole.values)}>, "
                f"role:<{'|'.join(r for r in OrgRole.values if r != OrgRole.REVIEWER)}> or role:reviewer:<track>."
            )
    return listed


@lru_cache(maxsize=4)
def mapping(given: str) -> dict[str, list[str]]:
    """Return the mapping of this process; a changed file counts after a restart."""
    return read(given)


def places_of(groups: Iterable[str], given: str) -> Places:
    """Return what these groups give together."""
    teams: dict[str, str] = {}
    roles: set[tuple[str, str]] = set()
    known = mapping(given)
    for place in (place for group in sorted(set(groups)) for place in known.get(group, [])):
        kind, name, detail = (*place.split(":"), "")[:3]
        if kind == "role":
            roles.add((name, detail))
        elif name.lower() not in teams or RANK.index(TeamRole(detail)) > RANK.index(TeamRole(teams[name.lower()])):
            teams[name.lower()] = detail
    return Places(teams, frozenset(roles))
