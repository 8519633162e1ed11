"""Access by REST: what programs send and get."""

import pytest

from catalog.registry.models import AccessGrant
from governance.access.models import AccessRequest
from marketplace.accounts.actions import issue_token
from marketplace.permissions.queries import Limits
from tests.factories import a_service_account, a_use_case
from tests.governance.access.conftest import an_approved_model, ask, decide, in_days, rule, the_part


@pytest.fixture
def call(client, token_of):
    """Call as somebody, with every scope a person may have: `call(cast.ivo, "GET", "/access-requests")`."""

    def send(who, method, path, body=None, scopes=("read", "download", "publish", "review", "admin")):
        mine = [scope for scope in scopes if who.is_person or scope != "review"]
        return client.generic(method, f"/api/v1{path}", data=_json(body), content_type="application/json", headers=token_of(who, *mine))

    return send


def _json(body):
    import json

    return "" if body is None else json.dumps(body)


def wish(model, **more):
    return {"models": [str(model)], "use_case": model.use.pk, "environment": "test", "data_class": "internal", "until": str(in_days(60))} | more


def test_asked_decided_and_confirmed_by_programs(cast, model, call):
    made = call(cast.ivo, "POST", "/access-requests", wish(model, volume="10 a day"))
    assert made.status_code == 201, made.json()
    number = made.json()["number"]
    assert made.headers["Location"] == f"/access/{number}"
    assert (made.json()["team"], made.json()["parts"][0]["step"]) == ("claims-api", "owner")
    at = f"/access-requests/{number}/parts/{model}"
    asked = call(cast.paul, "POST", f"{at}/decisions", {"step": "owner", "choice": "ask", "reason": "For which claims is it?"})
    assert asked.json()["state"] == "asked"
    assert call(cast.ivo, "POST", f"{at}/answer", {"text": "Car claims."}).json()["state"] == "waiting_owner"
    said = call(cast.paul, "POST", f"{at}/decisions", {"step": "owner", "choice": "grant", "until": str(in_days(30))})
    assert (said.status_code, said.json()["state"]) == (201, "granted")
    assert call(cast.petra, "POST", f"{at}/decisions", {"step": "owner", "choice": "grant"}).status_code == 409
    assert [d["choice"] for d in call(cast.ivo, "GET", f"{at}/decisions").json()] == ["ask", "grant"]
    grant = said.json()["grant"]
    kept = call(cast.ivo, "POST", f"/models/{model}/grants/{grant}/confirm", {})
    assert kept.json()["confirmed_at"]
    assert call(cast.ivo, "DELETE", f"/models/{model}/grants/{grant}").status_code == 204


def test_a_service_account_asks_for_its_team_and_never_decides(cast, model, call):
    made = call(cast.ci_claims, "POST", "/access-requests", wish(model))
    assert made.status_code == 201, made.json()
    assert (made.json()["asked_by"], made.json()["team"]) == ("ci-claims", "claims-api")
    a_service_account(cast.claims_api, cast.ivo, user=cast.ci_claims, use_case=model.versions.get().use_case, environment="test")
    named = call(cast.ivo, "POST", "/access-requests", wish(model, user="ci-claims"))
    assert named.json()["user"] == "ci-claims"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"until": "2001-01-01"}, "until"),
        ({"until": "31.12.2026"}, "until"),
        ({"until": "9999-12-31"}, "until"),
        ({"environment": "moon"}, "environment"),
        ({"team": "no-such-team"}, "team"),
        ({"team": "sales"}, "team"),
        ({"user": "nobody-here"}, "user"),
        ({"user": "bea"}, "user"),
        ({"use_case": 2**62}, "use_case"),
        ({"models": []}, "models"),
        ({"answers": {"finance-ml/invoice": {"secret": "x"}}}, "answers.finance-ml/invoice.secret"),
        ({"answers": "x"}, "answers"),
        ({"state": "granted"}, "state"),
        ({"asked_by": "paul"}, "asked_by"),
    ],
)
def test_what_does_not_fit_is_named_by_field(cast, model, call, change, field):
    answer = call(cast.ivo, "POST", "/access-requests", wish(model, **change))
    assert answer.status_code == 422, answer.json()
    assert field in answer.json()["errors"]
    assert not AccessRequest.objects.exists()


def test_the_use_case_of_another_team_is_a_value_to_mend(cast, model, call):
    other = a_use_case(cast.sales, cast.sonja)
    answer = call(cast.ivo, "POST", "/access-requests", wish(model, use_case=other.pk))
    assert answer.status_code == 422
    assert "use_case" in answer.json()["errors"]


def test_a_hidden_model_is_answered_like_one_that_is_not_there(cast, model, call):
    hidden = an_approved_model(cast.secret_lab, cast.sam, visibility="team")
    there = call(cast.ivo, "POST", "/access-requests", wish(model, models=[str(hidden)]))
    absent = call(cast.ivo, "POST", "/access-requests", wish(model, models=["secret-lab/nothing"]))
    assert there.status_code == absent.status_code == 404
    same = [{k: v for k, v in a.json().items() if k != "request_id"} for a in (there, absent)]
    assert same[0] == same[1]


def test_a_required_question_that_is_missing_is_named(cast, model, call):
    rule(model, cast.paul, questions=[{"key": "region", "label": "Where?", "kind": "country", "required": True}])
    answer = call(cast.ivo, "POST", "/access-requests", wish(model))
    assert answer.json()["errors"] == {f"answers.{model}.region": ["Answer this."]}
    assert call(cast.ivo, "POST", "/access-requests", wish(model, answers={str(model): {"region": "DE"}})).status_code == 201


def test_the_request_of_others_is_not_there(cast, model, call):
    request = ask(model, cast.ivo)
    for method, path, body in (
        ("GET", "", None),
        ("POST", "/withdraw", {}),
        ("GET", f"/parts/{model}/decisions", None),
        ("POST", f"/parts/{model}/decisions", {"step": "owner", "choice": "grant"}),
        ("POST", f"/parts/{model}/answer", {"text": "x"}),
    ):
        assert call(cast.bea, method, f"/access-requests/{request.number}{path}", body).status_code == 404
    assert call(cast.bea, "GET", "/access-requests").json()["results"] == []
    assert call(cast.ivo, "GET", "/access-requests/A-99999999999999999999").status_code == 404


def test_the_list_is_narrowed_by_state(cast, model, call):
    first = ask(model, cast.ivo)
    decide(the_part(first), cast.paul)
    second = ask(model, cast.ivo, environment="production")
    found = {r["number"]: [p["state"] for p in r["parts"]] for r in call(cast.ivo, "GET", "/access-requests").json()["results"]}
    assert found == {first.number: ["granted"], second.number: ["waiting_owner"]}
    assert [r["number"] for r in call(cast.paul, "GET", "/access-requests?state=granted").json()["results"]] == [first.number]
    assert call(cast.paul, "GET", "/access-requests?state=odd").status_code == 422


def test_who_owns_one_model_of_a_request_does_not_see_the_part_of_another(cast, model, call):
    from tests.factories import a_model
    from tests.governance.access.conftest import a_submitted_version_with

    other = a_model(cast.legal_tech, cast.jonas, "clauses")
    a_submitted_version_with(other, cast.jonas, model.use, "production", "internal")
    request = ask([model, other], cast.ivo)
    assert [p["model"] for p in call(cast.paul, "GET", f"/access-requests/{request.number}").json()["parts"]] == [str(model)]
    assert len(call(cast.ivo, "GET", f"/access-requests/{request.number}").json()["parts"]) == 2
    assert (
        call(cast.paul, "POST", f"/access-requests/{request.number}/parts/{other}/decisions", {"step": "owner", "choice": "grant"}).status_code == 404
    )


def test_a_model_that_is_hidden_later_takes_its_part_along(cast, model, call):
    request = ask(model, cast.ivo)
    type(model).objects.filter(pk=model.pk).update(visibility="team")
    assert call(cast.ivo, "GET", f"/access-requests/{request.number}").status_code == 404
    assert call(cast.paul, "GET", f"/access-requests/{request.number}").status_code == 200


@pytest.mark.parametrize(("who", "method", "path", "body", "scope"), [
    ("ivo", "POST", "/access-requests", {}, "publish"),
    ("paul", "POST", "/access-requests/A-1/parts/finance-ml/invoice/decisions", {}, "review"),
    ("paul", "PUT", "/models/finance-ml/invoice/access-rule", {}, "admin"),
])  # fmt: skip
def test_a_token_needs_the_scope(cast, model, call, who, method, path, body, scope):
    answer = call(getattr(cast, who), method, path, body, scopes=("read", "download"))
    assert answer.status_code == 403
    assert scope in answer.json()["hint"]


def test_the_rule_of_a_model(cast, model, call):
    body = {"is_automatic": True, "environment": "test", "data_class": "internal", "questions": [{"key": "why", "label": "Why?", "kind": "text"}]}
    assert call(cast.ivo, "GET", f"/models/{model}/access-rule").json()["is_automatic"] is False
    assert call(cast.ivo, "PUT", f"/models/{model}/access-rule", body).status_code == 403
    assert call(cast.paul, "PUT", f"/models/{model}/access-rule", body).json()["review_days"] == 180
    wrong = call(cast.paul, "PUT", f"/models/{model}/access-rule", body | {"data_class": "special"})
    assert "data_class" in wrong.json()["errors"]
    twice = call(cast.paul, "PUT", f"/models/{model}/access-rule", body | {"questions": body["questions"] * 2})
    assert "questions" in twice.json()["errors"]


def test_use_cases_are_changed_and_closed(cast, model, call):
    made = call(cast.bea, "POST", "/use-cases", {"name": "Quotes", "team": "sales", "business_unit": "Sales"})
    assert made.status_code == 201, made.json()
    at = made.headers["Location"].removeprefix("/api/v1")
    changed = call(cast.bea, "PATCH", at, {"name": "Offers", "owner": "sonja", "data_class": "confidential"})
    assert (changed.json()["name"], changed.json()["owner"]) == ("Offers", "sonja")
    assert call(cast.bea, "PATCH", at, {"name": "Mine"}).status_code == 403
    assert call(cast.sonja, "PATCH", at, {"owner": "paul"}).status_code == 422
    assert call(cast.sonja, "PATCH", at, {"team": "finance-ml"}).status_code == 422
    assert call(cast.ivo, "GET", at).status_code == 404
    assert call(cast.sonja, "PATCH", at, {"is_open": False}).json()["is_open"] is False
    assert call(cast.bea, "GET", "/use-cases").json()["results"] == []
    a_use_case(cast.sales, cast.sonja, "Calls")
    assert call(cast.sonja, "PATCH", at, {"name": "calls"}).status_code == 409


def test_the_download_says_when_access_ended_and_where_to_ask(cast, model, call, settings):
    from django.utils import timezone

    path = f"/models/{model}/versions/1.0.0/files/model.safetensors"
    before = call(cast.ivo, "GET", path)
    assert before.status_code == 403
    assert before.json()["type"].endswith("no-grant")
    assert before.json()["request_access"] == f"{settings.PUBLIC_URL}/m/{model}/access/new"
    decide(the_part(ask(model, cast.ivo)), cast.paul)
    assert call(cast.ivo, "GET", path).status_code == 200
    AccessGrant.objects.filter(team=cast.claims_api).update(until=timezone.now())
    after = call(cast.ivo, "GET", path)
    assert after.status_code == 403
    assert after.json()["type"].endswith("grant-ended")
    assert "ended on" in after.json()["detail"]
    assert f"/m/{model}/access/new" in after.json()["hint"]


def test_a_token_limited_to_other_models_decides_nothing_by_office(cast, model, client):
    part = the_part(ask(model, cast.ivo, data_class="personal"))
    decide(part, cast.paul)
    elsewhere = Limits(things=frozenset([an_approved_model(cast.legal_tech, cast.jonas).pk]))
    path = f"/api/v1/access-requests/{part.request.number}"
    body = {"step": "privacy", "choice": "grant"}
    for limits, status in ((elsewhere, 404), (Limits(things=frozenset([model.pk])), 201)):
        _, secret = issue_token(cast.priya, by=cast.priya, name="limited", scopes=["read", "review"], limits=limits)
        header = {"Authorization": f"Bearer {secret}"}
        assert client.get(path, headers=header).status_code == (404 if status == 404 else 200)
        assert client.post(f"{path}/parts/{model}/decisions", body, content_type="application/json", headers=header).status_code == status
