"""Files and uploads over /api/v1/, as curl and the browser speak it."""

import hashlib
import json
import os
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.artifacts import store
from catalog.artifacts.queries import files_of
from catalog.registry.actions import give_grant
from catalog.registry.models import ModelVersion
from catalog.usage.models import UsageEvent
from marketplace.accounts.actions import revoke_token
from marketplace.accounts.models import ApiToken, Team, User
from tests.factories import a_file, a_model, a_submitted_version, a_version, an_approved_version

OCTETS = "application/octet-stream"
MB = 1024 * 1024


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def url(version, path="") -> str:
    return f"/api/v1/models/{version.model}/versions/{version.version}/files" + (f"/{path}" if path else "")


@pytest.fixture
def draft(cast):
    return a_version(a_model(cast.finance_ml, cast.paul), cast.paul)


@pytest.fixture
def served(cast):
    """An approved version that ivo may use, and its bytes."""
    version = an_approved_version(a_model(cast.finance_ml, cast.paul), cast.paul)
    give_grant(version.model, use_case=version.use_case, until=timezone.now() + timedelta(days=9), by=None, team=cast.claims_api)
    blob = files_of(version).get().blob
    return version, store.open_blob(blob.sha256, blob.size).read()


def fetch(client, version, path="model.safetensors", *, method="get", **headers):
    return getattr(client, method)(url(version, path), headers=headers)


def body(response) -> bytes:
    return b"".join(response.streaming_content)


class TestSending:
    def put(self, client, version, content, path="a/b.bin", headers=None):
        return client.put(url(version, path), content, content_type=OCTETS, headers=headers or {})

    def test_put_list_and_remove(self, client, cast, draft, token_of):
        me = token_of(cast.nina)
        content = os.urandom(5000)
        answer = self.put(client, draft, content, headers=me | {"X-Checksum-SHA256": sha(content)})
        assert answer.status_code == 201, answer.content
        assert answer.json()["sha256"] == sha(content)
        assert answer.json()["duplicates"] == []
        assert self.put(client, draft, content, headers=me).status_code == 200
        listed = client.get(url(draft), headers=me).json()
        assert [(f["path"], f["size"], f["sha256"]) for f in listed["results"]] == [("a/b.bin", 5000, sha(content))]
        assert client.delete(url(draft, "a/b.bin"), headers=me).status_code == 204
        assert client.get(url(draft), headers=me).json()["results"] == []

    @pytest.mark.parametrize(
        ("path", "content", "status"),
        [("a/../b.bin", b"x", 422), ("%2e%2e/b.bin", b"x", 422), ("/abs.bin", b"x", 422), ("a%5Cb.bin", b"x", 422), ("a%00b.bin", b"x", 422),
         ("x" * 2000, b"x", 422), ("ok.bin", b"", 422), ("%252e%252e/ok.bin", b"x", 201)],
    )  # fmt: skip
    def test_names_and_emptiness(self, client, cast, draft, token_of, path, content, status):
        answer = self.put(client, draft, content, path, headers=token_of(cast.nina))
        assert answer.status_code == status, answer.content
        if status != 201:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.json()["errors"]
            assert not files_of(draft).exists()

    def test_case_clash_submitted_version_and_wrong_sha256(self, client, cast, draft, token_of):
        me = token_of(cast.nina)
        assert self.put(client, draft, b"x", "Name.bin", headers=me).status_code == 201
        clash = self.put(client, draft, b"y", "name.bin", headers=me)
        assert (clash.status_code, clash.json()["type"].rsplit("#")[-1]) == (409, "name-clash")
        wrong = self.put(client, draft, b"y", "other.bin", headers=me | {"X-Checksum-SHA256": "0" * 64})
        assert (wrong.status_code, wrong.json()["expected"], wrong.json()["found"]) == (422, "0" * 64, sha(b"y"))
        done = a_submitted_version(a_model(cast.finance_ml, cast.paul), cast.paul)
        assert self.put(client, done, b"y", headers=me).status_code == 409
        assert client.delete(url(done, "model.safetensors"), headers=me).status_code == 409

    def test_over_quota_is_507_with_numbers(self, client, cast, draft, token_of):
        Team.objects.filter(pk=cast.finance_ml.pk).update(quota_bytes=10)
        answer = self.put(client, draft, b"x" * 11, headers=token_of(cast.nina))
        assert (answer.status_code, answer.json()["quota"], answer.json()["asked"]) == (507, 10, 11)

    def test_without_length_it_is_411(self, client, cast, draft, token_of):
        answer = client.generic(
            "PUT", url(draft, "a.bin"), b"abc", content_type=OCTETS, headers=token_of(cast.nina) | {"Transfer-Encoding": "chunked"}
        )
        assert answer.status_code == 411

    def test_rights_and_scopes(self, client, cast, draft, token_of):
        assert self.put(client, draft, b"x").status_code == 401
        assert self.put(client, draft, b"x", headers=token_of(cast.nina, "read", "download")).status_code == 403
        assert self.put(client, draft, b"x", headers=token_of(cast.bea)).status_code == 403
        hidden = a_version(a_model(cast.secret_lab, cast.sam, visibility="team"), cast.sam)
        assert self.put(client, hidden, b"x", headers=token_of(cast.bea)).status_code == 404

    def test_the_answer_is_the_same_whether_a_hidden_team_has_the_bytes_or_not(self, client, cast, draft, token_of):
        known, unknown = os.urandom(100), os.urandom(100)
        hidden = a_version(a_model(cast.secret_lab, cast.sam, visibility="team"), cast.sam)
        a_file(hidden, known, by=cast.sam)
        me = token_of(cast.nina)

        def answers(content):
            asked = {"model": str(draft.model), "version": draft.version, "path": "up.bin", "size": 100, "sha256": sha(content)}
            opened = client.post("/api/v1/uploads", asked, content_type="application/json", headers=me)
            client.delete(f"/api/v1/uploads/{opened.json()['id']}", headers=me)
            put = self.put(client, draft, content, "same.bin", headers=me)
            client.delete(url(draft, "same.bin"), headers=me)
            texts = [opened.content.decode().replace(opened.json()["id"], "ID"), put.content.decode().replace(put.json()["added_at"], "TIME")]
            return [text.replace(sha(content), "SHA") for text in texts], opened.status_code, put.status_code, sorted(put.headers)

        assert answers(known) == answers(unknown)

    def test_visible_copies_are_named(self, client, cast, draft, token_of):
        content = os.urandom(100)
        theirs = a_version(a_model(cast.hr_ml, cast.hugo), cast.hugo)
        a_file(theirs, content, "w.bin", by=cast.hugo)
        answer = self.put(client, draft, content, headers=token_of(cast.nina)).json()
        assert answer["duplicates"] == [{"model": str(theirs.model), "version": "1.0.0", "path": "w.bin", "sha256": sha(content)}]


class TestUploads:
    @pytest.fixture
    def content(self):
        return os.urandom(2 * MB + 9)

    def post(self, client, path, data, me):
        return client.post(f"/api/v1/uploads{path}", json.dumps(data), content_type="application/json", headers=me)

    def test_the_whole_way_as_the_browser_goes_it(self, client, cast, draft, token_of, content):
        me = token_of(cast.nina)
        asked = {"model": str(draft.model), "version": draft.version, "path": "big.bin", "size": len(content), "sha256": None}
        opened = self.post(client, "", asked, me)
        upload = opened.json()
        assert (opened.status_code, upload["part_size"], upload["received"], upload["state"]) == (201, MB, [], "open")
        for number in (0, 2):
            piece = content[number * MB : (number + 1) * MB]
            assert client.put(f"/api/v1/uploads/{upload['id']}/parts/{number}", piece, content_type=OCTETS, headers=me).status_code == 200
        again = self.post(client, "", asked, me)
        assert (again.status_code, again.json()["id"], again.json()["received"]) == (200, upload["id"], [0, 2])
        early = self.post(client, f"/{upload['id']}/complete", {"sha256": sha(content)}, me)
        assert (early.status_code, early.json()["missing"]) == (409, [1])
        assert client.put(f"/api/v1/uploads/{upload['id']}/parts/1", b"short", content_type=OCTETS, headers=me).status_code == 422
        assert client.put(f"/api/v1/uploads/{upload['id']}/parts/7", b"short", content_type=OCTETS, headers=me).status_code == 422
        client.put(f"/api/v1/uploads/{upload['id']}/parts/1", content[MB : 2 * MB], content_type=OCTETS, headers=me)
        wrong = self.post(client, f"/{upload['id']}/complete", {"sha256": "0" * 64}, me)
        assert (wrong.status_code, wrong.json()["expected"], wrong.json()["found"]) == (422, "0" * 64, sha(content))
        assert client.get(f"/api/v1/uploads/{upload['id']}", headers=me).json()["state"] == "open"
        done = self.post(client, f"/{upload['id']}/complete", {"sha256": sha(content)}, me)
        assert (done.status_code, done.json()["sha256"]) == (201, sha(content))
        assert client.get(f"/api/v1/uploads/{upload['id']}", headers=me).json()["state"] == "done"
        assert body(client.get(url(draft, "big.bin"), headers=me)) == content

    def test_cancelling_and_foreign_ids(self, client, cast, draft, token_of):
        me = token_of(cast.nina)
        asked = {"model": str(draft.model), "version": draft.version, "path": "big.bin", "size": 10}
        pk = self.post(client, "", asked, me).json()["id"]
        assert client.get(f"/api/v1/uploads/{pk}", headers=token_of(cast.stan)).status_code == 404
        assert client.delete(f"/api/v1/uploads/{pk}", headers=token_of(cast.stan)).status_code == 404
        assert client.delete(f"/api/v1/uploads/{pk}", headers=me).status_code == 204
        assert client.put(f"/api/v1/uploads/{pk}/parts/0", b"x" * 10, content_type=OCTETS, headers=me).status_code == 409

    @pytest.mark.parametrize(
        ("change", "status"),
        [({"size": 0}, 422), ({"size": -1}, 422), ({"size": 10**30}, 422), ({"size": "many"}, 422), ({"path": "../x"}, 422), ({"path": "x" * 9000}, 422),
         ({"path": "nul\0"}, 400), ({"sha256": "zz"}, 422), ({"model": "finance-ml/nothing"}, 404), ({"version": "9"}, 404), ({"owner": "me"}, 422),
         ({"size": 10**15}, 507)],
    )  # fmt: skip
    def test_wrong_openings(self, client, cast, draft, token_of, change, status):
        asked = {"model": str(draft.model), "version": draft.version, "path": "big.bin", "size": 10} | change
        assert self.post(client, "", asked, token_of(cast.nina)).status_code == status

    def test_a_session_needs_the_csrf_token(self, cast, draft):
        from django.test import Client

        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.nina, backend="marketplace.accounts.backends.PasswordBackend")
        assert client.put(url(draft, "a.bin"), b"x", content_type=OCTETS).status_code == 403


class TestDownloading:
    def test_get_gives_bytes_that_no_browser_opens_and_counts_as_use(self, client, cast, served, token_of):
        version, content = served
        me = token_of(cast.ivo)
        answer = fetch(client, version, **me)
        assert answer.status_code == 200
        assert body(answer) == content
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''model.safetensors"
        assert answer.headers["Content-Type"] == OCTETS
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Checksum-SHA256"] == sha(content)
        assert answer.headers["ETag"] == f'"{sha(content)}"'
        assert answer.headers["Content-Length"] == str(len(content))
        event = UsageEvent.objects.get()
        assert (event.kind, event.person, event.team, event.bytes, event.environment) == (
            "use",
            cast.ivo.person,
            cast.claims_api,
            len(content),
            "dev",
        )
        assert (event.token, event.use_case) == (me["Authorization"][7:19], version.use_case)

    def test_head_says_everything_and_counts_nothing(self, client, cast, served, token_of):
        version, content = served
        answer = fetch(client, version, method="head", **token_of(cast.ivo))
        assert (answer.status_code, answer.headers["Content-Length"], answer.headers["Accept-Ranges"]) == (200, str(len(content)), "bytes")
        assert answer.headers["X-Checksum-SHA256"] == sha(content)
        assert not UsageEvent.objects.exists()

    @pytest.mark.parametrize(
        ("asked", "status", "first", "last"),
        [("bytes=0-0", 206, 0, 0), ("bytes=10-", 206, 10, -1), ("bytes=5-9", 206, 5, 9), ("bytes=-7", 206, -7, -1), ("bytes=3-999999999", 206, 3, -1),
         ("bytes=-999999999", 206, 0, -1), ("bytes=999999999-", 416, 0, 0), ("bytes=-0", 416, 0, 0), ("bytes=9-5", 200, 0, -1), ("bytes=0-1,4-5", 200, 0, -1),
         ("lines=1-2", 200, 0, -1), ("bytes=-", 200, 0, -1)],
    )  # fmt: skip
    def test_ranges(self, client, cast, served, token_of, asked, status, first, last):
        version, content = served
        answer = fetch(client, version, Range=asked, **token_of(cast.ivo))
        assert answer.status_code == status
        if status == 416:
            assert answer.headers["Content-Range"] == f"bytes */{len(content)}"
            assert not UsageEvent.objects.exists()
            return
        start, stop = first % len(content), last % len(content) + 1
        assert body(answer) == content[start:stop]
        assert answer.headers["Content-Length"] == str(stop - start)
        if status == 206:
            assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(content)}"
        assert UsageEvent.objects.get().bytes == stop - start

    def test_a_resume_of_other_bytes_starts_over(self, client, cast, served, token_of):
        version, content = served
        assert fetch(client, version, Range="bytes=5-9", **{"If-Range": f'"{sha(content)}"'}, **token_of(cast.ivo)).status_code == 206
        assert fetch(client, version, Range="bytes=5-9", **{"If-Range": '"other"'}, **token_of(cast.ivo)).status_code == 200

    def test_known_bytes_are_not_sent_again_but_the_gate_is_asked(self, client, cast, served, token_of):
        version, content = served
        known = {"If-None-Match": f'W/"x", "{sha(content)}"'}
        assert fetch(client, version, **known, **token_of(cast.ivo)).status_code == 304
        assert fetch(client, version, **known, **token_of(cast.bea)).status_code == 403

    def test_a_client_that_accepts_octets_only_is_served(self, client, cast, served, token_of):
        assert fetch(client, served[0], Accept=OCTETS, **token_of(cast.ivo)).status_code == 200

    def test_refusals_say_why_and_what_to_do(self, client, cast, served, token_of):
        version, _ = served
        answer = fetch(client, version, **token_of(cast.bea))
        assert (answer.status_code, answer.json()["type"].rsplit("#")[-1]) == (403, "no-grant")
        assert "Ask team finance-ml" in answer.json()["hint"]
        assert fetch(client, version, **token_of(cast.ivo, "read")).status_code == 403
        assert fetch(client, version).status_code == 401
        ModelVersion.objects.filter(pk=version.pk).update(state="quarantined")
        assert fetch(client, version, **token_of(cast.ivo)).json()["type"].rsplit("#")[-1] == "quarantined"

    def test_dead_tokens_are_401_at_once(self, client, cast, served, token_of):
        version, _ = served
        me = token_of(cast.ivo)
        assert fetch(client, version, method="head", **me).status_code == 200
        ApiToken.objects.filter(user=cast.ivo).update(created_at=timezone.now() - timedelta(days=3), expires_at=timezone.now() - timedelta(seconds=1))
        assert fetch(client, version, **me).status_code == 401
        me = token_of(cast.ivo)
        revoke_token(ApiToken.objects.filter(user=cast.ivo).latest("pk"), by=cast.ivo)
        assert fetch(client, version, **me).status_code == 401
        me = token_of(cast.ivo)
        User.objects.filter(pk=cast.ivo.pk).update(is_active=False)
        assert fetch(client, version, **me).status_code == 401

    def test_hostile_names_stay_names(self, client, cast, draft, token_of):
        name = "r\u00e9sum\u00e9; filename=evil.html.bin"
        a_file(draft, b"<script>alert(1)</script>", name, by=cast.paul)
        from urllib.parse import quote

        answer = client.get(url(draft) + "/" + quote(name), headers=token_of(cast.nina))
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{quote(name, safe='')}"

    def test_bytes_that_the_store_lost_or_cut_are_never_served(self, client, cast, served, token_of):
        from pathlib import Path

        from django.core.files.storage import default_storage

        from catalog.artifacts.storage import key

        version, content = served
        lies = Path(default_storage.path(key(sha(content))))
        lies.chmod(0o600)
        lies.write_bytes(content[:-1])
        assert fetch(client, version, **token_of(cast.ivo)).status_code == 503
        lies.unlink()
        assert fetch(client, version, **token_of(cast.ivo)).status_code == 503
        assert not UsageEvent.objects.exists()
