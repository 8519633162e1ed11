"""The page of a version: where it stands, the next step, its files, and the copy into a new draft."""

from datetime import date

import pytest
from django.core.files.storage import default_storage
from django.db import transaction

from catalog.artifacts.models import ModelFile, Upload
from catalog.artifacts.queries import used_bytes
from catalog.artifacts.storage import key
from catalog.registry.actions import move_version, set_alias
from catalog.registry.models import ModelVersion
from catalog.registry.states import VersionState
from catalog.storefront.actions import copy_version
from catalog.storefront.numbering import next_name
from catalog.storefront.steps import PLACE, STEPS, steps_of
from governance.reviews.actions import deprecate_version
from tests.factories import a_file, a_model, a_submitted_version, a_version, an_approved_version

PAGE = "/m/finance-ml/fields/v/1.0.0"
POLL = {"HX-Request": "true", "HX-Target": "version-live"}


@pytest.fixture
def fields(cast):
    """A model without versions."""
    return a_model(cast.finance_ml, cast.nina, "fields")


def text_of(answer):
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("state", VersionState.values)
def test_every_state_has_its_place_on_the_way(state):
    steps = steps_of(state)
    assert [step["text"] for step in steps] == list(STEPS)
    here, goes_on = PLACE[state]
    assert steps[here]["state"] == ("now" if goes_on else "blocked")
    assert all(step["state"] == "done" for step in steps[:here])
    assert all(step["state"] == "next" for step in steps[here + 1 :])


def test_an_automatic_approval_says_that_no_review_was_needed():
    assert steps_of("approved", is_automatic=True)[2]["note"] == "not needed"
    assert steps_of("approved")[2]["note"] == ""


@pytest.mark.parametrize(
    ("name", "taken", "wanted"),
    [
        ("3.2.0", (), "3.2.1"), ("3.2.0", ("3.2.1", "3.2.2"), "3.2.3"), ("2.0.0-rc9", (), "2.0.0-rc10"), ("first", (), "first-2"),
        ("x" * 96, (), "x" * 94 + "-2"), ("1.0.9", ("1.0.10",), "1.0.11"),
    ],
)  # fmt: skip
def test_the_next_name_counts_up_until_it_is_free(name, taken, wanted):
    assert next_name(name, set(taken)) == wanted


def test_a_draft_leads_its_team_to_the_submit_and_others_nowhere(cast, fields, signed_in):
    version = a_version(fields, cast.nina)
    a_file(version, by=cast.nina)
    seen = text_of(signed_in(cast.nina).get(PAGE))
    assert "Continue publishing" in seen
    assert f'href="{PAGE}/publish/files"' in seen
    assert "Files cannot change" not in seen
    assert "versions/1.0.0/files/model.safetensors" in seen
    others = text_of(signed_in(cast.bea).get(PAGE))
    assert "Continue publishing" not in others
    assert "files/model.safetensors" not in others
    assert "is not approved for use yet" in others


def test_an_approved_version_is_used_by_those_who_may(cast, fields, signed_in):
    an_approved_version(fields, cast.nina)
    seen = text_of(signed_in(cast.nina).get(PAGE))
    assert "Use this version" in seen
    assert "Files cannot change" in seen
    assert "Publish 1.0.1 instead" in seen
    others = text_of(signed_in(cast.bea).get(PAGE))
    assert "Use this version" not in others
    assert "Files cannot change" not in others


def test_an_alias_leads_to_what_it_points_to_now(cast, fields, signed_in):
    an_approved_version(fields, cast.nina)
    set_alias(fields, "champion", fields.versions.get(), by=cast.paul)
    answer = signed_in(cast.bea).get("/m/finance-ml/fields/v/@Champion")
    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    assert signed_in(cast.bea).get("/m/finance-ml/fields/v/@none").status_code == 404
    assert "@champion" in text_of(signed_in(cast.bea).get(PAGE))


def test_while_checks_run_the_page_asks_and_stops_when_they_are_through(cast, fields, signed_in):
    version = a_submitted_version(fields, cast.nina)
    client = signed_in(cast.nina)
    assert 'hx-trigger="every 2s"' in text_of(client.get(PAGE))
    running = client.get(PAGE, headers=POLL)
    assert running.status_code == 200
    assert "<html" not in running.content.decode()
    assert "Checks are running" in text_of(running)
    with transaction.atomic():
        move_version(version, VersionState.VALIDATION_FAILED, verb="version.checks_failed", by=None, note="A file is broken.")
    done = client.get(PAGE, headers=POLL)
    assert (done.status_code, done["HX-Refresh"]) == (286, "true")
    assert "hx-trigger" not in text_of(done)
    seen = text_of(client.get(PAGE))
    assert "Mend and submit again" in seen
    assert "Checks failed" in seen


def test_what_is_asked_for_is_said_with_the_reasons_for_the_tier(cast, fields, signed_in):
    version = a_submitted_version(fields, cast.nina)
    seen = text_of(signed_in(cast.bea).get(PAGE))
    for words in (version.use_case.name, "Production", "for the test", "starter@1", "Revision 1", version.manifest_digest):
        assert words in seen


def test_a_hosted_version_shows_the_service_instead_of_files(cast, signed_in):
    model = a_model(cast.finance_ml, cast.nina, "hosted", kind="hosted", origin="vendor")
    told = {"provider": "Acme <i>", "endpoint": "https://acme.test", "snapshot": "2026-01", "region": "eu", "contract": "C-1"}
    a_version(model, cast.nina, descriptor=told)
    seen = text_of(signed_in(cast.bea).get("/m/finance-ml/hosted/v/1.0.0"))
    assert "Served by the vendor" in seen
    assert "Acme &lt;i&gt;" in seen
    assert "The vendor names none" in seen
    assert signed_in(cast.bea).get("/m/finance-ml/hosted/files").status_code == 200


def test_a_frozen_version_is_copied_into_a_new_draft_with_its_files(cast, fields, signed_in):
    an_approved_version(fields, cast.nina)
    assert signed_in(cast.bea).post(f"{PAGE}/copy", {"version": "1.0.1"}).status_code == 403
    client = signed_in(cast.nina)
    assert client.post(f"{PAGE}/copy", {"version": "a b"}).status_code == 422
    taken = client.post(f"{PAGE}/copy", {"version": "1.0.0"})
    assert taken.status_code == 409
    assert "already has a version" in text_of(taken)
    answer = client.post(f"{PAGE}/copy", {"version": "1.0.1"})
    assert answer["Location"] == "/m/finance-ml/fields/v/1.0.1"
    old, new = (ModelVersion.objects.get(version=name) for name in ("1.0.0", "1.0.1"))
    assert (new.state, new.manifest_digest, new.use_case) == ("draft", "", old.use_case)
    files = [list(ModelFile.objects.filter(version=v).values_list("path", "blob")) for v in (old, new)]
    assert files[0] == files[1] != []


def test_a_copy_needs_no_room_of_its_own(cast, fields, signed_in):
    version = an_approved_version(fields, cast.nina)
    type(cast.finance_ml).objects.filter(pk=cast.finance_ml.pk).update(quota_bytes=used_bytes(cast.finance_ml))
    assert signed_in(cast.nina).post(f"{PAGE}/copy", {"version": "1.0.1"}).status_code == 303
    assert ModelFile.objects.filter(version__version="1.0.1").count() == version.files.count()


def test_a_file_that_the_store_lost_is_left_behind_and_nothing_is_opened_for_it(cast, fields):
    version = a_version(fields, cast.nina)
    a_file(version, b"words", "README.md", by=cast.nina)
    default_storage.delete(key(a_file(version, by=cast.nina).blob_id))
    copied = copy_version(version, "1.0.1", by=cast.nina)
    assert copied.left_behind == ["model.safetensors"]
    assert [file.path for file in copied.version.files.all()] == ["README.md"]
    assert not Upload.objects.exists()


def test_a_copy_that_fails_leaves_no_draft(cast, fields, monkeypatch):
    version = an_approved_version(fields, cast.nina)
    monkeypatch.setattr("catalog.storefront.actions.reuse_file", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        copy_version(version, "1.0.1", by=cast.nina)
    assert not ModelVersion.objects.filter(version="1.0.1").exists()


def test_a_deprecated_version_says_once_when_it_may_be_retired(cast, fields, signed_in):
    version = an_approved_version(fields, cast.nina)
    day = date(2099, 3, 1)
    deprecate_version(version, by=cast.paul, sunset_at=day, reason="It mixes up old words.")
    head, page = text_of(signed_in(cast.bea).get("/m/finance-ml/fields")), text_of(signed_in(cast.bea).get(PAGE))
    assert "It mixes up old words. It may be retired after 1 Mar 2099." in head
    assert "It may be retired after 1 Mar 2099." in page
    for seen in (head, page):
        assert "is retired on" not in seen
        assert seen.count("1 Mar 2099") == 1
    assert "2099-03-01" not in head


def test_a_quarantined_version_gives_its_bytes_to_no_copy(cast, fields, signed_in):
    version = a_submitted_version(fields, cast.nina)
    with transaction.atomic():
        move_version(version, VersionState.QUARANTINED, verb="version.quarantined", by=None, note="It runs code.")
    client = signed_in(cast.nina)
    seen = text_of(client.get(PAGE))
    assert "files/model.safetensors" not in seen
    assert "is quarantined" in seen
    answer = client.post(f"{PAGE}/copy", {"version": "1.0.1"})
    assert "1 file could not be copied; send it again." in text_of(client.get(answer["Location"]))
    assert not ModelFile.objects.filter(version__version="1.0.1").exists()
