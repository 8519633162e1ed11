"""Files on request: whoever may not read the files sees neither names nor sizes nor hashes, nor what they are copies of."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.artifacts.queries import duplicates_among
from catalog.duplicates.queries import copies_of, copies_of_model
from catalog.registry.actions import give_grant, share_model
from catalog.registry.models import RegisteredModel
from catalog.registry.on_request import shows_files
from tests import factories as make

pytestmark = pytest.mark.django_db
PAGE, FILES = "/m/finance-ml/forecast", "/api/v1/models/finance-ml/forecast/versions/1.0.0"


@pytest.fixture
def version(cast):
    """An approved version of a model that shows its files on request."""
    model = make.a_model(cast.finance_ml, cast.nina, "forecast")
    version = make.an_approved_version(model, cast.nina)
    share_model(model, by=cast.paul, visibility="organization", files_on_request=True)
    version.model = RegisteredModel.objects.get(pk=model.pk)
    return version


def traces(html, version):
    """What a text tells of the files."""
    file = version.files.get()
    return [trace for trace in (file.path, file.blob_id, file.blob_id[:12]) if trace in html]


def test_a_stranger_is_told_whom_to_ask_instead(cast, version, signed_in):
    client = signed_in(cast.bea)
    for page in (PAGE, f"{PAGE}/files", f"{PAGE}/versions", f"{PAGE}/v/1.0.0"):
        html = client.get(page).content.decode()
        assert not traces(html, version), page
    for page in (f"{PAGE}/files", f"{PAGE}/v/1.0.0"):
        html = client.get(page).content.decode()
        assert "Files on request" in html
        assert "Ask an owner of team finance-ml: Paul, Petra" in html
    assert "On request" in client.get(f"{PAGE}/versions").content.decode()


def test_rest_tells_no_size_and_no_names(cast, version, client, token_of):
    mine = token_of(cast.bea, "read", "download")
    refused = client.get(f"{FILES}/files", headers=mine)
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("files-on-request")
    assert client.get(FILES, headers=mine).json()["bytes"] is None
    assert client.get(FILES.rpartition("/")[0], headers=mine).json()["results"][0]["bytes"] is None
    assert client.get("/api/v1/models/finance-ml/forecast", headers=mine).json()["files_on_request"] is True
    there, not_there = (client.get(f"{FILES}/files/{name}", headers=mine).json() for name in (version.files.get().path, "no-such-file"))
    for answer in (there, not_there):
        answer.pop("instance", None), answer.pop("request_id", None)
    assert there == not_there, "a name cannot be found by trying"


def test_whoever_may_use_it_sees_them_until_the_grant_ends(cast, version, signed_in, client, token_of):
    grant = give_grant(version.model, by=cast.paul, team=cast.claims_api, use_case=version.use_case, until=timezone.now() + timedelta(days=9))
    assert traces(signed_in(cast.ivo).get(f"{PAGE}/files").content.decode(), version)
    mine = token_of(cast.ivo, "read", "download")
    assert client.get(f"{FILES}/files", headers=mine).json()["results"][0]["sha256"] == version.files.get().blob_id
    assert client.get(FILES, headers=mine).json()["bytes"] == version.bytes
    type(grant).objects.filter(pk=grant.pk).update(until=timezone.now() - timedelta(seconds=1), created_at=timezone.now() - timedelta(days=2))
    assert client.get(f"{FILES}/files", headers=mine).status_code == 403


def test_a_grant_shows_the_approved_version_and_not_the_next_draft(cast, version):
    draft = make.a_version(version.model, cast.nina, "2.0.0")
    make.a_file(draft, by=cast.nina)
    give_grant(version.model, by=cast.paul, team=cast.claims_api, use_case=version.use_case, until=timezone.now() + timedelta(days=9))
    assert shows_files(cast.ivo, version)
    assert not shows_files(cast.ivo, draft)
    for name in ("nina", "paul", "aud", "ada"):
        assert shows_files(cast.people[name], draft), name
    for name in ("bea", "gus", "root", "stan"):
        assert not shows_files(cast.people[name], draft), name


def test_copies_are_not_told_in_either_direction(cast, version):
    other = make.a_version(make.a_model(cast.sales, cast.sonja, "twin"), cast.sonja)
    file = version.files.select_related("blob").get()
    make.a_file(other, make.safetensors(version.pk), by=cast.sonja)
    assert other.files.get().blob_id == file.blob_id
    assert not copies_of(cast.sonja, other)
    assert not duplicates_among(cast.sonja, [file.blob_id], besides=other)
    assert not copies_of(cast.sonja, version)
    assert not copies_of_model(cast.sonja, version.model)
    assert [copy.version for copy in copies_of(cast.nina, version)] == [other]
    assert [copy.version for copy in copies_of_model(cast.nina, version.model)] == [other]
    assert duplicates_among(cast.nina, [file.blob_id], besides=other)


def test_an_owner_says_who_knows_of_it_on_the_settings_tab(cast, version, signed_in):
    path, client = f"{PAGE}/settings/sharing", signed_in(cast.paul)
    assert client.post(path, {"visibility": "teams", "teams": "sales, Claims-API", "files_on_request": "on"}).status_code == 303
    model = RegisteredModel.objects.get(pk=version.model_id)
    assert (model.visibility, set(model.shown_to), model.files_on_request) == ("teams", {cast.sales.pk, cast.claims_api.pk}, True)
    html = client.get(f"{PAGE}/settings").content.decode()
    assert 'value="claims-api, sales"' in html
    for wrong in (
        {"visibility": "teams"},
        {"visibility": "teams", "teams": "no-such"},
        {"visibility": "team", "teams": "sales"},
        {"visibility": "x"},
    ):
        answer = client.post(path, wrong)
        assert answer.status_code == 422, wrong
        assert b"errorlist" in answer.content
    assert signed_in(cast.stan).get(PAGE).status_code == 404
    assert signed_in(cast.nina).get(f"{PAGE}/settings").content.decode().count("Save who knows of it") == 0


def test_rest_shares_and_leaves_out_what_it_is_not_told(cast, version, client, token_of):
    mine, path = token_of(cast.paul, "read", "publish"), "/api/v1/models/finance-ml/forecast/sharing"

    def send(method, body):
        return getattr(client, method)(path, body, content_type="application/json", headers=mine)

    assert send("patch", {"visibility": "teams", "teams": ["sales"]}).json() == {"visibility": "teams", "teams": ["sales"], "files_on_request": True}
    assert send("patch", {"files_on_request": False}).json()["teams"] == ["sales"]
    assert send("patch", {"visibility": "team"}).json()["teams"] == []
    assert send("put", {"visibility": "organization", "files_on_request": True}).json()["files_on_request"] is True
    assert send("put", {"visibility": "organization"}).json()["files_on_request"] is False
    wrong = send("put", {"visibility": "teams", "teams": ["sales", "nobody"]})
    assert wrong.status_code == 422
    assert send("put", {"visibility": "teams", "shown_to": [1]}).status_code == 422
    assert client.get(path, headers=token_of(cast.nina, "read")).status_code == 403


def test_changing_the_visibility_of_a_shared_model_forgets_the_names(cast, version, client, token_of):
    share_model(version.model, by=cast.paul, visibility="teams", teams=[cast.sales])
    mine, path = token_of(cast.paul, "read", "publish"), "/api/v1/models/finance-ml/forecast"
    assert client.patch(path, {"visibility": "team"}, content_type="application/json", headers=mine).status_code == 200
    assert RegisteredModel.objects.get(pk=version.model_id).shown_to == []
    assert client.patch(path, {"visibility": "teams"}, content_type="application/json", headers=mine).status_code == 422
