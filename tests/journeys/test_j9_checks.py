"""J9: a publisher reads the checks of a bad version, and sees in the next one that it is mended."""

import re
import secrets

from playwright.sync_api import expect

from governance.management.demo.artifacts import artifact_files
from tests.journeys import publishing
from tests.journeys.eyes import look, says
from tests.journeys.marks import JOURNEY

pytestmark = JOURNEY
EVIL = b"cos\nsystem\n(S'echo never run'\ntR."


def ends(page, words):
    """Wait for the end of the checks, which comes to the page by itself."""
    outcome = page.locator("main .badge", has=page.locator(".vh", has_text="Outcome")).first
    expect(outcome).to_contain_text(words, timeout=60_000)


def test_a_bad_pickle_is_named_and_the_next_version_is_compared(site, door, tab, tmp_path):
    page, name = tab("nina"), f"bad-pickle-{secrets.token_hex(3)}"
    folder = publishing.a_folder(tmp_path, 909)
    (folder / "extra.pkl").write_bytes(EVIL)
    publishing.start(page, "finance-ml", name)
    publishing.bring(page, folder)
    publishing.about(page)
    publishing.risk(page, "Sorting the post safely")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url(re.compile("/publish/check$"))
    publishing.give_what_is_missing(page, "T3")
    site.stop("worker")  # so that the page is seen while it waits
    bad = publishing.submit(page)
    stages = page.get_by_role("list", name="Stages")
    says(stages, "Security.*Waiting")
    page.evaluate("window.neverLeft = true")
    look(page)
    site.start("worker")
    ends(page, "Quarantined")
    assert page.evaluate("window.neverLeft"), "it came without loading the page again"
    expect(stages.get_by_role("listitem").filter(has_text="Security")).to_contain_text("Failed")
    finding = page.locator("#findings-card, #findings").first
    says(finding, r"extra\.pkl")
    says(finding, r"os\.system.*GLOBAL|GLOBAL.*os\.system")
    look(page)

    page.goto(f"/m/finance-ml/{name}/v/1.0.0")
    expect(page.get_by_role("link", name=re.compile("Download"))).to_have_count(0)
    expect(page.locator('a[href*="/files/"][download], a[href^="/bytes/"]')).to_have_count(0)
    look(page)

    door.rest("nina", "POST", f"/models/finance-ml/{name}/versions", {"version": "1.0.1", "changelog": "Without the pickle."}, 201)
    for path, content in artifact_files("safetensors", 910, name="Letter sorter", summary="Sorts letters into five piles.", license="apache-2.0"):
        door.send("nina", f"/models/finance-ml/{name}/versions/1.0.1/files/{path}", content)
    page.goto(f"/m/finance-ml/{name}/v/1.0.1/publish/risk")
    publishing.risk(page, f"Sorting the post even more safely {secrets.token_hex(2)}")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url(re.compile("/publish/check$"))
    publishing.submit(page)
    ends(page, re.compile("Passed"))
    compared = page.locator("#compared-card, #compared").first
    says(compared, rf"Run {bad} of version 1\.0\.0: 0 new, [1-9]\d* fixed")
    compared.get_by_text(re.compile(r"findings? fixed$")).click()
    says(compared, r"extra\.pkl")
    says(compared, "Pickles only after review")
    look(page)
    page.get_by_text(re.compile("passed or not applicable$")).click()
    expect(page.get_by_role("link", name="Raw output of File types and structure")).to_be_visible()
