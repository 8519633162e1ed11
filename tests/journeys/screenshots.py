"""`python -m tests.journeys.screenshots FOLDER`: a picture of every page, on a desk in light and dark, and on a phone."""

import contextlib
import os
import secrets
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from marketplace.local.folders import temporary_home
from marketplace.local.services import private_services
from tests.journeys.conftest import DESK, FLAGS, PHONE, Door, chromium
from tests.journeys.pages import PLACES, numbers
from tests.journeys.site import Site, running

LOOKS = {"light": (DESK, "light"), "dark": (DESK, "dark"), "phone": (PHONE, "light")}


def take(site: Site, browser: Browser, folder: Path) -> None:
    """Take all pictures."""
    door = Door(site, browser)
    door.draft("nina", "finance-ml", "walked-through")
    known = numbers(site)
    for look, (size, scheme) in LOOKS.items():
        for place in PLACES:
            context = browser.new_context(base_url=site.url, viewport=size, color_scheme=scheme, reduced_motion="reduce", locale="en-US")
            if place.person:
                context.add_cookies(door.cookies_of(place.person))
            page = context.new_page()
            page.goto(place.address.format(**known))
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"{place}-{look}.png", full_page=True)
            context.close()


def main(folder: Path) -> None:
    """Bring a site up, take the pictures, stop it."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(temporary_home())
        os.environ |= stack.enter_context(private_services(home, durable=False)).environment()
        os.environ |= {"MARKETPLACE_VAR": str(home), "PUBLIC_URL": "http://localhost", "SECRET_KEY": secrets.token_urlsafe(50)}
        site = stack.enter_context(running("screenshots"))
        playwright = stack.enter_context(sync_playwright())
        flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
        take(site, playwright.chromium.launch(executable_path=chromium(), args=flags), folder)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "var/screenshots"))
