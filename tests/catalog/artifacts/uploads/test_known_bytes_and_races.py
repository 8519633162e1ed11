"""Bytes that are here already, and two who send at once: nothing is lost to a race."""

import io
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from catalog.artifacts import work
from catalog.artifacts.actions import complete_upload, put_part, remove_file, start_upload
from catalog.artifacts.models import Blob, ModelFile
from catalog.artifacts.queries import duplicates_among, files_of, upload_for, used_bytes
from catalog.artifacts.storage import key
from catalog.registry.models import ModelVersion
from marketplace.accounts.models import Team
from marketplace.activity.models import Event
from marketplace.errors import Conflict, OverQuota, Unavailable
from tests import cast as people
from tests.catalog.artifacts.uploads.sending import MB, send, sha
from tests.factories import a_file, a_model, a_version


class TestKnownBytes:
    """Nobody learns from an upload that bytes are stored which they may not have."""

    def test_bytes_of_the_own_team_need_not_be_sent_again(self, cast, draft):
        content = os.urandom(1000)
        send(draft, content, "a.bin", by=cast.paul)
        upload, _ = start_upload(draft, "b.bin", by=cast.nina, size=1000, sha256=sha(content))
        assert upload.state == "done"
        assert files_of(draft).get(path="b.bin").blob_id == sha(content)

    def test_a_wrong_size_proves_nothing(self, cast, draft):
        content = os.urandom(1000)
        send(draft, content, "a.bin", by=cast.paul)
        assert start_upload(draft, "b.bin", by=cast.nina, size=999, sha256=sha(content))[0].state == "open"

    @pytest.mark.parametrize("visibility", ["team", "organization"])
    def test_bytes_of_others_must_be_sent(self, cast, draft, visibility):
        content = os.urandom(1000)
        theirs = a_version(a_model(cast.secret_lab, cast.sam, visibility=visibility), cast.sam)
        send(theirs, content, "a.bin", by=cast.sam)
        upload, _ = start_upload(draft, "b.bin", by=cast.nina, size=1000, sha256=sha(content))
        assert (upload.state, upload.received) == ("open", [])

    def test_only_visible_copies_are_named(self, cast, draft):
        content = os.urandom(1000)
        for team, by, visibility in ((cast.secret_lab, cast.sam, "team"), (cast.hr_ml, cast.hugo, "organization")):
            a_file(a_version(a_model(team, by, visibility=visibility), by), content, by=by)
        assert [copy.model.split("/")[0] for copy in duplicates_among(cast.nina, [sha(content)], besides=draft)] == ["hr-ml"]
        assert {copy.model.split("/")[0] for copy in duplicates_among(cast.aud, [sha(content)])} == {"hr-ml", "secret-lab"}


class TestAtTheSameTime:
    """Real commits and real threads."""

    @pytest.fixture
    def cast(self, transactional_db):
        return people.load()

    def in_threads(self, jobs):
        def run(job):
            try:
                return job()
            except Exception as fault:
                return fault
            finally:
                connection.close()

        with ThreadPoolExecutor(len(jobs)) as pool:
            return list(pool.map(run, jobs))

    def test_parallel_parts_never_lose_each_other(self, cast):
        draft = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
        content = os.urandom(12 * MB)
        upload, _ = start_upload(draft, "big.bin", by=cast.nina, size=len(content))

        def part(number):
            mine = upload_for(people.load().nina, upload.pk)
            put_part(mine, number, io.BytesIO(content[number * MB : (number + 1) * MB]), by=people.load().nina, length=MB)

        results = self.in_threads([lambda n=n: part(n) for n in [*range(12), *range(4)]])
        assert results == [None] * 16
        upload.refresh_from_db()
        assert sorted(upload.received) == list(range(12))
        assert complete_upload(upload, by=cast.nina, sha256=sha(content)).blob_id == sha(content)

    def test_two_who_complete_at_once_make_one_file(self, cast):
        draft = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
        content = os.urandom(MB)
        upload, _ = start_upload(draft, "big.bin", by=cast.nina, size=len(content))
        put_part(upload, 0, io.BytesIO(content), by=cast.nina, length=MB)
        results = self.in_threads([lambda: complete_upload(upload_for(cast.nina, upload.pk), by=cast.nina, sha256=sha(content))] * 4)
        assert any(isinstance(result, ModelFile) for result in results)
        assert all(isinstance(result, (ModelFile, Conflict, Unavailable)) for result in results), results
        assert ModelFile.objects.filter(version=draft).count() == 1
        assert Event.objects.filter(verb="file.added", subject_id=str(draft.pk)).count() == 1

    def test_the_last_room_is_given_once(self, cast):
        draft = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
        Team.objects.filter(pk=cast.finance_ml.pk).update(quota_bytes=used_bytes(cast.finance_ml) + 1500)
        draft = ModelVersion.objects.select_related("model__team").get(pk=draft.pk)
        pieces = [os.urandom(1000) for _ in range(4)]
        results = self.in_threads([lambda n=n: send(draft, pieces[n], f"{n}.bin", by=cast.paul) for n in range(4)])
        assert sum(isinstance(result, ModelFile) for result in results) == 1
        assert sum(isinstance(result, OverQuota) for result in results) == 3

    def test_names_that_clash_are_given_once(self, cast):
        draft = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
        results = self.in_threads([lambda name=name: send(draft, b"abc", name, by=cast.paul) for name in ("a.bin", "A.bin", "A.BIN")])
        assert sum(isinstance(result, ModelFile) for result in results) == 1
        assert sum(isinstance(result, Conflict) for result in results) == 2

    def test_no_blob_is_cleared_under_a_file_that_comes_back(self, cast):
        draft = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
        content = os.urandom(2000)
        for _ in range(5):
            send(draft, content, "a.bin", by=cast.paul)
            remove_file(draft, "a.bin", by=cast.paul)
            Blob.objects.filter(pk=sha(content)).update(created_at=timezone.now() - timedelta(days=2))
            self.in_threads([lambda: send(draft, content, "a.bin", by=cast.paul), lambda: work.clear_abandoned(timezone.now())])
            assert Path(default_storage.path(key(sha(content)))).read_bytes() == content
            remove_file(draft, "a.bin", by=cast.paul)
