"""The style guide, the style sheet, the frame's figures, words and numbers."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from marketplace.web import context, numbers, states
from marketplace.web.icons import icon
from marketplace.web.stylesheets import stylesheet
from marketplace.web.templatetags import ui

ROOT = Path(settings.STATICFILES_DIRS[0])
COMPONENTS = sorted((Path(settings.TEMPLATES[0]["DIRS"][0]) / "cotton").glob("*.html"))
SAMPLES = {"states.py", "guide.py"}
ROOMS = [path for name in ("marketplace", "catalog", "governance") for path in (ROOT.parent / name).rglob("*.py") if "migrations" not in path.parts]
PAGES = [path for path in (ROOT.parent / "templates").rglob("*.html") if "guide" not in path.name]
SOURCE = "\n".join(path.read_text() for path in [*ROOMS, *PAGES] if path.parent.name != "web" or path.name not in SAMPLES)
pytestmark = pytest.mark.urls("tests.marketplace.web.test_errors")


@pytest.fixture(scope="module")
def guide():
    return Client().get("/docs/ui").text


def test_the_style_guide_has_no_inline_script_or_style(guide):
    assert not re.search(r"<style|\sstyle=|\son\w+=|hx-on|<script(?![^>]*\ssrc=)", guide)


def test_the_style_guide_has_every_reference_it_makes(guide):
    ids = set(re.findall(r'\sid="([^"]+)"', guide))
    assert len(ids) == len(re.findall(r'\sid="([^"]+)"', guide)), "an id stands twice"
    for names in re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', guide):
        assert set(names.split()) <= ids


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_each_component_says_what_it_takes(path):
    first = path.read_text().splitlines()[0]
    name = path.stem.removeprefix("_").replace("facet_option", "facet option")
    assert first.startswith(f"{{# {name}: ")
    assert first.rstrip().endswith("#}")


def test_the_style_sheet_is_one_small_file_kept_for_a_year():
    sheet = stylesheet()
    response = Client().get(f"/ui/{sheet.digest}.css", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert "immutable" in response.headers["Cache-Control"]
    assert len(response.content) <= 15_000
    assert Client().get(f"/ui/{sheet.digest}.css").content == sheet.plain
    assert "immutable" not in Client().get("/ui/old.css").headers["Cache-Control"]


def test_scripts_are_short_and_hold_no_html_and_no_eval():
    for path in (ROOT / "js").glob("*.js"):
        text = path.read_text()
        assert len(text.splitlines()) <= 100, path.name
        assert not re.search(r"innerHTML|insertAdjacentHTML|\beval\(|new Function|https?://", text), path.name


def test_an_unknown_state_is_never_shown_as_good(caplog):
    assert states.look_of("splendid", "Approved") == states.UNKNOWN
    assert states.look_of(None) == states.UNKNOWN
    assert "No look for state 'splendid'" in caplog.text


@pytest.mark.parametrize("state", states.LOOKS)
def test_each_state_has_an_icon_that_exists(state):
    look = states.look_of(state)
    assert 'aria-hidden="true"' in icon(look.icon)
    assert look.tone in {"success", "warning", "danger", "info", "neutral", "quarantine"}


@pytest.mark.parametrize("state", states.LOOKS)
def test_each_state_that_has_a_look_can_be_reached(state):
    assert re.search(rf"[\"']{state}[\"']", SOURCE), "nothing is ever in this state"


def test_pages_open_to_everybody_are_marked_only_where_the_mark_does_something():
    guarded = "django.contrib.auth.middleware.LoginRequiredMiddleware" in settings.MIDDLEWARE
    assert guarded or "login_not_required" not in SOURCE


def test_attributes_of_components_are_escaped():
    assert ui.html_attrs({"title": '"><script>', "disabled": True, "x": None}) == 'title="&quot;&gt;&lt;script&gt;" disabled'


def test_figures_are_asked_for_once_and_only_for_those_who_are_signed_in(monkeypatch):
    asked = []
    monkeypatch.setitem(context._providers, "open_decisions", lambda user: asked.append(user) or 4)
    nav = context.Nav(user=SimpleNamespace(is_authenticated=True))
    assert (nav.open_decisions, nav.open_decisions, len(asked)) == (4, 4, 1)
    assert context.Nav().open_decisions == 0


def test_a_failing_figure_leaves_the_page_standing(monkeypatch, caplog):
    monkeypatch.setitem(context._providers, "unread", lambda user: user / 0)
    assert context.Nav(user=SimpleNamespace(is_authenticated=True)).unread == 0
    assert "The figure unread of the frame failed" in caplog.text


def test_an_unknown_figure_is_refused():
    with pytest.raises(ValueError, match="no figure"):
        context.provide("weather", str)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (numbers.number(1842), "1,842"),
        (numbers.number(None), "—"),
        (numbers.number("0.943"), "0.943"),
        (numbers.size(0), "0 B"),
        (numbers.size(999), "999 B"),
        (numbers.size(1_200_000_000), "1.2 GB"),
        (numbers.size(10**6), "1.0 MB"),
        (numbers.params(125_000_000), "125 M"),
        (numbers.params(8_030_000_000), "8.0 B"),
        (numbers.params(0), "—"),
        (numbers.percent(0.987), "98.7 %"),
        (numbers.percent(7, 21), "33 %"),
        (numbers.percent(1, 0), "—"),
        (numbers.spark_path([]), ""),
        (numbers.spark_path([0, 10]), "M0.0 27.0 112.0 1.0"),
        (ui.short_digest("a" * 60 + "71ab"), "sha256:aaaa…71ab"),
        (ui.initials("Ada Brandt"), "AB"),
    ],
)
def test_numbers_are_written_as_people_read_them(written, expected):
    assert written == expected


NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("apart", "expected"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=-1), "1 minute ago"),
        (timedelta(hours=-3), "3 hours ago"),
        (timedelta(hours=2), "in 2 hours"),
        (timedelta(hours=-20), "yesterday 16:00"),
        (timedelta(days=-6), "6 days ago"),
        (timedelta(days=3), "in 3 days"),
        (timedelta(days=-60), "25 Sep"),
        (timedelta(days=-400), "20 Oct 2025"),
    ],
)
def test_times_are_written_as_seen_from_now(apart, expected):
    with timezone.override("UTC"):
        assert numbers.when(NOON + apart, NOON) == expected


def test_dates_without_a_time_count_in_days():
    assert numbers.when(date(2026, 11, 25), NOON) == "tomorrow"
    assert numbers.when(None) == "—"
