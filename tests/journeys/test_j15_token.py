"""J15, its token part: a token always ends, its secret is seen once, it works, gets a successor, and is ended at once."""

import json
import re
import subprocess

import pytest
from playwright.sync_api import expect

from tests.journeys.eyes import look, says
from tests.journeys.marks import JOURNEY
from tests.journeys.test_walk import sign_in

pytestmark = JOURNEY


def shown_secret(page):
    """The secret on the page; it is there once."""
    says(page.locator("main"), "only time the secret is shown")
    return page.get_by_role("region", name="Secret of the new token").inner_text().strip()


def status_of(site, secret):
    return site.ask("GET", "/api/v1/me", token=secret)[0]


def row(page, name):
    return page.get_by_role("row").filter(has_text=name)


@pytest.mark.parametrize("scripts", [True, pytest.param(False, marks=pytest.mark.full)], ids=["with JavaScript", "without JavaScript"])
def test_a_token_from_its_first_to_its_last_use(site, tab, scripts):
    page, name = tab(java_script_enabled=scripts), f"J15 {'with' if scripts else 'without'} scripts"
    sign_in(page, "ivo", site.passwords["ivo"])
    page.goto("/me/tokens")
    page.get_by_label("What it is for").fill(name)
    days = page.get_by_label("Ends after (days)")
    expect(days).to_have_value("90")
    expect(days).to_have_attribute("required", "")
    if scripts:  # the browser itself refuses it; whoever goes round that is refused by the server
        days.fill("")
        page.locator("#issue-card form").evaluate("form => { form.noValidate = true; }")
        page.get_by_role("button", name="Issue token").click()
        expect(page.get_by_role("alert")).to_contain_text("Ends after (days)")
        look(page)
    page.get_by_label("Ends after (days)").fill("30")
    page.get_by_label("Only these models or teams").fill("finance-ml/invoice-fields-v3\nclaims-api")
    page.get_by_role("button", name="Issue token").click()
    secret = shown_secret(page)
    look(page) if scripts else None
    snippet = page.get_by_role("region", name="Try it").inner_text()
    assert secret in page.get_by_role("region", name="Kubernetes").inner_text()
    assert secret in page.get_by_role("region", name="Environment of a program").inner_text()

    page.reload()
    expect(page.locator("main")).not_to_contain_text("only time the secret is shown")
    assert secret not in page.content()
    expect(row(page, name)).to_have_count(1)
    expect(row(page, name)).to_contain_text("finance-ml/invoice-fields-v3")

    said = subprocess.run(["bash", "-c", snippet.replace("curl", "curl -sS", 1)], capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["username"] == "ivo"
    page.reload()
    expect(row(page, name)).to_contain_text("from 127.0.0.1")
    page.get_by_role("link", name=re.compile(f"What it can read now.*{name}")).click()
    says(page.locator("main"), "finance-ml/invoice-fields-v3")
    look(page) if scripts else None

    page.goto("/me/tokens")
    page.get_by_role("button", name=f"Rotate {name}").click()
    fresh = shown_secret(page)
    assert fresh != secret
    assert status_of(site, secret) == status_of(site, fresh) == 200, "both count for a day"
    page.goto("/me/tokens")
    expect(row(page, name)).to_have_count(2)
    newest = row(page, name).first
    newest.locator("summary").click()
    newest.get_by_role("button", name=f"Revoke now {name}").click()
    says(row(page, name).first, "Revoked")
    assert (status_of(site, fresh), status_of(site, secret)) == (401, 401), "with a successor ends what it replaced"


def test_an_owner_makes_a_service_account_and_its_token(site, tab):
    page = tab("ivo")
    page.goto("/teams/claims-api")
    page.get_by_role("link", name="Service accounts", exact=True).click()
    page.get_by_role("link", name="Service accounts and tokens of claims-api").click()
    page.get_by_label("Name", exact=True).fill("ci-j15")
    page.get_by_label("Environment").select_option("test")
    page.get_by_role("button", name="Make service account").click()
    says(page.locator("main"), "Service account of claims-api")
    look(page)
    page.get_by_label("What it is for").fill("nightly")
    page.get_by_role("button", name="Issue token").click()
    secret = shown_secret(page)
    look(page)
    told = json.loads(site.ask("GET", "/api/v1/me", token=secret)[2])
    assert (told["username"], told["kind"]) == ("ci-j15", "service")
    page.reload()
    assert secret not in page.content()
    page.get_by_label("Repository").fill("claims/pipeline")
    page.get_by_label("Issuer").fill("http://not-safe.example.com")
    page.get_by_label("Branch or tag").fill("refs/heads/main")
    page.get_by_label("Workflow file").fill(".github/workflows/nightly.yml")
    page.get_by_role("button", name="Trust this job").click()
    expect(page.get_by_role("alert")).to_contain_text("Issuer")
    page.get_by_label("Issuer").fill("https://token.actions.githubusercontent.com")
    page.get_by_role("button", name="Trust this job").click()
    says(page.get_by_role("region", name=re.compile("CI jobs that get a token")), "claims/pipeline")
    look(page)
    page.locator("#end-card summary").click()
    page.get_by_role("button", name="End ci-j15 now").click()
    expect(page.locator("main")).not_to_contain_text("ci-j15,")
    assert status_of(site, secret) == 401
