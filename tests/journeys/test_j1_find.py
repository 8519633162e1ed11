"""J1: a business user finds a usable invoice model."""

import re

from playwright.sync_api import expect

from tests.journeys.eyes import look
from tests.journeys.marks import JOURNEY

pytestmark = JOURNEY


def names(page):
    return page.locator("#rows h2 a").all_inner_texts()


def total(page):
    return int(re.match(r"([\d,]+) model", page.get_by_role("status").first.inner_text())[1].replace(",", ""))


def settled(page):
    page.wait_for_function("() => !document.querySelector('.htmx-request')")


def test_typing_ticking_and_going_back(tab):
    page = tab("bea")
    page.goto("/models")
    look(page)
    page.evaluate("() => { window.sameDocument = true; }")
    page.get_by_role("searchbox", name="Search models").press_sequentially("invoice", delay=20)
    expect(page.locator("#rows h2 a").first).to_have_text("invoice-fields-v3", timeout=3000)
    expect(page.get_by_role("status").first).to_have_text(re.compile(r"^\d+ models"))
    assert len(names(page)) >= 2
    page.wait_for_url(re.compile("q=invoice"))
    assert page.evaluate("() => window.sameDocument"), "the page was loaded again"
    look(page)

    box = page.get_by_role("checkbox", name=re.compile("^Ready to use now"))
    beside = int(box.locator("xpath=..").locator(".n").inner_text().replace(",", ""))
    box.check()
    page.wait_for_url(re.compile("use=ready"))
    settled(page)
    badges = [text.removeprefix("Status ").strip() for text in page.locator("#rows .result .badge:has(.vh)").all_inner_texts()]
    assert badges
    assert all(re.sub(r"^Status\s*", "", text).startswith("Approved") for text in badges), badges
    assert total(page) == beside == len(names(page))
    look(page)

    ready = names(page)
    page.go_back()
    page.wait_for_url(lambda url: "use=ready" not in url)
    expect(page.get_by_role("checkbox", name=re.compile("^Ready to use now"))).not_to_be_checked()
    page.go_forward()
    page.wait_for_url(re.compile("use=ready"))
    expect(page.get_by_role("checkbox", name=re.compile("^Ready to use now"))).to_be_checked()
    assert names(page) == ready
    page.reload()
    assert names(page) == ready
    assert page.get_by_role("searchbox", name="Search models").input_value() == "invoice"
    look(page)


def test_coming_back_from_a_model_finds_the_same_place(tab):
    page = tab("bea")
    page.goto("/models")
    first = names(page)
    page.get_by_role("link", name=re.compile("^Show .*more")).click()
    page.wait_for_function("(before) => document.querySelectorAll('#rows h2 a').length > before", arg=len(first))
    settled(page)
    longer = names(page)
    link = page.locator("#rows h2 a").nth(len(first) + 5)
    link.scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    place = page.evaluate("() => scrollY")
    assert place > 300
    look(page)
    link.click()
    page.get_by_role("heading", level=1).wait_for()
    assert "/m/" in page.url
    page.go_back()
    expect(page.locator("#rows h2 a")).to_have_count(len(longer))
    assert names(page) == longer
    page.wait_for_function("(place) => Math.abs(scrollY - place) <= 50", arg=place)


def test_j2_typos_aside_an_empty_list_says_what_to_drop(tab):
    page = tab("bea")
    page.goto("/models?q=zzqq+payslip+forgery&tier=T3")
    expect(page.get_by_role("heading", name="No model fits")).to_be_visible()
    look(page)
    way = page.locator("#results li", has_text="Without the words").get_by_role("link")
    way.click()
    assert total(page) > 0
