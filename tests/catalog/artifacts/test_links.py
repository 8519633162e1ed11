"""Signed links to bytes, and object stores: bound, short-lived, and judged again when used."""

import hashlib
import io
import os
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import time_machine
from django.core import signing
from django.core.files.storage import default_storage, storages
from django.db.models.functions import Now
from django.utils import timezone
from moto import mock_aws

from catalog.artifacts import links, store, work
from catalog.artifacts.actions import add_file, cancel_upload, complete_upload, put_part, remove_file, start_upload
from catalog.artifacts.models import Blob, ModelFile
from catalog.artifacts.queries import files_of, local_copy
from catalog.registry.actions import give_grant
from catalog.registry.models import AccessGrant, ModelVersion
from catalog.usage.models import UsageEvent
from marketplace.accounts.models import ApiToken
from marketplace.errors import Invalid
from tests.factories import a_model, a_version, an_approved_version

FILES = "http://files.example.com"
MB = 1024 * 1024


@pytest.fixture
def version(cast):
    made = an_approved_version(a_model(cast.finance_ml, cast.paul), cast.paul)
    give_grant(made.model, use_case=made.use_case, until=timezone.now() + timedelta(days=9), by=None, team=cast.claims_api)
    return made


def url(version) -> str:
    return f"/api/v1/models/{version.model}/versions/{version.version}/files/model.safetensors"


@pytest.fixture
def link(client, cast, version, token_of, settings):
    """What the web process answers when bytes are served elsewhere."""
    settings.FILES_URL = FILES
    answer = client.get(url(version), headers=token_of(cast.ivo))
    assert answer.status_code == 307
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Location"].startswith(f"{FILES}/bytes/")
    assert not UsageEvent.objects.exists(), "what was not read is not counted"
    return answer.headers["Location"].removeprefix(FILES)


class TestRedeeming:
    def test_it_gives_the_bytes_and_counts_them_for_who_asked(self, client, cast, version, link):
        answer = client.get(link)
        content = b"".join(answer.streaming_content)
        assert hashlib.sha256(content).hexdigest() == files_of(version).get().blob_id
        event = UsageEvent.objects.get()
        assert (event.person, event.team) == (cast.ivo.person, cast.claims_api)
        assert event.token == ApiToken.objects.get(user=cast.ivo).prefix

    def test_ranges_and_head_work(self, client, link):
        assert client.get(link, headers={"Range": "bytes=3-5"}).status_code == 206
        assert client.head(link).status_code == 200

    def test_it_lives_a_minute(self, client, link):
        told = signing.Signer(salt=links.SALT).unsign_object(link.rpartition("/")[2])
        assert 50 < told["until"] - timezone.now().timestamp() < 61
        answer = client.get(f"/bytes/{signing.Signer(salt=links.SALT).sign_object(told | {'until': told['until'] - 62})}")
        assert (answer.status_code, answer.json()["type"].rsplit("#")[-1]) == (403, "link-ended")

    @pytest.mark.parametrize("minutes", [-10, 10])
    def test_a_process_whose_clock_is_off_judges_by_that_of_the_database(self, client, cast, version, link, token_of, minutes):
        headers = token_of(cast.ivo)
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            assert client.get(link).status_code == 200
            AccessGrant.objects.filter(team=cast.claims_api).update(until=Now() - timedelta(seconds=1))
            assert client.get(link).status_code == 403
            assert client.get(url(version), headers=headers).json()["type"].endswith("#grant-ended")

    @pytest.mark.parametrize("bend", [lambda s: s[:-2] + "xx", lambda s: "x" + s, lambda _: "nothing", lambda s: s + ":"])
    def test_a_bent_link_opens_nothing(self, client, link, bend):
        head, _, text = link.rpartition("/")
        assert client.get(f"{head}/{bend(text)}").status_code == 403

    def test_what_we_sign_for_something_else_opens_nothing(self, client, link):
        told = signing.Signer(salt=links.SALT).unsign_object(link.rpartition("/")[2])
        forged = signing.Signer(salt="another purpose").sign_object(told)
        assert client.get(f"/bytes/{forged}").status_code == 403

    @pytest.mark.parametrize(
        ("field", "value", "status"), [("path", "other.bin", 404), ("sha256", "0" * 64, 403), ("version", 0, 404), ("token", None, 200)]
    )
    def test_the_gate_judges_what_the_link_says(self, client, link, field, value, status):
        told = signing.Signer(salt=links.SALT).unsign_object(link.rpartition("/")[2]) | {field: value}
        assert client.get(f"/bytes/{signing.Signer(salt=links.SALT).sign_object(told)}").status_code == status

    def test_rights_that_ended_meanwhile_bite(self, client, cast, version, link):
        AccessGrant.objects.filter(team=cast.claims_api).update(ended_at=timezone.now())
        assert client.get(link).status_code == 403

    def test_a_suspension_meanwhile_bites(self, client, version, link):
        ModelVersion.objects.filter(pk=version.pk).update(state="suspended")
        assert client.get(link).status_code == 403

    def test_a_token_revoked_meanwhile_bites(self, client, cast, link):
        ApiToken.objects.filter(user=cast.ivo).update(revoked_at=timezone.now())
        assert client.get(link).status_code == 401

    def test_a_person_who_left_meanwhile_is_refused(self, client, cast, link):
        type(cast.ivo).objects.filter(pk=cast.ivo.pk).update(is_active=False)
        assert client.get(link).status_code == 401
        assert not UsageEvent.objects.exists()


class TestObjectStore:
    """The same rules where the bytes lie in S3; the bucket is simulated."""

    @pytest.fixture(autouse=True)
    def _bucket(self, monkeypatch, settings, tmp_path):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        with mock_aws():
            boto3.client("s3").create_bucket(Bucket="models")
            from marketplace.environment import storage_options

            settings.STORAGES = settings.STORAGES | {"default": storage_options("s3://models/here?region=us-east-1")}
            yield
        storages._storages.clear()

    @pytest.fixture
    def draft(self, cast):
        return a_version(a_model(cast.finance_ml, cast.paul), cast.paul)

    def keys(self):
        return sorted(found.key for found in store.bucket().objects.all())

    def test_a_file_goes_in_and_comes_back(self, cast, draft, tmp_path):
        content = os.urandom(MB + 3)
        file = add_file(draft, "a.bin", io.BytesIO(content), by=cast.paul, length=len(content))
        assert self.keys() == [f"here/blobs/{file.blob_id[:2]}/{file.blob_id[2:4]}/{file.blob_id}"]
        with local_copy(file.blob) as path:
            assert path.read_bytes() == content
        assert not path.exists()
        with pytest.raises(Invalid):
            add_file(draft, "b.bin", io.BytesIO(content), by=cast.paul, length=len(content), sha256="0" * 64)
        assert len(self.keys()) == 1

    def test_parts_become_one_object(self, cast, draft, django_capture_on_commit_callbacks):
        content = os.urandom(2 * MB + 77)
        upload, _ = start_upload(draft, "big.bin", by=cast.paul, size=len(content))
        for number in (2, 1, 0):
            piece = content[number * MB : (number + 1) * MB]
            put_part(upload, number, io.BytesIO(piece), by=cast.paul, length=len(piece))
        upload.refresh_from_db()
        with pytest.raises(Invalid, match="was declared"):
            complete_upload(upload, by=cast.paul, sha256="0" * 64)
        assert len(self.keys()) == 3
        file = complete_upload(upload, by=cast.paul, sha256=hashlib.sha256(content).hexdigest())
        assert len(self.keys()) == 1
        with local_copy(file.blob) as path:
            assert path.read_bytes() == content
        other, _ = start_upload(draft, "other.bin", by=cast.paul, size=5)
        put_part(other, 0, io.BytesIO(b"12345"), by=cast.paul, length=5)
        with django_capture_on_commit_callbacks(execute=True):
            cancel_upload(other, by=cast.paul)
        assert len(self.keys()) == 1

    def test_the_gate_answers_with_an_address_signed_for_a_minute(self, client, cast, draft, token_of):
        add_file(draft, "model.safetensors", io.BytesIO(b"abc"), by=cast.paul, length=3)
        answer = client.get(url(draft), headers=token_of(cast.paul))
        assert answer.status_code == 307
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        lives = query.get("X-Amz-Expires") or [str(int(query["Expires"][0]) - int(timezone.now().timestamp()))]
        assert 0 < int(lives[0]) <= 60
        assert query["response-content-disposition"] == ["attachment; filename*=UTF-8''model.safetensors"]
        assert query["response-content-type"] == ["application/octet-stream"]
        assert UsageEvent.objects.get().kind == "work"
        assert client.get(url(draft), headers=token_of(cast.bea)).status_code == 403
        assert client.head(url(draft), headers=token_of(cast.paul)).headers["Content-Length"] == "3"

    def test_clearing_works_there_too(self, cast, draft):
        add_file(draft, "a.bin", io.BytesIO(b"abc"), by=cast.paul, length=3)
        remove_file(draft, "a.bin", by=cast.paul)
        add_file(draft, "b.bin", io.BytesIO(b"kept"), by=cast.paul, length=4)
        work.clear_abandoned(timezone.now() + timedelta(hours=25))
        assert not Blob.objects.filter(pk=hashlib.sha256(b"abc").hexdigest()).exists()
        assert [key.rsplit("/", 1)[-1] for key in self.keys()] == [ModelFile.objects.get(version=draft).blob_id]
        assert default_storage.exists("nothing") is False
