"""What a team uses of others: which version, how far behind the newest approved one, until when."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from catalog.registry.models import AccessGrant, ModelVersion
from catalog.registry.queries import approvals_in_force, grants_of_team
from catalog.registry.states import VersionState
from catalog.usage.queries import last_used_by
from marketplace.accounts.models import Team

MOST = 200


@dataclass(frozen=True)
class Use:
    """One grant of a team, with what the team makes of it."""

    grant: AccessGrant
    used: ModelVersion | None
    newest: str
    behind: int

    @property
    def is_deprecated(self) -> bool:
        """The version in use has a successor or an end."""
        return self.used is not None and self.used.state == VersionState.DEPRECATED

    @property
    def is_stopped(self) -> bool:
        """The version in use may not be used any more: whatever is neither approved nor deprecated."""
        return self.used is not None and self.used.state not in {VersionState.APPROVED, VersionState.DEPRECATED}


def uses_of(viewer: Any, team: Team) -> list[Use]:
    """The models of other teams that a team may use, on models that the viewer sees."""
    grants = list(grants_of_team(viewer, team).exclude(thing__team=team)[:MOST])
    models = {grant.thing_id for grant in grants}
    used = last_used_by(team.pk, models) if models else {}
    versions = ModelVersion.objects.in_bulk(list(used.values())) if used else {}
    approved: dict[int, dict[int, str]] = defaultdict(dict)
    for model, version, name in approvals_in_force().filter(version__model__in=models).values_list("version__model", "version", "version__version"):
        approved[model][version] = name
    return [_use(grant, versions.get(used.get(grant.thing_id, 0)), approved[grant.thing_id]) for grant in grants]


def _use(grant: AccessGrant, used: ModelVersion | None, approved: dict[int, str]) -> Use:
    newest = approved[max(approved)] if approved else ""
    return Use(grant, used, newest, sum(version > used.pk for version in approved) if used is not None else 0)
