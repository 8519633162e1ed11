"""Four eyes look at what was done, not only at who belongs to the team today; and a closed review closes its model again."""

import hashlib
import io

import pytest
from django.utils import timezone

from catalog.artifacts.actions import complete_upload, put_part, start_upload
from catalog.artifacts.manifest import manifest_digest
from catalog.artifacts.models import Upload
from catalog.registry.actions import change_version, freeze_version
from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.queries import models_for
from governance.reviews.actions import open_review, quarantine_version, withdraw_review
from governance.reviews.models import Decision
from governance.reviews.permissions import involved, involved_in
from governance.reviews.queries import deciders_of, queue, review_numbered, reviews_for, waiting_for
from marketplace.accounts.actions import add_member, remove_member, take_role
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.errors import NotAllowed
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import allowed
from tests.factories import a_card, a_finished_run, a_model, a_submitted_version, a_use_case, a_version, safetensors
from tests.governance.reviews.conftest import a_review, vote


def fresh(person):
    """Somebody as the next request loads them: memberships are read once per request."""
    return User.objects.get(pk=person.pk)


def in_review(draft, by):
    """Submit a draft as its owner, and open its review."""
    card = a_card(draft.model, by)
    ModelVersion.objects.filter(pk=draft.pk).update(use_case=a_use_case(draft.model.team, by))
    files = [{"path": f.path, "size": f.blob.size, "sha256": f.blob_id} for f in draft.files.select_related("blob")]
    frozen = freeze_version(
        ModelVersion.objects.get(pk=draft.pk), by=by, manifest_digest=manifest_digest(files), size=sum(f["size"] for f in files),
        card_revision=card.number, tier="T3", because=["for the test"], policy="starter@1",
    )  # fmt: skip
    return open_review(frozen, a_finished_run(frozen))


def barred(review, person):
    """Refused when deciding, named among those who cannot, and not called to decide."""
    person = fresh(person)
    with pytest.raises(NotAllowed, match="Four-eyes rule") as refusal:
        vote(review, person)
    assert not Decision.objects.filter(review=review, by=person).exists()
    assert person.pk in {who.pk for who, _ in deciders_of(review, ["technical"])["technical"].cannot}
    assert review not in waiting_for(person)
    assert involved_in([review], person=person)[review.pk].keys() == {person.pk}
    return refusal.value.sentence


@pytest.mark.parametrize("answers", [{"impact": "low"}, {}])
def test_a_reviewer_who_worked_for_the_team_and_was_removed_again_does_not_approve(cast, starter, answers):
    draft = a_version(a_model(cast.finance_ml, cast.paul), cast.paul)
    add_member(cast.finance_ml, cast.tess, role="contributor", by=cast.paul)
    content, helper = safetensors(7), fresh(cast.tess)
    upload, _ = start_upload(draft, "model.safetensors", by=cast.paul, size=len(content), sha256=hashlib.sha256(content).hexdigest())
    put_part(upload, 0, io.BytesIO(content), by=helper, length=len(content))
    if answers:
        change_version(draft, by=helper, changelog="As the reviewer wants it.", answers=answers)
    complete_upload(upload, by=cast.paul)
    remove_member(cast.finance_ml, cast.tess, by=cast.paul)
    assert barred(in_review(draft, cast.paul), cast.tess).startswith("Four-eyes rule: Tess")


def test_who_was_in_the_team_for_a_moment_since_the_version_was_made_does_not_decide(cast, review):
    add_member(cast.finance_ml, cast.tess, role="viewer", by=cast.paul)
    remove_member(cast.finance_ml, cast.tess, by=cast.paul)
    assert "was in the owner team finance-ml" in barred(review, cast.tess)


def test_who_left_the_team_before_the_version_was_made_decides(cast, starter):
    add_member(cast.finance_ml, cast.tess, role="owner", by=cast.paul)
    remove_member(cast.finance_ml, cast.tess, by=cast.paul)
    review = a_review(cast.finance_ml, cast.nina)
    ModelVersion.objects.filter(pk=review.version_id).update(created_at=timezone.now())
    assert review in waiting_for(fresh(cast.tess))
    vote(review, fresh(cast.tess))
    assert Decision.objects.get().by == cast.tess


def test_the_team_of_another_model_bars_nobody(cast, review):
    add_member(cast.claims_api, cast.tess, role="viewer", by=None)
    remove_member(cast.claims_api, cast.tess, by=None)
    assert cast.tess.pk not in involved(review)


@pytest.mark.parametrize("verb", ["version.added", "version.changed", "version.submitted", "file.added", "file.removed", "upload.started"])
def test_every_remembered_work_on_the_version_bars(cast, review, verb):
    assert cast.tess.pk not in involved(review)
    record(verb, review.version, by=cast.tess)
    barred(review, cast.tess)
    assert cast.timo.pk not in involved(review)


def test_what_a_reviewer_does_in_the_review_bars_nobody(cast, review):
    record("version.changes_requested", review.version, by=cast.tess)
    record("review.commented", review, by=cast.tess)
    assert cast.tess.pk not in involved(review)


def test_who_started_an_upload_does_not_decide(cast, review):
    Upload.objects.create(version=review.version, path="more.bin", size=1, part_size=1, created_by=cast.tess)
    assert "sent files" in barred(review, cast.tess)


def test_who_registered_the_model_does_not_decide(cast, review):
    RegisteredModel.objects.filter(pk=review.version.model_id).update(created_by=cast.tess)
    assert "registered the model" in barred(review, cast.tess)


@pytest.fixture
def private(cast, starter):
    """A model that only its team and the technical reviewers see, in review."""
    return a_review(cast.secret_lab, cast.sam, visibility="team")


def open_to(review):
    return RegisteredModel.objects.get(pk=review.version.model_id).open_to


def closed_to(person, review):
    """Nothing of the model is left to read, as it stands now."""
    model = RegisteredModel.objects.get(pk=review.version.model_id)
    return not allowed(person, Need.VIEW, model) and not allowed(person, Need.WORK, model)


@pytest.mark.parametrize("choice", ["approve", "reject"])
def test_a_decided_review_closes_the_model_and_stays_readable(cast, private, signed_in, choice):
    assert open_to(private) == ["track:technical"]
    vote(private, cast.tess, choice=choice)
    assert open_to(private) == []
    assert closed_to(cast.tess, private)
    assert private.version.model not in models_for(cast.tess)
    client, model = signed_in(cast.tess), private.version.model
    page = client.get(f"/reviews/{private.number}")
    assert page.status_code == 200
    assert f'href="/m/{model.team.name}/{model.name}' not in page.text
    assert f'href="/checks/{private.run_id}"' not in page.text
    assert client.get(f"/m/{model.team.name}/{model.name}").status_code == 404
    assert client.get(f"/checks/{private.run_id}").status_code == 404
    done = client.get("/reviews?tab=done").text
    assert private.number in done
    assert f'href="/m/{model.team.name}/{model.name}' not in done
    assert signed_in(cast.rita).get(f"/reviews/{private.number}").status_code == 404


def test_who_decided_reads_the_review_also_without_the_role(cast, private):
    vote(private, cast.tess)
    take_role(cast.tess, "reviewer", track="technical", by=None)
    assert review_numbered(fresh(cast.tess), private.pk) == private
    assert private in reviews_for(cast.timo)


def test_changes_requested_keep_the_model_open(cast, private):
    vote(private, cast.tess, choice="request_changes")
    assert open_to(private) == ["track:technical"]


def test_a_withdrawn_review_closes_the_model(cast, private):
    withdraw_review(private, by=cast.sam)
    assert open_to(private) == []
    assert closed_to(cast.tess, private)


def test_a_quarantined_version_closes_the_model(cast, private):
    quarantine_version(private.version, reason="It leaks what it was trained on.", by=cast.ada)
    assert open_to(private) == []


def test_another_open_review_of_the_model_keeps_it_open_to_its_own_tracks(cast, private):
    other = a_submitted_version(private.version.model, cast.sam, "2.0.0", tier="T2")
    second = open_review(other, a_finished_run(other))
    assert open_to(private) == ["track:security", "track:technical"]
    withdraw_review(second, by=cast.sam)
    assert open_to(private) == ["track:technical"]
    assert private in queue(cast.tess, "all", mine=[])
