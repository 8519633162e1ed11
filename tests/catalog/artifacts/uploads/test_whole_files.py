"""Files sent whole: every byte is counted and hashed, and nothing half-done is visible."""

import io
import os
import stat
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from catalog.artifacts import store, work
from catalog.artifacts.actions import add_file, remove_file, start_upload
from catalog.artifacts.queries import files_of, local_copy, manifest_of, used_bytes
from catalog.artifacts.storage import key
from catalog.registry.models import ModelVersion
from marketplace.accounts.models import Team
from marketplace.activity.models import Event
from marketplace.errors import Conflict, Invalid, NotAllowed, NotFound, OverQuota, Unavailable
from tests.catalog.artifacts.uploads.sending import MB, UNSEEN, Broken, incoming, send, sha
from tests.factories import a_model, a_submitted_version, a_version


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


def test_a_transaction_that_fails_shows_nothing(cast, draft, monkeypatch):
    def fails(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(work, "record", fails)
    with pytest.raises(ZeroDivisionError):
        send(draft, UNSEEN, by=cast.paul)
    assert not files_of(draft).exists()
    assert not default_storage.exists(key(sha(UNSEEN)))
    assert incoming() == []
