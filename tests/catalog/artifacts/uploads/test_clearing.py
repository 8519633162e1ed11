"""What is abandoned or stands for no file is cleared away."""

import os
from datetime import timedelta
from pathlib import Path

from django.core.files.storage import default_storage
from django.utils import timezone

from catalog.artifacts import parts, store, work
from catalog.artifacts.actions import remove_file, start_upload
from catalog.artifacts.models import Upload
from catalog.artifacts.storage import key
from tests.catalog.artifacts.uploads.sending import send


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
