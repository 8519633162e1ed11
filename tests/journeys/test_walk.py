"""The whole walk: found, published, checked, approved by somebody else, downloaded by a program, counted."""

import hashlib
import json
import re
import secrets

import pytest
from playwright.sync_api import expect

from catalog.usage.tasks import roll_up
from tests.journeys import publishing
from tests.journeys.eyes import look, says
from tests.journeys.marks import JOURNEY

pytestmark = JOURNEY
REASON = "Read the card, tried the files on twenty letters, and the limits are named."


def sign_in(page, person, password):
    page.goto("/")
    page.get_by_label("User name").fill(person)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label(f"Account menu, {person}").wait_for()


def approve(page, address):
    """Decide on the review page of this version, as somebody else."""
    page.goto("/reviews")
    look(page)
    page.goto(address)
    page.get_by_role("link", name=re.compile(r"^Open R-\d+$")).first.click()
    page.wait_for_url(re.compile(r"/reviews/R-\d+$"))
    page.get_by_role("radio", name="Approve", exact=True).check()
    page.get_by_label("Reason").fill(REASON)
    for warning in page.get_by_role("group", name="I looked at the warnings of").get_by_role("checkbox").all():
        warning.check()
    look(page)
    page.get_by_role("button", name="Store my decision").click()
    says(page.locator("main"), "Approved")


def issue_token(page):
    """Make a token on the page for it; return the secret, which is shown once."""
    page.goto("/me/tokens")
    page.get_by_label("What it is for").fill("the walk")
    page.get_by_label("Ends after (days)").fill("7")
    for scope in page.locator('[name="scopes"]').all():
        if scope.get_attribute("value") in {"read", "download"}:
            scope.check()
        else:
            scope.uncheck()
    page.get_by_role("button", name="Issue token").click()
    says(page.locator("main"), "only time the secret is shown")
    look(page)
    secret = page.get_by_label("Secret of the new token").locator("code, pre").or_(page.locator("main pre")).first.inner_text().strip()
    page.goto("/me/tokens")
    assert secret not in page.content()
    return secret


def downloaded(site, token, model):
    """Fetch every file of 1.0.0 as curl -L would; return path -> content."""
    status, _, body = site.ask("GET", f"/api/v1/models/{model}/versions/1.0.0/files", token=token)
    assert status == 200, body
    found = {}
    for file in json.loads(body)["results"]:
        status, headers, content = site.ask("GET", f"/api/v1/models/{model}/versions/1.0.0/files/{file['path']}", token=token)
        if status in {302, 307}:
            status, headers, content = site.ask("GET", headers["Location"])
        assert status == 200, content[:300]
        assert headers["Content-Disposition"].startswith("attachment")
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        found[file["path"]] = content
    return found


def test_a_model_goes_from_upload_to_approved_found_and_downloaded(site, tab, tmp_path):
    page, name = tab(), f"walk-{secrets.token_hex(3)}"
    sign_in(page, "nina", site.passwords["nina"])
    look(page)
    page.get_by_role("searchbox", name="Search models").fill("invoice")
    page.get_by_role("searchbox", name="Search models").press("Enter")
    page.get_by_role("link", name="invoice-fields-v3").first.click()
    says(page.locator("main h1"), "invoice-fields-v3")
    look(page)

    publishing.start(page, "finance-ml", name)
    folder = publishing.a_folder(tmp_path, int(name[-6:], 16))
    publishing.bring(page, folder)
    publishing.about(page)
    publishing.risk(page, f"Use of {name}")
    says(page.locator("#tier-card"), "T3")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url(re.compile("/publish/check$"))
    publishing.give_what_is_missing(page, "T3")
    publishing.submit(page)
    page.evaluate("() => { window.sameDocument = true; }")
    says(page.locator("main"), r"Passed( with warnings)?\. ", seconds=60)
    assert page.evaluate("() => window.sameDocument"), "the checks were followed without a reload"
    look(page)

    address = f"/m/finance-ml/{name}/v/1.0.0"
    other = tab("tess")
    approve(other, address)
    look(other)
    page.goto(address)
    says(page.locator("main"), "Approved")
    look(page)

    token = issue_token(page)
    files = downloaded(site, token, f"finance-ml/{name}")
    assert files == {path.name: path.read_bytes() for path in folder.iterdir()}
    site.ring(roll_up)
    counted = "SELECT pulls_30d FROM catalog_registeredmodel WHERE name = %s"
    while site.rows(counted, name) != [(1,)]:
        page.wait_for_timeout(100)
    page.goto(f"/m/finance-ml/{name}")
    says(page.locator(".stat", has_text="Pulls, 30 days").first, r"\b1$")
    page.goto(f"/m/finance-ml/{name}/usage")
    look(page)
    page.goto(f"/models?q={name}")
    expect(page.locator("#rows h2 a").first).to_have_text(name)


@pytest.mark.full
def test_searching_and_submitting_work_without_javascript(site, tab, tmp_path):
    page, name = tab(java_script_enabled=False), f"plain-{secrets.token_hex(3)}"
    sign_in(page, "nina", site.passwords["nina"])
    page.get_by_role("searchbox", name="Search models").fill("invoice")
    page.get_by_role("searchbox", name="Search models").press("Enter")
    page.wait_for_url(re.compile("q=invoice"))
    page.get_by_role("checkbox", name=re.compile("^Ready to use now")).check()
    page.get_by_role("button", name="Apply filters").click()
    page.wait_for_url(re.compile("use=ready"))
    assert "q=invoice" in page.url
    expect(page.locator("#rows h2 a").first).to_be_visible()

    page.goto("/models/new")
    page.get_by_label("Team", exact=True).select_option("finance-ml")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("What it is for").fill("Sorts letters into five piles.")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile("/publish/files$"))
    folder = publishing.a_folder(tmp_path, int(name[-6:], 16))
    page.locator("#upload-files").set_input_files(sorted(folder.iterdir()))
    page.get_by_role("button", name="Upload", exact=True).click()
    says(page.locator("#files-card"), r"model\.safetensors")
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url(re.compile("/publish/about$"))
    for key, words in publishing.WORDS.items():
        page.locator(f'[name="{key}"]').fill(words)
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url(re.compile("/publish/risk$"))
    publishing.risk(page, f"Use of {name}")
    page.get_by_role("button", name="Work it out").click()
    says(page.locator("#tier-box, #tier-card").first, "T3")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url(re.compile("/publish/check$"))
    publishing.give_what_is_missing(page, "T3")
    says(page.locator("#missing-card"), "Nothing is missing")
    page.get_by_role("button", name="Submit for checks").click()
    page.wait_for_url(re.compile(r"/checks/\d+$"))
    for _ in range(60):
        if re.search(r"Passed( with warnings)?\. ", " ".join(page.locator("main").inner_text().split())):
            break
        page.wait_for_timeout(500)
        page.reload()
    says(page.locator("main"), r"Passed( with warnings)?\. ")
