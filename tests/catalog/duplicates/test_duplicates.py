"""Exact copies: found by manifest and by file, shown only as far as somebody sees the other side."""

import pytest
from django.test import RequestFactory

from catalog.duplicates.panels import count, model_panel, version_count, version_panel
from catalog.duplicates.queries import copies_of
from tests.factories import a_file, a_model, a_submitted_version, a_version


@pytest.fixture
def version(cast):
    made = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
    a_file(made, b"weights" * 100, "w.bin", by=cast.paul)
    a_file(made, b"words", "README.md", by=cast.paul)
    return made


def a_copy(team, by, *files, visibility="organization"):
    made = a_version(a_model(team, by, visibility=visibility), by)
    for content, path in files:
        a_file(made, content, path, by=by)
    return made


WEIGHTS, WORDS = (b"weights" * 100, "other-name.bin"), (b"words", "README.md")


def test_files_with_the_same_bytes_are_copies_whatever_their_names(cast, version):
    small = a_copy(cast.hr_ml, cast.hugo, WORDS)
    big = a_copy(cast.legal_tech, cast.lars, WEIGHTS, WORDS)
    a_copy(cast.sales, cast.sonja, (b"something else", "w.bin"))
    found = copies_of(cast.bea, version)
    assert [(copy.version, copy.files, copy.bytes, copy.is_whole) for copy in found] == [(big, 2, 705, False), (small, 1, 5, False)]
    assert [copy.words for copy in found] == ["2 files are the same", "1 file is the same"]


def test_versions_with_the_same_manifest_are_whole_copies(cast):
    mine = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
    theirs = a_version(a_model(cast.hr_ml, cast.hugo), cast.hugo)
    type(mine).objects.filter(pk__in=[mine.pk, theirs.pk]).update(manifest_digest="ab" * 32)
    mine.refresh_from_db()
    assert [(copy.version, copy.is_whole) for copy in copies_of(cast.bea, mine)] == [(theirs, True)]


def test_other_versions_of_the_same_model_are_no_copies(cast, version):
    a_file(a_version(version.model, cast.paul, "2.0.0"), b"words", "README.md", by=cast.paul)
    assert copies_of(cast.paul, version) == []


def test_what_one_may_not_see_is_no_copy(cast, version):
    hidden = a_copy(cast.secret_lab, cast.sam, WEIGHTS, visibility="team")
    assert copies_of(cast.paul, version) == []
    assert [copy.version for copy in copies_of(cast.sam, version)] == [hidden]
    assert [copy.version for copy in copies_of(cast.gus, version)] == [hidden]


def test_drafts_without_a_digest_are_not_all_the_same(cast):
    a_submitted_version(a_model(cast.finance_ml, cast.paul), cast.paul)
    empty, other = (a_version(a_model(cast.finance_ml, cast.paul), cast.paul) for _ in range(2))
    assert copies_of(cast.paul, empty) == []
    assert copies_of(cast.paul, other) == []


def test_a_copied_service_is_a_whole_copy_and_comes_first(cast, version):
    a_copy(cast.hr_ml, cast.hugo, WEIGHTS)
    service = a_version(a_model(cast.sales, cast.sonja), cast.sonja)
    type(version).objects.filter(pk__in=[version.pk, service.pk]).update(manifest_digest="cd" * 32)
    version.refresh_from_db()
    assert [(copy.version == service, copy.is_whole, copy.files) for copy in copies_of(cast.bea, version)] == [(True, True, 0), (False, False, 1)]


def test_only_the_first_copies_are_read_however_many_share_a_file(cast, version, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("catalog.duplicates.queries.MOST", 3)
    copies = [a_copy(cast.hr_ml, cast.hugo, WORDS) for _ in range(5)]
    whole = a_copy(cast.legal_tech, cast.lars, WEIGHTS, WORDS)
    copies_of(cast.bea, version)
    with django_assert_num_queries(2) as asked:
        found = copies_of(cast.bea, version)
    assert [copy.version for copy in found] == [whole, copies[4], copies[3]]
    assert "LIMIT 3" in asked.captured_queries[0]["sql"]


@pytest.mark.parametrize(("render", "counted", "of"), [(model_panel, count, "model"), (version_panel, version_count, "version")])
def test_the_number_and_the_panel_ask_once(cast, version, render, counted, of, django_assert_num_queries):
    a_copy(cast.hr_ml, cast.hugo, WEIGHTS)
    request = RequestFactory().get("/")
    request.user = cast.bea
    thing = version.model if of == "model" else version
    assert counted(request, thing) == 1
    with django_assert_num_queries(0):
        assert "1 file is the same" in render(request, thing)


def test_the_panels(cast, version, django_assert_max_num_queries):
    request = RequestFactory().get("/")
    request.user = cast.bea
    assert "No copies that you can see" in model_panel(request, version.model)
    assert count(request, version.model) is None
    copy, request = a_copy(cast.hr_ml, cast.hugo, WEIGHTS), RequestFactory().get("/")
    request.user = cast.bea
    with django_assert_max_num_queries(6):
        shown = version_panel(request, version)
    assert str(copy) in shown
    assert "1 file is the same" in shown
    assert count(request, version.model) == 1
