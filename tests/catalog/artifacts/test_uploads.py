"""Files and uploads: every byte is counted and hashed, nothing half-done is visible, nothing is lost to a race."""

import hashlib
import io
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from catalog.artifacts import parts, store, work
from catalog.artifacts.actions import add_file, cancel_upload, complete_upload, put_part, remove_file, start_upload
from catalog.artifacts.models import Blob, ModelFile, Upload
from catalog.artifacts.queries import duplicates_among, files_of, local_copy, manifest_of, upload_for, uploads_of, used_bytes
from catalog.artifacts.storage import key
from catalog.registry.models import ModelVersion
from marketplace.accounts.models import Team
from marketplace.activity.models import Event
from marketplace.errors import Conflict, Invalid, NotAllowed, NotFound, OverQuota, Unavailable
from tests import cast as people
from tests.factories import a_file, a_model, a_submitted_version, a_version

MB = 1024 * 1024

UNSEEN = b"bytes that no other test sends: the store is shared"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def draft(cast):
    return a_version(a_model(cast.finance_ml, cast.paul), cast.paul)


def send(version, content, path="weights.bin", *, by, length=None, sha256=None):
    return add_file(version, path, io.BytesIO(content), by=by, length=len(content) if length is None else length, sha256=sha256)


@pytest.fixture(autouse=True)
def _nothing_on_its_way():
    """What earlier tests rolled back in the database still lies in the folder."""
    for found in store.incoming().iterdir():
        found.unlink()


def incoming() -> list[str]:
    return sorted(found.name for found in store.incoming().iterdir())


class Broken(io.BytesIO):
    """A connection that breaks in the middle."""

    def read(self, size=-1):
        if self.tell() >= 1000:
            raise ConnectionResetError("gone")
        return super().read(min(size, 1000))


class TestWholeFiles:
    def test_a_file_arrives_under_its_sha256_with_an_event(self, cast, draft):
        content = os.urandom(3 * MB + 17)
        file = send(draft, content, "weights/model.bin", by=cast.nina, sha256=sha(content).upper())
        assert (file.blob_id, file.blob.size, file.path) == (sha(content), len(content), "weights/model.bin")
        lies = Path(default_storage.path(key(sha(content))))
        assert lies.read_bytes() == content
        assert stat.S_IMODE(lies.stat().st_mode) == 0o400
        assert stat.S_IMODE(lies.parent.stat().st_mode) == 0o700
        assert Event.objects.get(verb="file.added", subject_id=str(draft.pk)).actor == cast.nina.person
        assert incoming() == []
        assert [(entry.path, entry.size, entry.sha256) for entry in manifest_of(draft)] == [("weights/model.bin", len(content), sha(content))]
        with local_copy(file.blob) as path:
            assert path.read_bytes() == content

    @pytest.mark.parametrize(
        ("content", "length", "said"),
        [(b"abc", 5, "Only 3 of 5"), (b"abcdef", 5, "More bytes"), (b"", 0, "empty"), (b"x", 0, "empty")],
    )
    def test_a_wrong_length_leaves_nothing(self, cast, draft, content, length, said):
        with pytest.raises(Invalid, match=said):
            send(draft, content, by=cast.paul, length=length)
        assert not files_of(draft).exists()
        assert incoming() == []

    def test_a_wrong_sha256_leaves_nothing_and_names_both(self, cast, draft):
        with pytest.raises(Invalid) as refused:
            send(draft, UNSEEN, by=cast.paul, sha256="0" * 64)
        assert (refused.value.data["expected"], refused.value.data["found"]) == ("0" * 64, sha(UNSEEN))
        assert not files_of(draft).exists()
        assert not default_storage.exists(key(sha(UNSEEN)))
        assert incoming() == []

    def test_a_text_that_is_no_sha256_is_refused(self, cast, draft):
        with pytest.raises(Invalid, match="cannot be one"):
            send(draft, b"abc", by=cast.paul, sha256="abc")

    def test_a_broken_connection_leaves_nothing_and_a_retry_works(self, cast, draft):
        content = os.urandom(5000)
        with pytest.raises(Invalid, match="Only 1000 of 5000"):
            add_file(draft, "a.bin", Broken(content), by=cast.paul, length=5000)
        assert not files_of(draft).exists()
        assert incoming() == []
        assert send(draft, content, "a.bin", by=cast.paul).blob_id == sha(content)

    @pytest.mark.parametrize(
        "path",
        ["../up.bin", "a/../../up.bin", "/etc/passwd", "C:/x.bin", "a\\b.bin", "nul\0.bin", "x" * 2000, "", "a//b", "a/", ".", "con.txt", "a\u202egnp.bin"],
    )  # fmt: skip
    def test_names_that_are_no_safe_path_are_refused_before_a_byte_is_read(self, cast, draft, path):
        class Unread:
            def read(self, size):
                raise AssertionError("read before the name was checked")

        with pytest.raises(Invalid) as refused:
            add_file(draft, path, Unread(), by=cast.paul, length=10)
        assert "path" in refused.value.fields

    @pytest.mark.parametrize("other", ["weights.bin", "WEIGHTS.BIN/inner", "Weights.bin"])
    def test_a_name_that_clashes_is_refused(self, cast, draft, other):
        send(draft, b"one", "Weights.BIN", by=cast.paul)
        with pytest.raises(Conflict, match="cannot stand beside") as refused:
            send(draft, b"two", other, by=cast.paul)
        assert refused.value.code == "name-clash"

    def test_the_same_name_again_replaces_the_file_and_the_event_says_so(self, cast, draft):
        send(draft, b"one", by=cast.paul)
        send(draft, b"two", by=cast.paul)
        assert [f.blob_id for f in files_of(draft)] == [sha(b"two")]
        assert sha(b"one") in Event.objects.filter(verb="file.added").order_by("-id").first().body

    def test_quota_refuses_with_numbers_before_and_while_reading(self, cast, draft, monkeypatch):
        Team.objects.filter(pk=cast.finance_ml.pk).update(quota_bytes=10 * MB)
        draft.model.team.refresh_from_db()
        used = used_bytes(cast.finance_ml)
        with pytest.raises(OverQuota) as refused:
            send(draft, b"", by=cast.paul, length=11 * MB)
        assert (refused.value.data["quota"], refused.value.data["used"], refused.value.data["asked"]) == (10 * MB, used, 11 * MB)
        monkeypatch.setattr("catalog.artifacts.actions.ROOM_CHECK_BYTES", MB)

        class Meanwhile(io.BytesIO):
            """Somebody else fills the room while these bytes arrive."""

            def read(self, size=-1):
                if self.tell() == 2 * MB:
                    Team.objects.filter(pk=cast.finance_ml.pk).update(quota_bytes=MB)
                    draft.model.team.refresh_from_db()
                assert self.tell() <= 3 * MB, "read on although the quota was over"
                return super().read(size)

        with pytest.raises(OverQuota):
            add_file(draft, "big.bin", Meanwhile(os.urandom(6 * MB)), by=cast.paul, length=6 * MB)
        assert not files_of(draft).exists()
        assert incoming() == []

    def test_the_same_bytes_count_once_for_a_team(self, cast, draft):
        content = os.urandom(1000)
        send(draft, content, "a.bin", by=cast.paul)
        before = used_bytes(cast.finance_ml)
        send(draft, content, "b.bin", by=cast.paul)
        assert used_bytes(cast.finance_ml) == before

    def test_only_drafts_change(self, cast):
        version = a_submitted_version(a_model(cast.finance_ml, cast.paul), cast.paul)
        with pytest.raises(Conflict, match="never change"):
            send(version, b"abc", by=cast.paul)
        with pytest.raises(Conflict, match="never change"):
            remove_file(version, "model.safetensors", by=cast.paul)
        with pytest.raises(Conflict):
            start_upload(version, "x.bin", by=cast.paul, size=10)

    def test_a_version_submitted_while_bytes_arrive_stays_as_it_was(self, cast, draft):
        class Submits(io.BytesIO):
            def read(self, size=-1):
                ModelVersion.objects.filter(pk=draft.pk).update(state="withdrawn")
                return super().read(size)

        with pytest.raises(Conflict, match="withdrawn"):
            add_file(draft, "late.bin", Submits(b"abc"), by=cast.paul, length=3)
        assert not files_of(draft).exists()

    def test_strangers_are_refused_and_viewers_may_not_write(self, cast):
        model = a_model(cast.secret_lab, cast.sam, visibility="team")
        hidden = a_version(model, cast.sam)
        with pytest.raises(NotFound):
            send(hidden, b"abc", by=cast.stan)
        with pytest.raises(NotAllowed):
            send(a_version(a_model(cast.finance_ml, cast.paul), cast.paul), b"abc", by=cast.bea)

    def test_removing_a_file_is_an_event(self, cast, draft):
        send(draft, b"abc", by=cast.paul)
        remove_file(draft, "weights.bin", by=cast.nina)
        assert not files_of(draft).exists()
        assert Event.objects.filter(verb="file.removed", subject_id=str(draft.pk)).exists()

    def test_a_full_disk_is_said_in_a_sentence(self, cast, draft, monkeypatch):
        def full(*args, **kwargs):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(store.os, "fsync", full)
        with pytest.raises(Unavailable, match="full"):
            send(draft, b"abc", by=cast.paul)
        assert not files_of(draft).exists()
        assert incoming() == []


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
            except Exception as fault:  # noqa: BLE001 - what went wrong is looked at by the test
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


class TestClearing:
    def test_it_clears_what_was_abandoned_and_nothing_else(self, cast, draft, django_capture_on_commit_callbacks):
        kept = send(draft, os.urandom(100), "kept.bin", by=cast.paul)
        gone = send(draft, os.urandom(100), "gone.bin", by=cast.paul).blob_id
        remove_file(draft, "gone.bin", by=cast.paul)
        old, _ = start_upload(draft, "old.bin", by=cast.paul, size=10)
        young, _ = start_upload(draft, "young.bin", by=cast.paul, size=10)
        Upload.objects.filter(pk=old.pk).update(touched_at=timezone.now() - timedelta(days=8))
        orphan = store.incoming() / "put-killed"
        orphan.write_bytes(b"half")
        unknown = Path(default_storage.path(key("ab" * 32)))
        unknown.parent.mkdir(parents=True, exist_ok=True)
        unknown.write_bytes(b"never committed")
        with django_capture_on_commit_callbacks(execute=True):
            assert work.clear_abandoned(timezone.now())["blobs"] == 0, "a day must pass first"
        assert orphan.exists()
        assert unknown.exists()
        with django_capture_on_commit_callbacks(execute=True):
            done = work.clear_abandoned(timezone.now() + timedelta(hours=25))
        assert done["uploads"] >= 0
        old.refresh_from_db()
        young.refresh_from_db()
        assert (old.state, young.state) == ("cancelled", "open")
        assert default_storage.exists(key(kept.blob_id))
        assert not default_storage.exists(key(gone))
        assert not orphan.exists()
        assert not unknown.exists()
        assert parts.place_of(young).exists()
        assert not parts.place_of(old).exists()


def test_a_transaction_that_fails_shows_nothing(cast, draft, monkeypatch):
    def fails(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(work, "record", fails)
    with pytest.raises(ZeroDivisionError):
        send(draft, UNSEEN, by=cast.paul)
    assert not files_of(draft).exists()
    assert not default_storage.exists(key(sha(UNSEEN)))
    assert incoming() == []
