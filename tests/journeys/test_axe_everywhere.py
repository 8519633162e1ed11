"""Every page: accessible in light and dark, on a desk and on a phone; nothing wider than the phone; a clean console."""

import pytest

from tests.journeys.conftest import DESK, PHONE
from tests.journeys.eyes import AXE_COLORS, look, too_wide, violations
from tests.journeys.marks import JOURNEY
from tests.journeys.pages import PLACES, numbers, page_names

pytestmark = JOURNEY


def test_the_list_of_places_has_every_page():
    assert not page_names() - {place.name for place in PLACES}, "say in tests/journeys/pages.py where these pages are in the demo world"


@pytest.fixture(scope="package")
def known(site, door):
    """The numbers of the demo world, and a draft in the middle of being published."""
    door.draft("nina", "finance-ml", "walked-through")
    return numbers(site)


def shown(place, tab, known):
    """The place as its person sees it, once everything has arrived."""
    page = tab(place.person)
    answer = page.goto(place.address.format(**known))
    assert answer.status == (int(place.note) if place.name == "error" else 200)
    page.wait_for_load_state("networkidle")
    return page


# The short run looks once at the pages that people use most, light on a desk and dark on a phone in turns; the long one at every
# place, at all four.
OFTEN = ("home", "search", "model", "publish-about", "review", "access-request", "my-tokens", "audit")
FIRST = {place.name: place for place in reversed(PLACES)}
LOOKS = [(FIRST[name], *(("light", DESK), ("dark", PHONE))[number % 2]) for number, name in enumerate(OFTEN)]


@pytest.mark.parametrize(("place", "theme", "size"), LOOKS, ids=str)
def test_a_page_is_accessible(place, theme, size, tab, known):
    page = shown(place, tab, known)
    page.set_viewport_size(size)
    look(page, theme)
    assert not too_wide(page)


@pytest.mark.full
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_page_is_accessible_everywhere(place, tab, known):
    page = shown(place, tab, known)
    look(page, "light")
    page.emulate_media(color_scheme="dark")
    wrong = violations(page, AXE_COLORS)
    page.set_viewport_size(PHONE)
    wrong += [*violations(page), *too_wide(page)]
    page.emulate_media(color_scheme="light")
    wrong += violations(page, AXE_COLORS)
    assert page.viewport_size != DESK
    assert not wrong, f"{page.url}:\n" + "\n".join(dict.fromkeys(wrong))
