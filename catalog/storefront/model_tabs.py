"""What our own tabs of a model show."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest
from django.utils import timezone

from catalog.artifacts import gate
from catalog.artifacts.models import ModelFile
from catalog.artifacts.queries import files_of
from catalog.registry.models import Approval, ModelVersion
from catalog.registry.on_request import shows_files, versions_showing_files
from catalog.registry.queries import aliases_of, grants_seen, requests_to_bring_in, use_cases_to_grant, version_named
from catalog.registry.states import Environment
from catalog.storefront.heading import Heading
from catalog.storefront.model_forms import AliasForm, GrantForm, HostedVersionForm, ModelForm, OwnerModelForm, VersionForm
from catalog.storefront.sharing_form import SharingForm, sharing_now
from catalog.storefront.snippets import snippets_for
from catalog.usage.queries import weekly
from marketplace.accounts.models import User
from marketplace.errors import NotAllowed, NotFound
from marketplace.web.slots import panels

MOST_FILES = 500


@dataclass(frozen=True)
class FileList:
    """The files of a version, and whether this person may download them."""

    version: ModelVersion
    files: list[ModelFile]
    refusal: NotAllowed | None
    is_cut: bool
    is_hidden: bool = False

    @property
    def links(self) -> list[tuple[ModelFile, str]]:
        """Return each file with its address; empty where it may not be downloaded."""
        base = f"/api/v1/models/{self.version.model}/versions/{self.version.version}/files/"
        return [(row, "" if self.refusal or row.blob.purged_at else base + quote(row.path)) for row in self.files]


def file_list(viewer: User, version: ModelVersion) -> FileList:
    """List the files of a version, asking the gate once: what it says of one file it says of all of them."""
    if not shows_files(viewer, version):
        return FileList(version, [], NotAllowed(f"The files of {version.model} are on request."), is_cut=False, is_hidden=True)
    rows = list(files_of(version).select_related("version__model__team")[: MOST_FILES + 1])
    return FileList(version, rows[:MOST_FILES], refusal_of(viewer, rows[0]) if rows else None, len(rows) > MOST_FILES)


def refusal_of(viewer: User, file: ModelFile) -> NotAllowed | None:
    """Return why the gate would refuse; nothing when it would not."""
    try:
        gate.judge(viewer, None, file)
    except NotAllowed as refusal:
        return refusal
    return None


@dataclass(frozen=True)
class VersionRow:
    """A line of the list of versions."""

    version: ModelVersion
    approvals: list[Approval]
    shows_files: bool


def card(request: HttpRequest, heading: Heading) -> dict[str, Any]:
    """What stands beside the card."""
    is_here = not heading.is_listed
    return {
        "weeks": weekly(heading.model, timezone.now().date()) if is_here else [],
        "aside": panels("model-aside", request, heading.model),
        "uses_counted": is_here,
    }


def versions(request: HttpRequest, heading: Heading) -> dict[str, Any]:
    """Every version, and the form for the next one."""
    whole = versions_showing_files(heading.viewer, heading.model)
    rows = [VersionRow(v, heading.approved.get(v.pk, []), whole is None or v.pk in whole) for v in heading.versions]
    form: VersionForm = VersionForm()
    if heading.model.is_hosted:
        form = HostedVersionForm(initial=heading.versions[0].descriptor if heading.versions else None)
    return {"rows": rows, "version_form": form}


def files(request: HttpRequest, heading: Heading) -> dict[str, Any]:
    """The files of the shown version."""
    return {"listed": file_list(request.user, heading.version)} if heading.version else {}  # type: ignore[arg-type]


def use(request: HttpRequest, heading: Heading) -> dict[str, Any]:
    """How to use a version: the shown one, or another that was asked for."""
    version = heading.version
    if (wanted := request.GET.get("version", "")) and version is not None:
        version = version_named(heading.model, wanted)
    if version is None:
        raise NotFound
    listed = file_list(request.user, version)  # type: ignore[arg-type]
    snippets = [] if listed.refusal or heading.model.is_hosted else snippets_for(version)
    usable = [row for row in heading.versions if row.pk in heading.approved]
    return {"used": version, "listed": listed, "snippets": snippets, "usable": usable, "conditions": heading.approved.get(version.pk, [])}


def settings(request: HttpRequest, heading: Heading) -> dict[str, Any]:
    """What the team changes: facts, grants, aliases; and who asked for a listed model."""
    model = heading.model
    facts = {"summary": model.summary, "tags": ", ".join(model.tags), "license": model.license}
    facts["accountable"] = model.accountable.username if model.accountable else ""
    longest = heading.approval.valid_until.date() if heading.approval else None
    use_cases = use_cases_to_grant(request.user, model)
    return {
        "model_form": (OwnerModelForm if heading.may_manage else ModelForm)(initial=facts),
        "grants": list(grants_seen(request.user, model)),
        "grant_form": GrantForm(use_cases=use_cases, initial={"until": longest, "environment": Environment.PRODUCTION}),
        "use_cases_exist": use_cases.exists(),
        "aliases": list(aliases_of(model)),
        "alias_form": AliasForm(versions=[version.version for version in heading.versions]),
        "asked_for": requests_to_bring_in(model),
        "sharing_form": SharingForm(initial=sharing_now(model)),
    }


CONTENT: dict[str, Callable[[HttpRequest, Heading], dict[str, Any]]] = {
    "card": card,
    "versions": versions,
    "files": files,
    "use": use,
    "settings": settings,
}
