"""The page of a version: where it stands, what is asked for, its files, and the one next step."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.views.decorators.http import require_POST, require_safe

from catalog.registry.models import Approval, ModelVersion
from catalog.registry.queries import model_named, version_named, versions_for
from catalog.registry.states import MAY_SUBMIT, VersionState
from catalog.storefront.actions import copy_version
from catalog.storefront.heading import Heading
from catalog.storefront.model_forms import CopyForm
from catalog.storefront.model_tabs import file_list
from catalog.storefront.numbering import next_name
from catalog.storefront.steps import steps_of
from marketplace.web.forms import attempt
from marketplace.web.pages import notice, page, see_other, wants_fragment
from marketplace.web.slots import ShownPanel, panels

POLLED = "version-live"
STOP_POLLING = 286
# Panels before this place stand beside the page, the others in it.
ASIDE_BEFORE = 30
UNDER_WORK = (VersionState.VALIDATING,)


@dataclass(frozen=True)
class NextStep:
    """The one primary button."""

    words: str
    url: str
    icon: str


@dataclass(frozen=True)
class VersionFacts:
    """Everything the page of a version shows, for one viewer."""

    version: ModelVersion
    head: Heading
    request: HttpRequest

    @property
    def url(self) -> str:
        """Return the address of the version."""
        return f"{self.head.url}/v/{self.version.version}"

    @cached_property
    def approvals(self) -> list[Approval]:
        """Every approval, also those that ended."""
        return [row for row in self.head.approvals if row.version_id == self.version.pk]

    @property
    def steps(self) -> list[dict[str, str]]:
        """The way of a version, and where on it this one stands."""
        return steps_of(self.version.state, is_automatic=any(a.review is None for a in self.approvals))

    @property
    def is_live(self) -> bool:
        """Something is happening to it right now."""
        return self.version.state in UNDER_WORK

    @property
    def is_frozen(self) -> bool:
        """Its files never change again."""
        return self.version.state != VersionState.DRAFT or bool(self.version.manifest_digest)

    @property
    def next_name(self) -> str:
        """What to call the next one."""
        return next_name(self.version.version, {other.version.lower() for other in self.head.versions})

    @cached_property
    def next_step(self) -> NextStep | None:
        """The primary action for this person in this state."""
        if self.head.may_edit and self.version.state in MAY_SUBMIT:
            if self.version.state == VersionState.DRAFT:
                return NextStep("Continue publishing", f"{self.url}/publish/files", "send")
            words = "Submit again" if self.version.state == VersionState.EXPIRED else "Mend and submit again"
            return NextStep(words, f"{self.url}/publish/check", "send")
        if self.head.standing.key == "ready" and self.version.pk in self.head.approved:
            return NextStep("Use this version", f"{self.head.url}/use?version={self.version.version}", "terminal")
        return None

    @cached_property
    def successor(self) -> ModelVersion | None:
        """The version to use instead, if this person may see it."""
        return versions_for(self.request.user).filter(pk=self.version.successor_id).first() if self.version.successor_id else None

    @cached_property
    def panels(self) -> list[ShownPanel]:
        """What other rooms show of a version; a panel that counts is there when it counts something."""
        return [p for p in panels("version", self.request, self.version) if p.panel.count is None or p.count is not None]

    @property
    def beside(self) -> list[ShownPanel]:
        """The panels beside the page."""
        return [panel for panel in self.panels if panel.panel.order < ASIDE_BEFORE]

    @property
    def below(self) -> list[ShownPanel]:
        """The panels in the page."""
        return [panel for panel in self.panels if panel.panel.order >= ASIDE_BEFORE]


@login_required
@require_safe
def version_page(request: HttpRequest, team: str, name: str, version: str) -> HttpResponse:
    """Show a version; an alias or another spelling leads to its own address; htmx asks for where it stands while checks run."""
    model = model_named(request.user, team, name)
    head = Heading(model, request.user)
    found = next((row for row in head.versions if row.version == version), None) or version_named(model, version)
    if version.startswith("@"):
        return see_other(f"/m/{model}/v/{found.version}")
    if (model.team.name, model.name, found.version) != (team, name, version):
        return HttpResponsePermanentRedirect(f"/m/{model}/v/{quote(found.version)}")
    if wants_fragment(request) and request.headers.get("HX-Target") == POLLED:
        return _where_it_stands(request, VersionFacts(found, head, request))
    return _show(request, VersionFacts(found, head, request), CopyForm())


def _where_it_stands(request: HttpRequest, facts: VersionFacts) -> HttpResponse:
    """Answer the poll: once nothing happens any more, the page loads anew with what came out."""
    response = page(request, "catalog/storefront/_version_live.html", {"facts": facts, "version": facts.version, "head": facts.head})
    if not facts.is_live:
        response.status_code = STOP_POLLING
        response.headers["HX-Refresh"] = "true"
    return response


def _show(request: HttpRequest, facts: VersionFacts, form: CopyForm, status: int = 200) -> HttpResponse:
    """Render the page."""
    if not form.is_bound:
        form = CopyForm(initial={"version": facts.next_name})
    context: dict[str, Any] = {
        "facts": facts,
        "version": facts.version,
        "model": facts.version.model,
        "head": facts.head,
        "trust": panels("trust", request, facts.version),
        "listed": file_list(request.user, facts.version),  # type: ignore[arg-type]
        "copy_form": form,
    }
    return page(request, "catalog/storefront/version.html", context, status=status)


@login_required
@require_POST
def copy(request: HttpRequest, team: str, name: str, version: str) -> HttpResponse:
    """Start the next version from this one."""
    model = model_named(request.user, team, name)
    found, form, copied = version_named(model, version), CopyForm(request.POST), []
    status = attempt(form, lambda values: copied.append(copy_version(found, values["version"], by=request.user)))  # type: ignore[arg-type]
    if status:
        return _show(request, VersionFacts(found, Heading(model, request.user), request), form, status)
    left = copied[0].left_behind
    words = "Files, answers and use are copied."
    if left:
        words = "1 file could not be copied; send it again." if len(left) == 1 else f"{len(left)} files could not be copied; send them again."
    notice(request, f"The draft {copied[0].version.version} is here. {words}", "warning" if left else "success")
    return see_other(f"/m/{model}/v/{copied[0].version.version}", request)
