"""The tabs of a model's page: our own and those that other rooms offer; a tab exists when it has something to show."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from catalog.registry.permissions import require_editor
from catalog.storefront.heading import Heading
from marketplace.errors import NotAllowed, NotFound
from marketplace.web.slots import ShownPanel, panels

SLOT = "model"
# Rooms above may fill these names; then theirs is shown in the place of ours.
ORDER = {"card": 10, "versions": 20, "files": 30, "use": 40, "settings": 90}
TEMPLATES = {
    "card": "catalog/storefront/_tab_card.html",
    "versions": "catalog/storefront/_tab_versions.html",
    "files": "catalog/storefront/_tab_files.html",
    "use": "catalog/storefront/_tab_use.html",
    "settings": "catalog/storefront/_tab_settings.html",
}


@dataclass(frozen=True)
class Tab:
    """One tab: its name in the address, its words, how many things are in it."""

    name: str
    text: str
    order: int
    url: str
    count: int | None = None
    panel: ShownPanel | None = None


@dataclass(frozen=True)
class Tabs:
    """The tabs of one model for one viewer."""

    request: HttpRequest
    heading: Heading

    @cached_property
    def shown(self) -> list[Tab]:
        """Return the tabs in their order."""
        offered = {panel.name: panel for panel in panels(SLOT, self.request, self.heading.model)}
        found = [self._ours(name, offered.pop(name, None)) for name, is_there in self._content().items() if is_there]
        found += [self._theirs(panel) for panel in offered.values() if self._has_content(panel)]
        return sorted(found, key=lambda tab: (tab.order, tab.name))

    def named(self, name: str) -> Tab:
        """Return one tab; say why not where a person may learn it."""
        for tab in self.shown:
            if tab.name == name:
                return tab
        if name == "settings":
            require_editor(self.request.user, self.heading.model)  # type: ignore[arg-type]
        if name == "use":
            raise NotAllowed(f"You cannot use {self.heading.model} now.", hint=self.heading.standing.next_step)
        raise NotFound

    def _content(self) -> dict[str, bool]:
        """Say which of our own tabs have something to show."""
        head, version = self.heading, self.heading.version
        return {
            "card": True,
            "versions": bool(head.versions) or head.may_edit,
            "files": version is not None and (head.model.is_hosted or version.has_files),  # type: ignore[attr-defined]
            "use": head.standing.key == "ready",
            "settings": head.may_edit,
        }

    def _has_content(self, panel: ShownPanel) -> bool:
        """Without a version there is nothing to tell; a panel that counts has content when it counts something."""
        return bool(self.heading.versions) and (panel.panel.count is None or panel.count is not None)

    def _ours(self, name: str, panel: ShownPanel | None) -> Tab:
        text = {"use": "Use this model", "files": "Service" if self.heading.model.is_hosted else "Files"}.get(name, name.capitalize())
        count = len(self.heading.versions) or None if name == "versions" else None
        return Tab(name, text, ORDER[name], self._url(name), count, panel)

    def _theirs(self, panel: ShownPanel) -> Tab:
        return Tab(panel.name, panel.title, panel.panel.order, self._url(panel.name), panel.count, panel)

    def _url(self, name: str) -> str:
        return self.heading.url if name == "card" else f"{self.heading.url}/{name}"


def body_of(request: HttpRequest, tab: Tab, context: dict[str, Any]) -> str:
    """Return the content of a tab: the panel that fills it, framed by ours where we have a frame."""
    if tab.panel is not None and tab.name not in TEMPLATES:
        return tab.panel.html
    return render_to_string(TEMPLATES[tab.name], context | {"tab": tab}, request=request)
