"""Uploads in parts: the server's truth of what has arrived, and nothing visible before the whole is verified."""

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from django.utils import timezone

from catalog.artifacts import parts
from catalog.artifacts.actions import cancel_upload, complete_upload, put_part, start_upload
from catalog.artifacts.models import Upload
from catalog.artifacts.queries import files_of, upload_for, uploads_of, used_bytes
from catalog.artifacts.storage import key
from marketplace.accounts.models import Team
from marketplace.errors import Conflict, Invalid, NotFound, OverQuota, Unavailable
from tests.catalog.artifacts.uploads.sending import MB, Broken, incoming, sha


class TestParts:
    @pytest.fixture
    def content(self):
        return os.urandom(2 * MB + 500)

    @pytest.fixture
    def upload(self, cast, draft, content):
        return start_upload(draft, "big.bin", by=cast.nina, size=len(content))[0]

    def put(self, upload, number, content, by):
        piece = content[number * upload.part_size : (number + 1) * upload.part_size]
        return put_part(upload, number, io.BytesIO(piece), by=by, length=len(piece))

    def test_parts_in_any_order_become_the_file(self, cast, draft, upload, content):
        for number in (2, 0, 1):
            self.put(upload, number, content, cast.nina)
        assert not files_of(draft).exists()
        file = complete_upload(upload, by=cast.nina, sha256=sha(content))
        assert file.blob_id == sha(content)
        assert Path(default_storage.path(key(sha(content)))).read_bytes() == content
        upload.refresh_from_db()
        assert upload.state == "done"
        assert incoming() == []
        again = complete_upload(upload, by=cast.nina, sha256=sha(content))
        assert again.pk == file.pk, "a repeated request is answered like the first one"

    def test_it_goes_on_where_it_stopped(self, cast, draft, upload, content):
        self.put(upload, 1, content, cast.nina)
        found, is_new = start_upload(draft, "big.bin", by=cast.paul, size=len(content), sha256=sha(content))
        assert (found.pk, is_new, found.received) == (upload.pk, False, [1])
        assert list(uploads_of(draft)) == [upload]

    def test_another_size_under_the_same_name_starts_afresh_for_its_owner_only(self, cast, draft, upload):
        with pytest.raises(Conflict, match="is uploading another file"):
            start_upload(draft, "big.bin", by=cast.paul, size=5)
        other, is_new = start_upload(draft, "big.bin", by=cast.nina, size=5)
        upload.refresh_from_db()
        assert is_new
        assert other.pk != upload.pk
        assert upload.state == "cancelled"

    @pytest.mark.parametrize(("number", "size"), [(0, 10), (0, MB + 1), (2, MB), (3, 1), (-1, 1)])
    def test_a_part_of_the_wrong_size_or_number_is_refused(self, cast, upload, number, size):
        with pytest.raises(Invalid):
            put_part(upload, number, io.BytesIO(b"x" * size), by=cast.nina, length=size)

    def test_a_part_that_breaks_does_not_count(self, cast, upload, content):
        with pytest.raises(Invalid):
            put_part(upload, 0, Broken(content), by=cast.nina, length=MB)
        upload.refresh_from_db()
        assert upload.received == []

    def test_a_repeated_part_that_breaks_no_longer_counts(self, cast, upload, content):
        self.put(upload, 0, content, cast.nina)
        with pytest.raises(Invalid):
            put_part(upload, 0, Broken(b"y" * MB), by=cast.nina, length=MB)
        upload.refresh_from_db()
        assert upload.received == []

    def test_a_part_may_come_twice(self, cast, upload, content):
        self.put(upload, 0, content, cast.nina)
        assert self.put(upload, 0, content, cast.nina).received == [0]

    def test_missing_parts_are_named(self, cast, upload, content):
        self.put(upload, 1, content, cast.nina)
        with pytest.raises(Conflict, match="2 of 3 parts") as refused:
            complete_upload(upload, by=cast.nina, sha256=sha(content))
        assert refused.value.data["missing"] == [0, 2]

    def test_a_mismatch_names_both_digests_keeps_the_parts_and_can_be_mended(self, cast, draft, upload, content):
        wrong = bytearray(content)
        wrong[5] ^= 1
        for number in range(3):
            self.put(upload, number, bytes(wrong), cast.nina)
        with pytest.raises(Invalid) as refused:
            complete_upload(upload, by=cast.nina, sha256=sha(content))
        assert (refused.value.data["expected"], refused.value.data["found"]) == (sha(content), sha(bytes(wrong)))
        upload.refresh_from_db()
        assert (upload.state, sorted(upload.received)) == ("open", [0, 1, 2])
        assert not files_of(draft).exists()
        self.put(upload, 0, content, cast.nina)
        assert complete_upload(upload, by=cast.nina, sha256=sha(content)).blob_id == sha(content)

    def test_without_a_declared_sha256_nothing_is_completed(self, cast, upload, content):
        for number in range(3):
            self.put(upload, number, content, cast.nina)
        with pytest.raises(Invalid, match="cannot be verified"):
            complete_upload(upload, by=cast.nina)

    def test_a_part_on_its_way_keeps_the_upload_from_being_verified(self, cast, upload, content):
        for number in range(3):
            self.put(upload, number, content, cast.nina)
        import fcntl

        with parts.place_of(upload).open("r+b") as late:
            fcntl.flock(late, fcntl.LOCK_SH)
            with pytest.raises(Unavailable, match="still on its way"):
                complete_upload(upload, by=cast.nina, sha256=sha(content))
        upload.refresh_from_db()
        assert upload.state == "open"
        assert complete_upload(upload, by=cast.nina, sha256=sha(content)).blob_id == sha(content)

    def test_a_verification_whose_process_died_is_taken_over(self, cast, upload, content):
        for number in range(3):
            self.put(upload, number, content, cast.nina)
        Upload.objects.filter(pk=upload.pk).update(state="verifying", touched_at=Now())
        upload.refresh_from_db()
        with pytest.raises(Unavailable, match="being verified"):
            complete_upload(upload, by=cast.nina, sha256=sha(content))
        Upload.objects.filter(pk=upload.pk).update(touched_at=timezone.now() - timedelta(minutes=5))
        upload.refresh_from_db()
        assert complete_upload(upload, by=cast.nina, sha256=sha(content)).blob_id == sha(content)

    def test_cancelling_removes_what_had_arrived(self, cast, upload, content, django_capture_on_commit_callbacks):
        self.put(upload, 0, content, cast.nina)
        with django_capture_on_commit_callbacks(execute=True):
            cancel_upload(upload, by=cast.paul)
        assert incoming() == []
        with pytest.raises(Conflict, match="cancelled"):
            self.put(upload, 1, content, cast.nina)

    def test_uploads_of_others_do_not_exist(self, cast, upload):
        for person in (cast.stan, cast.bea, cast.ada, cast.aud):
            with pytest.raises(NotFound):
                upload_for(person, upload.pk)
        assert upload_for(cast.paul, upload.pk) == upload

    def test_uploads_under_way_count_for_the_quota(self, cast, draft, upload):
        assert used_bytes(cast.finance_ml) >= upload.size
        Team.objects.filter(pk=cast.finance_ml.pk).update(quota_bytes=used_bytes(cast.finance_ml) + 10)
        draft.model.team.refresh_from_db()
        with pytest.raises(OverQuota):
            start_upload(draft, "more.bin", by=cast.nina, size=11)

    def test_an_upload_that_clashes_with_one_under_way_is_refused(self, cast, draft, upload):
        with pytest.raises(Conflict, match="cannot stand beside"):
            start_upload(draft, "BIG.bin", by=cast.nina, size=5)
