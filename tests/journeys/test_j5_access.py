"""J5: a consuming team asks for access, gets it shortened, downloads with the snippet of the page, and loses it at its end."""

import hashlib
import json
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.journeys.eyes import look, says
from tests.journeys.marks import JOURNEY

pytestmark = JOURNEY
MODEL = "/m/finance-ml/invoice-fields-v3"
FILES = "/api/v1/models/finance-ml/invoice-fields-v3/versions/3.2.0/files"


def in_days(days):
    return (datetime.now(UTC) + timedelta(days=days)).date()


def refusal(site, token):
    """What the gate answers to a download that is not allowed."""
    status, _, answer = site.ask("GET", f"{FILES}/model.safetensors", token=token)
    assert status == 403, answer
    return json.loads(answer)


def ask_for_it(page):
    """Ivo asks, and learns first that his own use case is not approved."""
    page.goto(MODEL)
    page.get_by_role("link", name="Request access").first.click()
    page.wait_for_url(re.compile("/access/new$"))
    page.get_by_label("What it is for").select_option(label="Claims intake")
    says(page.locator("#outlook"), r"(?i)not approved for this.*goes to review, not to access")
    look(page)
    page.get_by_label("What it is for").select_option(label="Document intake")
    says(page.locator("#outlook"), r"goes to owners of team finance-ml \(.*Paul")
    expect(page.get_by_label("Who will use it")).to_have_value("team:claims-api")
    page.get_by_label("Until").fill(str(in_days(90)))
    page.get_by_label("Expected use").fill("5,000 invoices a day")
    page.get_by_role("button", name="Request access").click()
    page.wait_for_url(re.compile(r"/access/A-\d+$"))
    says(page.locator("main"), r"Waiting for the owner.*Can decide: .*Paul")
    look(page)
    return re.search(r"A-\d+$", page.url)[0]


def grant_it(page, number):
    """Paul shortens it to sixty days."""
    page.goto("/access")
    row = page.locator("tr", has=page.get_by_role("link", name=number, exact=True))
    row.get_by_text("Decide", exact=False).first.click()
    look(page)
    row.get_by_label("Until").fill(str(in_days(60)))
    row.get_by_role("button", name="Store my decision").click()
    page.wait_for_url(re.compile("/access$"))
    expect(page.locator("tr", has=page.get_by_role("link", name=number, exact=True))).to_have_count(0)


def download(page, folder, secret):
    """Run the snippet of the page as it stands."""
    page.goto(f"{MODEL}/use?version=3.2.0")
    snippet = page.locator("[data-copy-source]").first.inner_text()
    assert "curl" in snippet
    environment = {"PATH": os.environ["PATH"], "MARKETPLACE_TOKEN": secret, "HOME": str(folder)}
    return subprocess.run(["bash", "-c", snippet], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_a_team_gets_access_that_ends(site, door, tab, tmp_path):
    ivo, paul = tab("ivo"), tab("paul")
    secret = door.rest("ivo", "POST", "/tokens", {"name": "claims", "scopes": ["read", "download"], "days": 30}, 201)["secret"]
    before = refusal(site, secret)
    assert before["type"].endswith("no-grant")
    assert before["request_access"] == f"{site.url}{MODEL}/access/new"

    number = ask_for_it(ivo)
    assert refusal(site, secret)["type"].endswith("no-grant"), "asking gives nothing"
    grant_it(paul, number)

    ivo.goto("/me/access")
    row = ivo.locator("#grants-card tr", has=ivo.get_by_role("link", name="finance-ml/invoice-fields-v3"))
    says(row, r"(59|60) days left")
    look(ivo)
    done = download(ivo, tmp_path, secret)
    assert done.returncode == 0, done.stderr
    _, _, listed = site.ask("GET", FILES, token=secret)
    files = json.loads(listed)["results"]
    assert files
    for file in files:
        assert hashlib.sha256((tmp_path / file["path"]).read_bytes()).hexdigest() == file["sha256"]

    told = site.rows(
        "SELECT n.text FROM marketplace_notice n JOIN marketplace_user u ON u.id = n.user_id WHERE u.username = 'ivo' AND n.url = %s",
        f"/access/{number}",
    )
    assert any("Less than was asked for" in text for (text,) in told), told

    # Its end comes, by the clock of the database.
    ended = site.rows(
        "UPDATE catalog_accessgrant SET until = now() WHERE ended_at IS NULL AND id IN"
        " (SELECT p.grant_id FROM governance_accesspart p WHERE p.request_id = %s) RETURNING id",
        int(number.removeprefix("A-")),
    )
    assert len(ended) == 1
    after = refusal(site, secret)
    assert after["type"].endswith("grant-ended")
    assert "ended on" in after["detail"]
    assert f"{site.url}{MODEL}/access/new" in after["hint"]
    ivo.goto(MODEL)
    expect(ivo.get_by_role("link", name="Request access").first).to_be_visible()
