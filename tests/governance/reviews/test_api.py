"""Reviews in REST: who reads what, strict bodies, conflicts that name what moved, scopes, one effect per key."""

import pytest

from governance.reviews.models import Decision
from marketplace.accounts.actions import issue_token
from marketplace.permissions.queries import Limits
from tests.factories import a_model
from tests.governance.reviews.conftest import REASON, a_review, pins, vote


@pytest.fixture
def post(client, token_of):
    """Send JSON as somebody with the scope review."""

    def send(person, path, body=None, *, scopes=("read", "review", "publish"), **headers):
        return client.post(f"/api/v1/{path}", body or {}, content_type="application/json", headers=token_of(person, *scopes) | headers)

    return send


def a_body(review, **given):
    """A decision that fits."""
    return {"track": "technical", "choice": "approve", "reason": REASON} | pins(review) | given


def steps_path(version):
    """Where the steps of a version are."""
    return f"models/{version.model.team.name}/{version.model.name}/versions/{version.version}"


@pytest.mark.parametrize(("name", "count"), [("tess", 1), ("nina", 1), ("aud", 1), ("bea", 0), ("stan", 0), ("root", 0)])
def test_the_list_holds_what_the_caller_may_read(*, cast, review, client, token_of, name, count):
    header = token_of(cast.people[name], "read")
    assert len(client.get("/api/v1/reviews", headers=header).json()["results"]) == count
    assert client.get(f"/api/v1/reviews/{review.number}", headers=header).status_code == (200 if count else 404)
    assert client.get(f"/api/v1/reviews/{review.number}/decisions", headers=header).status_code == (200 if count else 404)


def test_a_review_says_what_to_sign_and_who_decides(cast, review, client, token_of):
    told = client.get(f"/api/v1/reviews/{review.number}", headers=token_of(cast.tess, "read")).json()
    assert {name: told[name] for name in pins(review)} == pins(review)
    assert told["deciders"]["technical"]["can"] == ["tess", "timo"]
    assert told["undecidable"] == []


def test_a_decision(cast, review, post, client, token_of):
    answer = post(cast.tess, f"reviews/{review.number}/decisions", a_body(review, conditions=["Log it."]))
    assert answer.status_code == 201
    listed = client.get(f"/api/v1/reviews/{review.number}/decisions", headers=token_of(cast.nina, "read")).json()["results"]
    assert listed == [answer.json()]
    assert listed[0]["by"] == "tess"


def test_a_repeated_key_decides_once(cast, review, post):
    key = {
        "Idempotency-Key": "once",
    }
    path = f"reviews/{review.number}/decisions"
    first = post(cast.tess, path, a_body(review), **key)
    assert first.status_code == 201
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [({"vote": "yes"}, "vote"), ({"choice": "maybe"}, "choice"), ({"reason": "short"}, "reason"), ({"manifest_digest": "abc"}, "manifest_digest"),
     ({"run": "x"}, "run"), ({"conditions": ["x" * 501]}, "conditions[0]"), ({"valid_until": "soon"}, "valid_until"), ({"track": "legal"}, "track")],
)  # fmt: skip
def test_a_wrong_body_names_the_field(cast, review, post, change, field):
    answer = post(cast.tess, f"reviews/{review.number}/decisions", a_body(review, **change))
    assert answer.status_code == 422
    assert any(name.startswith(field.split("[")[0]) for name in answer.json()["errors"])


def test_stale_inputs_are_a_409_that_names_them(cast, review, post):
    answer = post(cast.tess, f"reviews/{review.number}/decisions", a_body(review, run=999, card_revision=7))
    assert answer.status_code == 409
    told = answer.json()
    assert told["moved"] == ["card_revision", "run"]
    assert (told["card_revision"], told["run"]) == (review.card_revision, review.run_id)
    assert "revision 7, now 1" in told["detail"]


def test_the_scope_review_is_needed(cast, review, post):
    answer = post(cast.tess, f"reviews/{review.number}/decisions", a_body(review), scopes=("read", "publish"))
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("#scope-missing")


def test_comments(cast, review, post):
    assert post(cast.nina, f"reviews/{review.number}/comments", {"text": "Which languages?"}).status_code == 201
    assert post(cast.nina, f"reviews/{review.number}/comments", {"text": ""}).status_code == 422
    assert post(cast.aud, f"reviews/{review.number}/comments", {"text": "Hm."}).status_code == 403
    assert post(cast.stan, f"reviews/{review.number}/comments", {"text": "Hm."}).status_code == 404


@pytest.mark.parametrize("number", ["0", "99999999", "99999999999999999999999"])
def test_there_is_no_such_review(cast, starter, client, token_of, number):
    assert client.get(f"/api/v1/reviews/R-{number}", headers=token_of(cast.tess, "read")).status_code == 404


def test_an_unknown_state_is_told(cast, starter, client, token_of):
    assert client.get("/api/v1/reviews?state=sleeping", headers=token_of(cast.tess, "read")).status_code == 422


def test_steps_by_rest(cast, starter, post):
    review = a_review(cast.finance_ml, cast.nina)
    vote(review, cast.tess)
    path = steps_path(review.version)
    reason = {"reason": "It leaks training data in answers."}
    assert post(cast.paul, f"{path}/suspend", reason).status_code == 403
    assert post(cast.ada, f"{path}/suspend", {}).status_code == 422
    assert post(cast.ada, f"{path}/suspend", reason).json()["state"] == "suspended"
    assert post(cast.ada, f"{path}/reinstate", reason).status_code == 403
    assert post(cast.sara, f"{path}/reinstate", reason).json()["state"] == "suspended"
    assert post(cast.zoe, f"{path}/reinstate", reason).json()["state"] == "approved"
    assert post(cast.paul, f"{path}/deprecate", {"sunset_at": "2020-01-01", "reason": "x" * 30}).status_code == 422
    assert post(cast.paul, f"{path}/deprecate", {"sunset_at": "2099-01-01", "successor": "9.9.9"}).status_code == 422
    assert post(cast.paul, f"{path}/deprecate", {"sunset_at": "2099-01-01", "reason": "x" * 30}).json()["state"] == "deprecated"
    assert post(cast.paul, f"{path}/retire").status_code == 409
    assert post(cast.ada, f"{path}/quarantine", reason).json()["state"] == "quarantined"
    assert not review.version.approvals.filter(voided_at=None).exists()


def test_withdrawing_by_rest(cast, review, post):
    path = steps_path(review.version)
    assert post(cast.bea, f"{path}/withdraw").status_code == 403
    assert post(cast.nina, f"{path}/withdraw").json()["state"] == "withdrawn"
    review.refresh_from_db()
    assert review.state == "withdrawn"


def test_a_token_limited_to_other_models_reads_and_decides_nothing(cast, review, client):
    vote(review, cast.tess, choice="request_changes")
    review = a_review(cast.finance_ml, cast.nina)
    elsewhere = Limits(things=frozenset([a_model(cast.legal_tech, cast.jonas).pk]))
    there = Limits(things=frozenset([review.version.model_id]))
    for limits, status, count in ((elsewhere, 404, 0), (there, 201, 1)):
        _, secret = issue_token(cast.tess, by=cast.tess, name="limited", scopes=["read", "review"], limits=limits)
        header = {"Authorization": f"Bearer {secret}"}
        assert len(client.get("/api/v1/reviews", headers=header).json()["results"]) == count
        path = f"/api/v1/reviews/{review.number}/decisions"
        assert client.post(path, a_body(review), content_type="application/json", headers=header).status_code == status
