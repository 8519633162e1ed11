"""Inline icons of the Lucide set: drawn once per process, hidden from screen readers."""

from functools import lru_cache

import lucide
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe


@lru_cache(maxsize=512)
def _drawn(name: str, tone: str) -> str:
    svg = lucide._render_icon(name, 16, **{"class": f"icon {tone}".strip(), "aria_hidden": "true"})  # noqa: SLF001 - its public door is a template tag
    return " ".join(svg.split())


def icon(name: str, tone: str = "") -> SafeString:
    """Return one icon as inline SVG; an unknown name is a mistake of ours and raises."""
    return mark_safe(_drawn(str(name), str(conditional_escape(tone))))  # noqa: S308 - the package's own SVG, tone escaped
