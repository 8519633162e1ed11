"""What the frame of every page knows: who is here and what waits for them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

logger = logging.getLogger(__name__)

THEMES = ("light", "dark", "system")
FIGURES = ("reviewer", "open_decisions", "unread", "may_publish", "auditor", "administrator", "theme")
_providers: dict[str, Callable[[Any], object]] = {}


def provide(name: str, figure: Callable[[Any], object]) -> None:
    """Let a room answer one figure of the frame for a signed-in user; called from `apps.ready()`."""
    if name not in FIGURES:
        raise ValueError(f"The frame has no figure {name!r}; it has {', '.join(FIGURES)}.")
    _providers[name] = figure


@dataclass
class Nav:
    """The figures of the frame, each asked for at most once and only when a template shows it."""

    user: Any = field(default_factory=AnonymousUser)
    chosen_theme: str = "system"

    def _figure(self, name: str, otherwise: object) -> object:
        provider = _providers.get(name)
        if provider is None or not getattr(self.user, "is_authenticated", False):
            return otherwise
        try:
            return provider(self.user)
        except Exception:
            logger.exception("The figure %s of the frame failed; the page is shown without it.", name)
            return otherwise

    @cached_property
    def reviewer(self) -> bool:
        """Say whether this person has a review role."""
        return bool(self._figure("reviewer", otherwise=False))

    @cached_property
    def open_decisions(self) -> int:
        """Count the decisions that wait for this person."""
        return int(str(self._figure("open_decisions", 0)))

    @cached_property
    def unread(self) -> int:
        """Count the unread notifications."""
        return int(str(self._figure("unread", 0)))

    @cached_property
    def may_publish(self) -> bool:
        """Say whether this person belongs to a team that publishes."""
        return bool(self._figure("may_publish", otherwise=False))

    @cached_property
    def auditor(self) -> bool:
        """Say whether this person reads everything and changes nothing."""
        return bool(self._figure("auditor", otherwise=False))

    @cached_property
    def administrator(self) -> bool:
        """Say whether this person looks after people, teams and roles."""
        return bool(self._figure("administrator", otherwise=False))

    @cached_property
    def theme(self) -> str:
        """Return light, dark or system: what the person stored, else what this browser chose."""
        stored = str(self._figure("theme", ""))
        return stored if stored in THEMES and stored != "system" else self.chosen_theme


def nav_for(request: HttpRequest) -> Nav:
    """Return the frame's figures for a request, the same object however often it is asked for."""
    nav: Nav | None = getattr(request, "_nav", None)
    if nav is None:
        chosen = request.COOKIES.get("theme", "system")
        nav = Nav(user=getattr(request, "user", AnonymousUser()), chosen_theme=chosen if chosen in THEMES else "system")
        request._nav = nav  # type: ignore[attr-defined]  # noqa: SLF001 - the request carries it for its own lifetime
    return nav


def site(request: HttpRequest) -> dict[str, object]:
    """Give every template the frame's figures."""
    return {"nav": nav_for(request)}
