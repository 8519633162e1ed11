"""What is watched at every step: accessibility, the console, the server's answers, the names of controls, the width on a phone."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Locator, Page, Response

BAD_NAME = re.compile(r"\[object|\bundefined\b|\bNone\b|^$")
NAMED = {"button", "link", "textbox", "searchbox", "checkbox", "radio", "combobox", "listbox", "slider", "spinbutton", "switch", "tab", "menuitem"}
NODE = re.compile(r"""^\s*- '?(?P<role>[a-z]+)(?: "(?P<name>(?:[^"\\]|\\.)*)")?""")
AXE_COLORS = ["color-contrast", "link-in-text-block"]  # the rules whose answer depends on the theme
AXE = """async (rules) => {
  const found = await axe.run({resultTypes: ["violations"], ...(rules.length ? {runOnly: {type: "rule", values: rules}} : {})});
  return found.violations.map((v) => `${v.id} (${v.impact}): ` + v.nodes.slice(0, 3).map(
    (n) => `${n.target.join(" ")} — ${n.html.slice(0, 160)} — ${[...n.any, ...n.all, ...n.none].map((c) => c.message).join("; ")}`).join(" | "));
}"""
WIDTH = "() => document.scrollingElement.scrollWidth"
WIDER = """() => [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 5).map((e) => e.tagName.toLowerCase() + "." + e.className + " " + Math.round(e.getBoundingClientRect().right)).join(", ")"""
# An answer that the test provoked on purpose is reported by the browser as a failed resource; the status itself is watched below.
ANSWERED = re.compile(r"^Failed to load resource: the server responded with a status of 4\d\d")


@dataclass
class Watch:
    """What one page has said so far."""

    complaints: list[str] = field(default_factory=list)
    allowed: list[re.Pattern[str]] = field(default_factory=list)
    looks: int = 0

    def console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not ANSWERED.match(message.text):
            self.complain(f"console: {message.text} ({message.location.get('url', '')})")

    def response(self, response: Response) -> None:
        if response.status >= 500:
            self.complain(f"{response.request.method} {response.url} -> {response.status}")

    def complain(self, text: str) -> None:
        if not any(pattern.search(text) for pattern in self.allowed):
            self.complaints.append(text)


WATCHES: WeakKeyDictionary[Page, Watch] = WeakKeyDictionary()


def watch(page: Page) -> Page:
    """Write down from now on what goes wrong on a page."""
    seen = WATCHES[page] = Watch()
    page.on("console", seen.console)
    page.on("pageerror", lambda error: seen.complain(f"script: {error}"))
    page.on("response", seen.response)
    return page


def allow(page: Page, pattern: str) -> None:
    """Expect complaints of a kind that the test provokes on purpose."""
    WATCHES[page].allowed.append(re.compile(pattern))


def look(page: Page, theme: str = "") -> None:
    """Find nothing wrong with what is shown now; light and dark alternate unless one is named."""
    seen = WATCHES[page]
    theme = theme or ("light", "dark")[seen.looks % 2]
    seen.looks += 1
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    wrong = [*violations(page), *bad_names(page), *seen.complaints]
    assert not wrong, f"{page.url} ({theme}):\n" + "\n".join(wrong)


def violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds, under our own content security policy; by all rules unless some are named."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(AXE, list(rules))


def bad_names(page: Page) -> list[str]:
    """Controls whose accessible name is missing or is the leftover of a program."""
    found = []
    for line in page.locator("body").aria_snapshot().splitlines():
        node = NODE.match(line)
        if node and node["role"] in NAMED and BAD_NAME.search(node["name"] or ""):
            found.append(f"name: {line.strip()}")
    return found


def too_wide(page: Page) -> list[str]:
    """Whether the page scrolls sideways, and because of what."""
    width, room = page.evaluate(WIDTH), page.viewport_size["width"]
    return [f"{page.url} is {width} px wide in {room}: {page.evaluate(WIDER)}"] if width > room else []


def says(place: Locator, pattern: str, seconds: float = 15) -> None:
    """Wait until a part of the page says something; a whole page in a failure would hide what was missing."""
    wanted, end = re.compile(pattern), time.monotonic() + seconds
    while not wanted.search(text := " ".join(place.inner_text().split())):
        assert time.monotonic() < end, f"nothing like {pattern!r} in: {text[:1500]}"
        place.page.wait_for_timeout(50)
