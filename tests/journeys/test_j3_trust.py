"""J3: a business user understands whether a model can be trusted."""

import re

from playwright.sync_api import expect

from tests.journeys.eyes import look, says
from tests.journeys.marks import JOURNEY

pytestmark = JOURNEY


def test_the_head_says_it_and_governance_proves_it(tab):
    page = tab("bea")
    page.goto("/models?q=invoice")
    page.get_by_role("link", name="invoice-fields-v3").first.click()
    head = page.locator("main .head")
    expect(head.get_by_role("heading", level=1)).to_have_text("invoice-fields-v3")
    says(head, "Approved")
    says(head, "T3")
    says(head, r"(?i)checks? (\d+) of \1|(\d+) of \2")
    says(head, r"Approved until \d+ \w+ \d{4}|Approved until .*\d{4}")
    look(page)

    page.get_by_role("navigation", name=re.compile("^About")).or_(page.get_by_role("tablist")).get_by_text("Governance").first.click()
    page.wait_for_url(re.compile("/governance$"))
    table = page.get_by_role("table", name=re.compile("approval", re.IGNORECASE))
    for column in ("For", "Until", "Decided by", "Policy", "Digest"):
        expect(table.locator("thead th", has_text=re.compile(f"^{column}$"))).to_be_visible()
    row = table.get_by_role("row", name=re.compile(r"^3\.2\.0"))
    says(row, "Document intake")
    says(row, "starter")
    look(page)
    page.reload()
    look(page)


def test_a_rejected_model_says_why_and_whom_to_ask(tab):
    page = tab("bea")
    page.goto("/m/hr-ml/cv-ranker")
    says(page.locator("main"), r"(?i)discrimination")
    expect(page.get_by_role("link", name="Use this model")).to_have_count(0)
    says(page.locator("main"), r"[Aa]sk .*hr-ml")
    look(page)


def test_what_somebody_may_not_see_does_not_exist(tab):
    page = tab("bea")
    hidden, never = page.goto("/m/secret-lab/falcon-x"), None
    text = page.locator("main").inner_text().replace("falcon-x", "NAME")
    assert hidden.status == 404
    look(page)
    never = page.goto("/m/secret-lab/never-was")
    assert never.status == 404
    assert page.locator("main").inner_text().replace("never-was", "NAME") == text
    page.goto("/models?q=falcon-x")
    assert page.locator("#rows h2 a", has_text="falcon-x").count() == 0
