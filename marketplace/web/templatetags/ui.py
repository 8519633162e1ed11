"""Words, numbers and small drawings that templates need."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from marketplace.web import icons, numbers, states, stylesheets

register = template.Library()

HTMX_CONFIG = {
    "includeIndicatorStyles": False,
    "allowEval": False,
    "selfRequestsOnly": True,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "286", "swap": True},
        {"code": "[23]..", "swap": True},
        {"code": "4(03|04|09|22)", "swap": True, "error": False},
        {"code": "4..", "swap": False, "error": True},
        {"code": "5..", "swap": True, "error": True},
    ],
}

register.filter("number", numbers.number)
register.filter("size", numbers.size)
register.filter("params", numbers.params)
register.filter("percent", numbers.percent)
register.filter("when", numbers.when)


@register.simple_tag
def icon(name: str, tone: str = "") -> SafeString:
    """Draw an icon."""
    return icons.icon(name, tone)


@register.simple_tag
def htmx_config() -> str:
    """Return the settings of htmx for its meta tag."""
    return json.dumps(HTMX_CONFIG, separators=(",", ":"))


@register.simple_tag(name="stylesheets")
def stylesheets_link() -> SafeString:
    """Link the one style sheet."""
    href = reverse("stylesheet", args=[stylesheets.stylesheet().digest])
    return format_html('<link rel="stylesheet" href="{}">', href)


@register.simple_tag
def static_url(path: str) -> str:
    """Return the address of a static file."""
    return staticfiles_storage.url(path)


@register.filter
def look(state: object, text: str = "") -> states.Look:
    """Return how a state looks."""
    return states.look_of(state, str(text or ""))


@register.filter
def tier_name(tier: object) -> str:
    """Return the tier as T1 to T4, whatever the case it came in; a question mark when it is none of them."""
    name = str(getattr(tier, "value", tier) or "").strip().upper()
    return name if name in states.TIERS else "?"


@register.filter
def tier_word(tier: object) -> str:
    """Return the word for a tier."""
    return states.TIERS.get(tier_name(tier), "unknown")


@register.filter
def html_attrs(attrs: Mapping[str, Any]) -> SafeString:
    """Write the attributes that were passed to a component, each value escaped."""
    written = [
        str(name) if value is True else f'{name}="{conditional_escape(value)}"'
        for name, value in attrs.items()
        if value is not None and value is not False
    ]
    return mark_safe(" ".join(written))  # noqa: S308 - names come from our templates, values are escaped above


@register.filter
def short_digest(digest: object) -> str:
    """Shorten a digest to its two ends: sha256:9f2c…71ab."""
    text = str(digest or "")
    algorithm, _, value = text.rpartition(":")
    if len(value) <= 12:
        return text
    return f"{algorithm or 'sha256'}:{value[:4]}…{value[-4:]}"


@register.filter
def initials(name: object) -> str:
    """Return the first letters of the first and last word of a name."""
    words = str(name or "?").replace("-", " ").replace("_", " ").split() or ["?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@register.filter
def exact(moment: object) -> str:
    """Write a moment in full, with its time zone."""
    if isinstance(moment, datetime):
        local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
        return f"{date_format(local, 'j M Y, H:i')} {local.tzname() or ''}".strip()
    return date_format(moment, "j M Y") if isinstance(moment, date) else ""


@register.filter
def iso(moment: object) -> str:
    """Write a moment for machines."""
    return moment.isoformat() if isinstance(moment, date | datetime) else ""


@register.filter
def spark_path(values: Sequence[float]) -> str:
    """Return the line of a sparkline of 112 by 28."""
    return numbers.spark_path(values)


@register.filter
def first_of(options: Iterable[Any], count: int) -> list[Any]:
    """Return the first options, and every chosen one, so that a choice is never folded away."""
    listed = list(options)
    return [o for at, o in enumerate(listed) if at < count or _chosen(o)]


@register.filter
def rest_of(options: Iterable[Any], count: int) -> list[Any]:
    """Return the options that `first_of` leaves out."""
    return [o for at, o in enumerate(options) if at >= count and not _chosen(o)]


def _chosen(option: Any) -> bool:
    value = option.get("checked") if isinstance(option, Mapping) else getattr(option, "checked", False)
    return bool(value)


@register.filter
def times(count: object) -> range:
    """Return something to loop over so many times."""
    return range(max(0, int(str(count or 0))))


@register.filter
def toast(message: Any) -> dict[str, str]:
    """Split a message into its tone and the address its Undo button posts to."""
    tone, _, undo = str(message.extra_tags or "info").partition(" ")
    look = {"success": "circle-check", "warning": "triangle-alert", "danger": "circle-x"}.get(tone, "info")
    return {"tone": tone, "undo": undo, "icon": look, "text": str(message)}
