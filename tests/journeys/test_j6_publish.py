"""J6: a contributor publishes a model, and only what the files do not tell is asked."""

import re
import secrets

from playwright.sync_api import expect

from catalog.cards.schema import schema_for
from tests.journeys import publishing
from tests.journeys.eyes import look, says
from tests.journeys.marks import JOURNEY

pytestmark = JOURNEY


def test_a_folder_becomes_a_submitted_version(site, tab, tmp_path):
    page, name = tab("nina"), f"letter-sorter-{secrets.token_hex(3)}"
    publishing.start(page, "finance-ml", name)
    publishing.bring(page, publishing.a_folder(tmp_path, 4711))

    told = page.locator("#told-card")
    for key, value, source in (
        ("technical.parameter_count", r"^[\d,]+$", r"model\.safetensors"),
        ("technical.architecture", "BertForSequenceClassification", r"config\.json"),
        ("technical.library", "transformers", r"README\.md|config\.json"),
        ("technical.task", "text-classification", r"README\.md|config\.json"),
    ):
        expect(told.locator(f'[name="{key}"]')).to_have_value(re.compile(value))
        says(told.locator(".field", has=page.locator(f'[name="{key}"]')).locator(".source"), f"(?i)found in ({source})")
    license_field = page.locator(".field", has=page.locator('[name="legal.license"]'))
    expect(page.locator('[name="legal.license"]')).to_have_value("apache-2.0")
    says(license_field.locator(".source"), r"(?i)found in README\.md")
    publishing.about(page)

    publishing.risk(page, "Sorting the post")
    says(page.locator("#tier-card"), r"T3.*It is in use, with low stakes\.")
    look(page)
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url(re.compile("/publish/check$"))

    listed = publishing.missing(page)
    by_title = {field.title: field for field in schema_for("T3").fields}
    assert listed
    assert all(by_title[title].duty == "R" for title in listed), "only what is required to submit"
    assert not {"Parameters", "Architecture", "Library", "Task", "Limitations", "License"} & listed.keys(), "nothing is asked twice"
    look(page)
    page.get_by_role("button", name="Submit for checks").click()
    says(page.locator("#missing-card"), f"^{len(listed)} things missing")
    [(state,)] = site.rows("SELECT v.state FROM catalog_modelversion v JOIN catalog_registeredmodel m ON m.id = v.model_id WHERE m.name = %s", name)
    assert state == "draft"

    page.goto(re.sub(r"\?.*", "", page.url))
    publishing.give_what_is_missing(page, "T3")
    publishing.submit(page)
    look(page)
    page.goto(f"/m/finance-ml/{name}/v/1.0.0")
    says(page.locator("main"), r"(?i)checking|checks|in review")
    look(page)
