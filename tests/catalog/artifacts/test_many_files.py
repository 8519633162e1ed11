"""A version has so many files that a page can still list them."""

import io

import pytest

from catalog.artifacts.actions import add_file, start_upload
from catalog.artifacts.models import ModelFile
from catalog.artifacts.work import MOST_FILES
from marketplace.errors import Conflict
from tests.factories import a_file, a_model, a_version

ONE = b"x"


def test_a_version_takes_no_more_files_than_a_page_can_list(cast):
    draft = a_version(a_model(cast.finance_ml, cast.nina), cast.nina)
    first = a_file(draft, ONE, path="0.txt", by=cast.nina)
    ModelFile.objects.bulk_create(ModelFile(version=draft, path=f"{n}.txt", blob=first.blob, added_by=cast.nina) for n in range(1, MOST_FILES))
    for add in (
        lambda path: add_file(draft, path, io.BytesIO(ONE), by=cast.nina, length=1),
        lambda path: start_upload(draft, path, by=cast.nina, size=1),
    ):
        with pytest.raises(Conflict, match="that is the most"):
            add("one-more.txt")
    add_file(draft, "1.txt", io.BytesIO(b"y"), by=cast.nina, length=1)
    assert draft.files.count() == MOST_FILES
