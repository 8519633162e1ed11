"""REST of models, versions, aliases, grants and use cases: shapes, rights, and that nothing can be smuggled in."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.registry.models import AccessGrant, ModelVersion, RegisteredModel
from marketplace.activity.models import Event
from marketplace.activity.queries import details_of
from tests.factories import a_file, a_model, a_submitted_version, a_use_case, a_version, an_approved_version

MODELS = "/api/v1/models"
SCOPES = ("read", "publish", "admin", "download")
HOSTED = {"provider": "Acme", "endpoint": "https://acme.test/v1", "snapshot": "2026-01", "region": "eu", "contract": "C-1"}


@pytest.fixture
def call(client, token_of):
    """Send JSON as somebody: `call(cast.paul, "post", "/api/v1/models", {...})`."""

    def send(user, method, path, values=None):
        return getattr(client, method)(path, values, content_type="application/json", headers=token_of(user, *SCOPES))

    return send


def until(days=30):
    return (timezone.now() + timedelta(days=days)).isoformat()


def test_a_model_and_its_first_version_are_made(cast, call):
    made = call(cast.nina, "post", MODELS, {"team": "finance-ml", "name": "Fields", "summary": "Reads invoices.", "tags": ["invoice"]})
    assert made.status_code == 201, made.json()
    assert made["Location"] == f"{MODELS}/finance-ml/Fields"
    assert made.json()["standing"]["key"] == "not_approved"
    assert made.json()["accountable"] == "nina"
    added = call(cast.nina, "post", f"{MODELS}/finance-ml/fields/versions", {"version": "1.0.0", "changelog": "First."})
    assert added.status_code == 201
    assert added["Location"] == f"{MODELS}/finance-ml/Fields/versions/1.0.0"
    assert call(cast.bea, "get", added["Location"]).json()["state"] == "draft"
    listed = call(cast.bea, "get", f"{MODELS}/finance-ml/FIELDS/versions").json()
    assert [v["version"] for v in listed["results"]] == ["1.0.0"]


def test_the_list_and_the_creation_share_one_address(cast, call):
    a_model(cast.finance_ml, cast.nina, "fields")
    assert [m["name"] for m in call(cast.bea, "get", MODELS).json()["results"]] == ["fields"]


@pytest.mark.parametrize("field", sorted({f.attname for f in RegisteredModel._meta.get_fields() if hasattr(f, "attname")}))
def test_no_column_of_a_model_can_be_smuggled_in(cast, call, field):
    model = a_model(cast.finance_ml, cast.nina, "fields")
    before = RegisteredModel.objects.filter(pk=model.pk).values().get()
    open_to_owners = {
        "summary", "task", "library", "framework", "license", "modality", "publisher", "parameters", "base_model", "tags", "display_name", "visibility",
    }  # fmt: skip
    for value in (7, "approved", "T4", True, ["x"], None):
        answer = call(cast.paul, "patch", f"{MODELS}/finance-ml/fields", {field: value})
        assert answer.status_code == 422 or field in open_to_owners
    after = RegisteredModel.objects.filter(pk=model.pk).values().get()
    changed = {k for k in before if before[k] != after[k]} - open_to_owners - {"updated_at"}
    assert not changed
    if field not in open_to_owners:
        assert call(cast.nina, "post", MODELS, {"team": "finance-ml", "name": "other", field: 7}).status_code == 422 or field == "name"


@pytest.mark.parametrize("field", sorted({f.attname for f in ModelVersion._meta.get_fields() if hasattr(f, "attname")}))
def test_no_column_of_a_version_can_be_smuggled_in(cast, call, field):
    model = a_model(cast.finance_ml, cast.nina, "fields")
    version = a_version(model, cast.nina)
    asked_for = {"environment", "data_class", "changelog", "answers", "descriptor"}
    before = ModelVersion.objects.filter(pk=version.pk).values().get()
    for value in (7, "approved", "T4", "ab" * 32, ["x"]):
        answer = call(cast.nina, "patch", f"{MODELS}/finance-ml/fields/versions/1.0.0", {field: value})
        assert answer.status_code == 422 or field in asked_for
    after = ModelVersion.objects.filter(pk=version.pk).values().get()
    assert not {k for k in before if before[k] != after[k]} - asked_for


@pytest.mark.parametrize(
    ("who", "status"),
    [("bea", 403), ("ivo", 403), ("stan", 403), ("nina", 200), ("paul", 200), ("gus", 403), ("aud", 403), ("root", 403), ("ada", 403)],
)
def test_only_the_team_changes_a_model(cast, call, who, status):
    a_model(cast.finance_ml, cast.nina, "fields")
    answer = call(getattr(cast, who), "patch", f"{MODELS}/finance-ml/fields", {"summary": "Changed."})
    assert answer.status_code == status
    assert status == 200 or "finance-ml" in answer.json()["detail"]


def test_only_an_owner_hides_a_model_or_names_who_answers(cast, call):
    a_model(cast.finance_ml, cast.nina, "fields")
    path = f"{MODELS}/finance-ml/fields"
    assert call(cast.nina, "patch", path, {"visibility": "team"}).status_code == 403
    assert call(cast.nina, "patch", path, {"accountable": "nina"}).status_code == 403
    assert call(cast.paul, "patch", path, {"accountable": "ci-claims"}).status_code == 422
    assert call(cast.paul, "patch", path, {"accountable": "nobody-here"}).status_code == 422
    assert call(cast.paul, "patch", path, {"visibility": "team", "accountable": "paul"}).json()["accountable"] == "paul"


@pytest.mark.parametrize("method", ["get", "patch"])
@pytest.mark.parametrize("rest", ["", "/versions", "/versions/1.0.0", "/aliases/production", "/grants", "/grants/1"])
def test_a_hidden_model_is_not_there_at_all(cast, call, method, rest):
    model = a_model(cast.secret_lab, cast.sam, "falcon-x", visibility="team")
    a_version(model, cast.sam)
    hidden = call(cast.bea, method, f"{MODELS}/secret-lab/falcon-x{rest}", {})
    missing = call(cast.bea, method, f"{MODELS}/secret-lab/no-such{rest}", {})
    assert hidden.status_code == missing.status_code
    assert hidden.status_code in {404, 405}
    strip = {"request_id"}
    assert {k: v for k, v in hidden.json().items() if k not in strip} == {k: v for k, v in missing.json().items() if k not in strip}


def test_clashes_and_bad_names_say_what_to_do(cast, call):
    a_model(cast.finance_ml, cast.nina, "Fields")
    again = call(cast.nina, "post", MODELS, {"team": "finance-ml", "name": "fIELDS"})
    assert again.status_code == 409
    assert "already has a model" in again.json()["detail"]
    for name in ("", "../x", "a b", "-x", "x" * 97, "ünïcode", "a/b"):
        assert call(cast.nina, "post", MODELS, {"team": "finance-ml", "name": name}).status_code == 422
    unknown = call(cast.nina, "post", MODELS, {"team": "no-team", "name": "x"})
    assert (unknown.status_code, list(unknown.json()["errors"])) == (422, ["team"])
    assert call(cast.ivo, "post", MODELS, {"team": "finance-ml", "name": "x"}).status_code == 403


def test_hosted_models_need_a_whole_descriptor(cast, call):
    call(cast.nina, "post", MODELS, {"team": "finance-ml", "name": "hosted", "kind": "hosted", "origin": "vendor"})
    path = f"{MODELS}/finance-ml/hosted/versions"
    missing = call(cast.nina, "post", path, {"version": "1"})
    assert missing.status_code == 422
    assert "descriptor.provider" in missing.json()["errors"]
    assert call(cast.nina, "post", path, {"version": "1", "descriptor": HOSTED | {"extra": "x"}}).status_code == 422
    assert call(cast.nina, "post", path, {"version": "1", "descriptor": HOSTED | {"retirement_date": "soon"}}).status_code == 422
    made = call(cast.nina, "post", path, {"version": "1", "descriptor": HOSTED | {"retirement_date": "2030-01-31"}})
    assert made.json()["descriptor"]["snapshot"] == "2026-01"


def test_what_is_asked_for_can_be_changed_until_it_is_under_checks(cast, call):
    model = a_model(cast.finance_ml, cast.nina, "fields")
    mine, theirs = a_use_case(cast.finance_ml, cast.nina), a_use_case(cast.claims_api, cast.ivo)
    version = a_version(model, cast.nina)
    a_file(version, by=cast.nina)
    path = f"{MODELS}/finance-ml/fields/versions/1.0.0"
    asked = {"use_case": mine.pk, "environment": "test", "data_class": "personal", "answers": {"purpose": "internal"}}
    answer = call(cast.nina, "patch", path, asked)
    assert answer.json()["use_case"] == {"id": mine.pk, "name": mine.name}
    assert answer.json()["answers"] == {"purpose": "internal"}
    foreign = call(cast.nina, "patch", path, {"use_case": theirs.pk})
    assert foreign.status_code == 422
    assert foreign.json()["errors"] == call(cast.nina, "patch", path, {"use_case": 10**15}).json()["errors"]
    assert call(cast.nina, "patch", path, {"environment": "moon"}).status_code == 422
    a_submitted_version(model, cast.nina, "2.0.0")
    late = call(cast.nina, "patch", f"{MODELS}/finance-ml/fields/versions/2.0.0", {"changelog": "x"})
    assert late.status_code == 409
    assert "validating" in late.json()["detail"]


def test_a_version_is_read_by_alias_and_changed_only_by_name(cast, call):
    model = a_model(cast.finance_ml, cast.nina, "fields")
    an_approved_version(model, cast.nina)
    alias = f"{MODELS}/finance-ml/fields/aliases/Production"
    assert call(cast.nina, "put", alias, {"version": "1.0.0"}).status_code == 403
    put = call(cast.paul, "put", alias, {"version": "1.0.0"})
    assert put.json()["protected"] is True
    version = f"{MODELS}/finance-ml/fields/versions/@production"
    shown = call(cast.bea, "get", version).json()
    assert shown["version"] == "1.0.0"
    assert shown["approvals"][0]["voided_at"] is None
    assert call(cast.bea, "get", f"{MODELS}/finance-ml/fields").json()["aliases"] == {"Production": "1.0.0"}
    assert call(cast.nina, "patch", version, {"changelog": "x"}).status_code == 422
    assert call(cast.bea, "delete", alias).status_code == 403
    assert call(cast.paul, "delete", alias).status_code == 204
    assert call(cast.bea, "get", version).status_code == 404
    assert call(cast.bea, "get", alias).status_code == 404


def test_grants_are_given_by_owners_seen_by_holders_and_ended(cast, call):
    model = a_model(cast.finance_ml, cast.nina, "fields")
    an_approved_version(model, cast.nina)
    use_case = model.versions.get().use_case_id
    path = f"{MODELS}/finance-ml/fields/grants"
    wanted = {"team": "claims-api", "use_case": use_case, "until": until()}
    assert call(cast.nina, "post", path, wanted).status_code == 403
    assert call(cast.paul, "post", path, wanted | {"user": "ivo"}).status_code == 422
    assert call(cast.paul, "post", path, {"use_case": use_case, "until": until()}).status_code == 422
    assert call(cast.paul, "post", path, wanted | {"until": until(-1)}).status_code == 422
    given = call(cast.paul, "post", path, wanted)
    assert given.status_code == 201, given.json()
    assert given["Location"] == f"{path}/{given.json()['id']}"
    assert call(cast.ivo, "get", f"{MODELS}/finance-ml/fields").json()["standing"]["key"] == "ready"
    assert {g["team"] for g in call(cast.paul, "get", path).json()["results"]} == {"finance-ml", "claims-api"}
    assert {g["team"] for g in call(cast.aud, "get", path).json()["results"]} == {"finance-ml", "claims-api"}
    assert [g["team"] for g in call(cast.ivo, "get", path).json()["results"]] == ["claims-api"]
    assert call(cast.bea, "get", path).json()["results"] == []
    assert call(cast.bea, "delete", given["Location"]).status_code == 404
    assert call(cast.ci_claims, "delete", given["Location"]).status_code == 403  # in the team that holds it, but no owner of it
    assert call(cast.paul, "delete", given["Location"]).status_code == 204
    assert call(cast.ivo, "get", f"{MODELS}/finance-ml/fields").json()["standing"]["key"] == "needs_access"
    assert call(cast.paul, "delete", given["Location"]).status_code == 404


def test_a_person_gives_up_her_own_grant(cast, call):
    a_model(cast.finance_ml, cast.nina, "fields")
    use_case = a_use_case(cast.finance_ml, cast.paul)
    path = f"{MODELS}/finance-ml/fields/grants"
    given = call(cast.paul, "post", path, {"user": "bea", "use_case": use_case.pk, "until": until()})
    assert call(cast.bea, "delete", given["Location"]).status_code == 204
    assert not AccessGrant.objects.filter(user=cast.bea, ended_at=None).exists()


def test_use_cases_belong_to_teams(cast, call):
    made = call(cast.bea, "post", "/api/v1/use-cases", {"team": "sales", "name": "Lead triage", "data_class": "personal"})
    assert made.status_code == 201
    assert [u["name"] for u in call(cast.sonja, "get", "/api/v1/use-cases").json()["results"]] == ["Lead triage"]
    assert call(cast.ivo, "get", "/api/v1/use-cases").json()["results"] == []
    assert call(cast.ivo, "post", "/api/v1/use-cases", {"team": "sales", "name": "Mine"}).status_code == 403
    assert call(cast.bea, "post", "/api/v1/use-cases", {"team": "sales", "name": "lead TRIAGE"}).status_code == 409


def test_asking_for_a_listed_model_is_recorded_with_its_reason(cast, call):
    model = a_model(cast.finance_ml, cast.nina, "listed")
    path = f"{MODELS}/finance-ml/listed/bring-in"
    assert call(cast.bea, "post", path, {"reason": "We need it."}).status_code == 409
    RegisteredModel.objects.filter(pk=model.pk).update(state="listed")
    assert call(cast.bea, "post", path, {"reason": " "}).status_code == 422
    answer = call(cast.bea, "post", path, {"reason": "We need it."})
    assert answer.status_code == 202
    assert answer.json()["asked"] == ["paul", "petra"]
    event = Event.objects.filter(verb="model.brought_in").get()
    assert details_of(event)["texts"]["reason"]
    assert event.texts.get().text == "We need it."


@pytest.mark.parametrize("path", ["%00", "x" * 5000, "..%2f..", "@", "@nope", "%F0%9F%A6%84", "'; --", "1" * 400])
def test_odd_names_are_simply_not_found(cast, call, path):
    a_model(cast.finance_ml, cast.nina, "fields")
    for address in (f"finance-ml/{path}", f"{path}/fields", f"finance-ml/fields/versions/{path}", f"finance-ml/fields/aliases/{path}"):
        assert call(cast.bea, "get", f"{MODELS}/{address}").status_code == 404


def test_a_read_token_changes_nothing(cast, client, token_of):
    a_model(cast.finance_ml, cast.nina, "fields")
    headers = token_of(cast.paul, "read", "download")
    path = f"{MODELS}/finance-ml/fields"
    assert client.get(path, headers=headers).status_code == 200
    answer = client.patch(path, {"summary": "x"}, content_type="application/json", headers=headers)
    assert answer.status_code == 403
    assert "publish" in answer.json()["detail"]
    grant = client.post(f"{path}/grants", {}, content_type="application/json", headers=token_of(cast.paul, "read", "publish"))
    assert grant.status_code == 403
    assert client.get(path).status_code == 401


def test_a_post_with_an_idempotency_key_has_one_effect(cast, client, token_of):
    headers = token_of(cast.nina, *SCOPES) | {"Idempotency-Key": "k-1"}
    values = {"team": "finance-ml", "name": "once"}
    first, second = (client.post(MODELS, values, content_type="application/json", headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert RegisteredModel.objects.filter(name="once").count() == 1
