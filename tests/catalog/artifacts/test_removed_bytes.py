"""Bytes that were removed for good do not come back, whichever way they are sent."""

import hashlib
import io
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from catalog.artifacts import work
from catalog.artifacts.actions import add_file, complete_upload, put_part, start_upload
from catalog.artifacts.models import Blob, ModelFile, Upload
from catalog.artifacts.storage import key
from marketplace.errors import Conflict
from tests.factories import a_file, a_model, a_version

pytestmark = pytest.mark.django_db
BYTES = b"bytes that were removed for good"
SHA = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def draft(cast):
    """A draft beside a version whose bytes were removed."""
    model = a_model(cast.finance_ml, cast.paul)
    a_file(a_version(model, cast.paul, "0.9.0"), BYTES, "w.bin", by=cast.paul)
    Blob.objects.filter(pk=SHA).update(purged_at=timezone.now())
    default_storage.delete(key(SHA))
    return a_version(model, cast.paul)


def still_removed():
    return Blob.objects.get(pk=SHA).purged_at is not None and not default_storage.exists(key(SHA))


def test_they_are_not_taken_in_whole(cast, draft):
    with pytest.raises(Conflict) as refused:
        add_file(draft, "w.bin", io.BytesIO(BYTES), by=cast.nina, length=len(BYTES))
    assert refused.value.code == "purged"
    assert not draft.files.exists()
    assert still_removed()


def test_an_upload_that_declares_them_does_not_begin(cast, draft):
    with pytest.raises(Conflict):
        start_upload(draft, "w.bin", by=cast.nina, size=len(BYTES), sha256=SHA)
    assert not Upload.objects.exists()


def test_they_are_not_taken_in_by_parts(cast, draft):
    upload, _ = start_upload(draft, "w.bin", by=cast.nina, size=len(BYTES))
    put_part(upload, 0, io.BytesIO(BYTES), by=cast.nina, length=len(BYTES))
    with pytest.raises(Conflict) as refused:
        complete_upload(upload, by=cast.nina, sha256=SHA)
    assert refused.value.code == "purged"
    assert still_removed()


def test_that_they_were_removed_is_known_after_their_last_file_is_gone(cast, draft):
    ModelFile.objects.filter(blob=SHA).delete()
    Blob.objects.filter(pk=SHA).update(created_at=timezone.now() - timedelta(days=9))
    work.clear_abandoned(timezone.now())
    with pytest.raises(Conflict):
        add_file(draft, "w.bin", io.BytesIO(BYTES), by=cast.nina, length=len(BYTES))
