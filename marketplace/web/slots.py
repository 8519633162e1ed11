"""Slots: places of a page that rooms above fill without the page knowing them."""

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from marketplace import origin
from marketplace.errors import DomainError, NotFound

logger = logging.getLogger(__name__)

MaySee = Callable[[Any, Any], bool]
Render = Callable[[HttpRequest, Any], str]
Count = Callable[[HttpRequest, Any], int | None]


def _everybody(user: Any, thing: Any) -> bool:
    return True


@dataclass(frozen=True)
class Panel:
    """What a room offers to a slot."""

    name: str
    title: str
    order: int
    may_see: MaySee
    render: Render
    count: Count | None = None


@dataclass
class ShownPanel:
    """A panel for one request; it is rendered when the template asks for its `html`, and fails alone."""

    panel: Panel
    request: HttpRequest
    thing: Any
    failed: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        """Return the panel's name, as used in URLs."""
        return self.panel.name

    @property
    def title(self) -> str:
        """Return the heading."""
        return self.panel.title

    @cached_property
    def count(self) -> int | None:
        """Return the number beside the title; none when there is none or it cannot be had."""
        if self.panel.count is None:
            return None
        try:
            return self.panel.count(self.request, self.thing)
        except Exception:
            logger.exception("The count of panel %s failed.", self.name)
            return None

    @cached_property
    def html(self) -> SafeString:
        """Return the panel's content, or its own error note."""
        try:
            return SafeString(self.panel.render(self.request, self.thing))
        except DomainError as error:
            return self._note(error)
        except Exception:
            logger.exception("The panel %s failed.", self.name)
            return self._note(None)

    def _note(self, error: DomainError | None) -> SafeString:
        self.failed = True
        context = {"panel": self, "error": error, "request_id": origin.current().request_id, "retry": self.request.get_full_path()}
        return render_to_string("errors/_panel.html", context, request=self.request)


_slots: dict[str, dict[str, Panel]] = defaultdict(dict)


def fill(slot: str, name: str, *, title: str, order: int, render: Render, may_see: MaySee = _everybody, count: Count | None = None) -> None:
    """Put a panel into a slot; the same name again replaces it."""
    _slots[slot][name] = Panel(name, title, order, may_see, render, count)


def _visible(panel: Panel, request: HttpRequest, thing: Any) -> bool:
    try:
        return panel.may_see(request.user, thing)
    except Exception:
        logger.exception("Could not tell who may see panel %s; it is not shown.", panel.name)
        return False


def panels(slot: str, request: HttpRequest, thing: Any = None) -> list[ShownPanel]:
    """Return the panels of a slot that this person may see, in order."""
    offered = sorted(_slots.get(slot, {}).values(), key=lambda panel: (panel.order, panel.name))
    return [ShownPanel(panel, request, thing) for panel in offered if _visible(panel, request, thing)]


def panel(slot: str, name: str, request: HttpRequest, thing: Any = None) -> ShownPanel:
    """Return one panel; one that does not exist and one that may not be seen are both not found."""
    offered = _slots.get(slot, {}).get(name)
    if offered is None or not _visible(offered, request, thing):
        raise NotFound
    return ShownPanel(offered, request, thing)
