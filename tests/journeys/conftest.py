"""The site, the browser, and people who sign in."""

import json
import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.journeys.eyes import watch
from tests.journeys.site import Site, running

FLAGS = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESK, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}


def chromium() -> str | None:
    """Where the browser is; nothing means the one that Playwright fetched."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


# Package scope: Playwright leaves an event loop in the thread while it runs, which Django refuses to work under.
@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    with running(f"journeys_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}") as site:
        yield site


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags)
        yield browser
        browser.close()


class Door:
    """Signs people in through the real form, each once, and gives them tabs."""

    def __init__(self, site: Site, browser: Browser) -> None:
        self.site, self.browser = site, browser
        self.cookies: dict[str, list] = {}

    def cookies_of(self, person: str) -> list:
        if person not in self.cookies:
            context = self.browser.new_context(base_url=self.site.url)
            page = context.new_page()
            page.goto("/login")
            page.get_by_label("User name").fill(person)
            page.get_by_label("Password").fill(self.site.passwords[person])
            page.get_by_role("button", name="Sign in").click()
            page.get_by_label("Account menu").first.wait_for()  # it holds the full name, which need not hold the user name
            self.cookies[person] = [c for c in context.cookies() if c["name"] in {"session", "csrf"}]
            context.close()
        return self.cookies[person]

    def rest(self, person: str, method: str, path: str, body: object = None, expected: int = 200) -> dict:
        """One request to the REST interface as somebody who is signed in."""
        cookies = {c["name"]: c["value"] for c in self.cookies_of(person)}
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "X-CSRFToken": cookies["csrf"], "Origin": self.site.url}
        status, _, answer = self.site.ask(method, f"/api/v1{path}", body, **headers)
        assert status == expected, f"{method} {path} -> {status}: {answer.decode(errors='replace')[:500]}"
        return json.loads(answer) if answer else {}

    def send(self, person: str, path: str, content: bytes) -> None:
        """Put one file into a draft by REST, as somebody who is signed in."""
        cookies = {c["name"]: c["value"] for c in self.cookies_of(person)}
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "X-CSRFToken": cookies["csrf"], "Origin": self.site.url}
        status, _, answer = self.site.ask("PUT", f"/api/v1{path}", content, **headers, **{"Content-Type": "application/octet-stream"})
        assert status in {200, 201}, f"{path} -> {status}: {answer.decode(errors='replace')[:500]}"

    def draft(self, person: str, team: str, name: str) -> str:
        """Register a model with one draft, as a program would, if it is not there; return the address of the draft."""
        if not self.site.rows("SELECT 1 FROM catalog_registeredmodel WHERE name = %s", name):
            self.rest(person, "POST", "/models", {"team": team, "name": name, "summary": "Made to be looked at."}, 201)
            self.rest(person, "POST", f"/models/{team}/{name}/versions", {"version": "1.0.0"}, 201)
        return f"/m/{team}/{name}/v/1.0.0"


@pytest.fixture(scope="package")
def door(site: Site, browser: Browser) -> Door:
    return Door(site, browser)


@pytest.fixture
def tab(door: Door) -> Iterator[Callable[..., Page]]:
    """Open a tab for somebody: `tab("bea")`; more arguments are those of a browser context."""
    contexts = []

    def opened(person: str = "", **more) -> Page:
        options = {"viewport": DESK, "reduced_motion": "reduce", "locale": "en-US"} | more
        context = door.browser.new_context(base_url=door.site.url, **options)
        contexts.append(context)
        if person:
            context.add_cookies(door.cookies_of(person))
        page = watch(context.new_page())
        page.set_default_timeout(15_000)
        return page

    yield opened
    for context in contexts:
        context.close()
