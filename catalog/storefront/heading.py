"""What stands above every tab of a model: may I use it, which version, who answers for it, what to know first."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef

from catalog.artifacts.models import ModelFile
from catalog.registry.models import Alias, Approval, ModelVersion, RegisteredModel
from catalog.registry.queries import Standing, judged_approvals, standing_from, standing_on, versions_for, versions_of
from catalog.registry.states import ModelState, VersionState
from marketplace.accounts.models import User
from marketplace.accounts.queries import owners_of
from marketplace.activity.models import Event
from marketplace.activity.queries import events_about
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import allowed

MOST_VERSIONS = 200
MOST_BANNERS = 2
OVER = (VersionState.WITHDRAWN, VersionState.PURGED, VersionState.RETIRED)
STOPPED = {VersionState.SUSPENDED: "version.suspended", VersionState.QUARANTINED: "version.quarantined"}


@dataclass(frozen=True)
class Banner:
    """One thing to know before anything else."""

    tone: str
    title: str
    text: str = ""
    link: str = ""
    url: str = ""
    since: Any = None


def _by_version(approvals: Iterable[Approval]) -> dict[int, list[Approval]]:
    found: dict[int, list[Approval]] = {}
    for row in approvals:
        found.setdefault(row.version_id, []).append(row)
    return found


@dataclass(frozen=True)
class Heading:
    """The head of a model's page for one viewer; what costs a query is asked once, when it is shown."""

    model: RegisteredModel
    viewer: Any

    @property
    def url(self) -> str:
        """Return the address of the model."""
        return f"/m/{self.model}"

    @cached_property
    def standing(self) -> Standing:
        """What this person may do with it."""
        if len(self.versions) == MOST_VERSIONS:
            return standing_on(self.model, self.viewer)
        states = {version.state for version in self.versions}
        return standing_from(self.model, states, is_approved=bool(self.approved), is_usable=bool(self.usable))

    @cached_property
    def versions(self) -> list[ModelVersion]:
        """The newest versions, each with whether it `has_files`."""
        files = ModelFile.objects.filter(version=OuterRef("pk"))
        return list(versions_of(self.model).annotate(has_files=Exists(files))[:MOST_VERSIONS])

    @cached_property
    def approvals(self) -> list[Any]:
        """Every approval of any version, also those that ended, the latest end first."""
        return list(judged_approvals(self.viewer, self.model))

    @cached_property
    def approved(self) -> dict[int, list[Approval]]:
        """The approvals in force, by version."""
        return _by_version(row for row in self.approvals if row.counts_now)

    @cached_property
    def usable(self) -> dict[int, list[Approval]]:
        """The approvals under which this person may use a version now, by version."""
        return _by_version(row for row in self.approvals if row.is_mine)

    @cached_property
    def version(self) -> ModelVersion | None:
        """The version that matters to this viewer: usable, else approved, else the newest; `@production` first among equals."""

        def weight(version: ModelVersion) -> tuple[bool, ...]:
            is_production = any(alias.name.lower() == "production" for alias in version.aliases.all())
            standing = version.state != VersionState.DEPRECATED, is_production, version.state not in OVER
            return version.pk in self.usable, version.pk in self.approved, *standing

        return max(self.versions, key=lambda version: (*weight(version), version.pk), default=None)

    @cached_property
    def approval(self) -> Approval | None:
        """The approval that matters: the one this person uses it under, else the longest in force."""
        of_version = self.version.pk if self.version is not None else 0
        return next(iter(self.usable.get(of_version) or self.approved.get(of_version, [])), None)

    @property
    def aliases(self) -> list[Alias]:
        """The aliases of the shown version."""
        return list(self.version.aliases.all()) if self.version else []

    @cached_property
    def owners(self) -> list[User]:
        """Whom to ask."""
        return list(owners_of(self.model.team_id))

    @cached_property
    def may_edit(self) -> bool:
        """Contributors and owners of the team."""
        return allowed(self.viewer, Need.EDIT, self.model)

    @cached_property
    def may_manage(self) -> bool:
        """Owners of the team."""
        return self.may_edit and allowed(self.viewer, Need.MANAGE, self.model)

    @property
    def is_listed(self) -> bool:
        """Only known, not brought in."""
        return self.model.state == ModelState.LISTED

    @property
    def ended(self) -> Approval | None:
        """The newest approval of the shown version that no longer counts, when there is none that does."""
        if self.version is None or self.approved:
            return None
        return max((row for row in self.approvals if row.version_id == self.version.pk), key=lambda row: row.pk, default=None)

    @cached_property
    def banners(self) -> list[Banner]:
        """What to know first, gravest first."""
        found = [self._blocked(), *(self._of(version) for version in self._told_of()), self._listed()]
        return [banner for banner in found if banner is not None][:MOST_BANNERS]

    def _told_of(self) -> list[ModelVersion]:
        """The shown version and the newest one: the two whose trouble everybody should see; stopped ones first."""
        newest = next((version for version in self.versions if version.state != VersionState.DRAFT), None)
        both = {version.pk: version for version in (self.version, newest) if version is not None}
        return sorted(both.values(), key=lambda version: version.state not in STOPPED)

    def _blocked(self) -> Banner | None:
        if self.model.state != ModelState.BLOCKED:
            return None
        return Banner("danger", "Governance blocked this model.", "No version may be used or added. Ask governance why.")

    def _listed(self) -> Banner | None:
        return Banner("info", "Known, not brought in: no files here.", "Ask for it.") if self.is_listed else None

    def _of(self, version: ModelVersion) -> Banner | None:
        """Say what is wrong with a version, if anything is."""
        name, note = f"Version {version.version}", version.state_note
        if version.state in STOPPED:
            event: Event | None = events_about(version).filter(verb=STOPPED[VersionState(version.state)]).order_by("-pk").first()
            tone = "quarantine" if version.state == VersionState.QUARANTINED else "danger"
            return Banner(tone, f"{name} is {version.state}.", note or "It may not be used.", since=event.at if event else None)
        if version.state == VersionState.DEPRECATED:
            return self._deprecated(version)
        if version.state == VersionState.REJECTED:
            return Banner("danger", f"{name} was rejected.", note or "The reason is in its reviews.")
        if version.state == VersionState.EXPIRED:
            return Banner("warning", f"{name} is no longer approved.", f"{note} Ask team {self.model.team.name} to submit it again.".strip())
        return None

    def _deprecated(self, version: ModelVersion) -> Banner:
        note, end = version.state_note, ""
        if version.sunset_at:
            # The note begins with the same day in figures; one sentence about it is enough.
            note = note.removeprefix(f"It ends on {version.sunset_at:%Y-%m-%d}.").strip()
            end = f" It may be retired after {version.sunset_at:%-d %b %Y}."
        successor = versions_for(self.viewer).filter(pk=version.successor_id).first() if version.successor_id else None
        title, text = f"Version {version.version} is deprecated.", f"{note}{end}".strip()
        if successor is None:
            return Banner("warning", title, text)
        return Banner("warning", title, text, f"Use {successor} instead", f"/m/{successor.model}/v/{successor.version}")
