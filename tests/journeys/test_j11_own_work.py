"""J11: nobody approves own work."""

import re

from playwright.sync_api import expect

from tests.journeys.eyes import look, says
from tests.journeys.marks import JOURNEY

pytestmark = JOURNEY


def review_address(site):
    """The review of contract-clause-tagger 1.0.0 that jonas submitted."""
    [(number,)] = site.rows(
        "SELECT r.id FROM governance_review r JOIN catalog_modelversion v ON v.id = r.version_id JOIN catalog_registeredmodel m ON m.id = v.model_id"
        " WHERE m.name = 'contract-clause-tagger' AND v.version = '1.0.0' ORDER BY r.id DESC LIMIT 1"
    )
    return f"/reviews/R-{number}"


def test_the_submitter_sees_why_and_is_refused(site, tab):
    page, address = tab("jonas"), review_address(site)
    page.goto(address)
    says(page.locator("main"), r"(?i)four-eyes rule")
    expect(page.get_by_role("button", name=re.compile("Approve|Reject|Record"))).to_have_count(0)
    look(page)

    refused = "SELECT count(*) FROM marketplace_event WHERE verb = 'review.refused'"
    [(before,)] = site.rows(refused)
    answer = page.evaluate(
        """async (address) => {
          const review = await (await fetch(`/api/v1${address}`)).json();
          const {manifest_digest, card_revision, run} = review;
          const token = document.querySelector("meta[name=csrf-token]").content;
          const decision = {choice: "approve", track: review.tracks[0].track, reason: "My own work is the best work there is, trust me.",
                            manifest_digest, card_revision, run, acknowledged: []};
          const answer = await fetch(`/api/v1${address}/decisions`, {
            method: "POST", headers: {"Content-Type": "application/json", "X-CSRFToken": token}, body: JSON.stringify(decision),
          });
          return {status: answer.status, type: answer.headers.get("content-type"), body: await answer.json()};
        }""",
        address,
    )
    assert answer["status"] == 403, answer
    assert answer["type"].startswith("application/problem+json")
    assert "own" in answer["body"]["detail"].lower() or "four" in answer["body"]["detail"].lower(), answer
    [(after,)] = site.rows(refused)
    assert after == before + 1
