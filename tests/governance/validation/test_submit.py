"""Submitting: everything that is owed at once, pinned in one transaction, safe without a broker."""

import pytest
from django.db import IntegrityError, InternalError, transaction

from catalog.artifacts.models import ModelFile, Upload
from catalog.registry.actions import change_version, move_version
from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.states import MAY_SUBMIT, VersionState
from governance.policies.actions import ensure_starter
from governance.validation import tasks
from governance.validation.actions import submit
from governance.validation.models import ValidationRun
from governance.validation.queries import to_do
from governance.validation.states import RunState
from marketplace.activity.models import Event
from marketplace.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from tests.factories import a_card, a_model, a_version
from tests.governance.validation.build import ANSWERS, edited_card, ready, whole_card


@pytest.mark.parametrize("tier", ["T4", "T3", "T2", "T1"])
def test_a_complete_version_is_submitted_in_its_tier(cast, tier):
    version = ready(cast, tier)
    run = submit(version, by=cast.nina)
    version.refresh_from_db()
    assert (version.state, version.tier, version.policy, version.card_revision) == ("validating", tier, "starter@1", 1)
    assert version.tier_because
    assert version.manifest_digest == run.manifest_digest
    assert len(version.manifest_digest) == 64
    assert (run.state, run.requested_by, run.attempts) == (RunState.WAITING, cast.nina, 0)
    assert set(Event.objects.filter(verb__in=["version.submitted", "run.requested"]).values_list("verb", flat=True)) == {
        "version.submitted",
        "run.requested",
    }


def test_everything_that_is_missing_is_named_at_once(cast):
    ensure_starter()
    version = a_version(a_model(cast.finance_ml, cast.nina, summary=""), cast.nina)
    with pytest.raises(Invalid) as owed:
        submit(version, by=cast.nina)
    fields = owed.value.fields
    assert {"files", "use_case"} <= fields.keys()
    assert {f"answers.{key}" for key in ANSWERS["T1"]} <= fields.keys()
    assert {"card.identity.summary", "card.use.intended_purpose", "card.legal.license", "card.risk.limitations"} <= fields.keys()
    assert "card.evaluation.metrics" not in fields  # the tier is not known yet
    assert all(sentences and all(sentences) for sentences in fields.values())
    assert "risk questions" in owed.value.hint
    version.refresh_from_db()
    assert version.state == VersionState.DRAFT
    assert not ValidationRun.objects.exists()


@pytest.mark.parametrize(("tier", "field"), [("T4", "card.risk.limitations"), ("T3", "card.evaluation.metrics"), ("T1", "card.security.threats")])
def test_each_field_of_the_tier_is_asked_with_its_reason(cast, tier, field):
    key = field.removeprefix("card.")
    version = ready(cast, tier, card=whole_card(tier) | {key: "unknown" if tier != "T3" else []})
    with pytest.raises(Invalid) as owed:
        submit(version, by=cast.nina)
    assert set(owed.value.fields) == {field}
    assert "Missing: " in owed.value.fields[field][0]


def test_a_sandbox_version_asks_no_more_than_six_things_of_a_person(cast):
    ensure_starter()
    version = ready(cast, "T4", card={"use.intended_purpose": "Try it.", "risk.limitations": "Only English."})
    assert to_do(version).missing == {}


def test_a_version_without_a_card_owes_it(cast):
    version = ready(cast, "T4")
    version.model.card_revisions.all().delete()
    assert {"card.use.intended_purpose", "card.risk.limitations"} == set(to_do(version).missing)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"answers": ANSWERS["T3"] | {"scope": "sandbox"}}, "environment"),
        ({"data_class": "special"}, "data_class"),
        ({"answers": ANSWERS["T3"] | {"exposure": ["low"]}}, "answers.exposure"),
        ({"answers": ANSWERS["T3"] | {"exposure": "none at all"}}, "answers.exposure"),
    ],
)
def test_answers_and_the_use_asked_for_must_agree(cast, changes, field):
    version = change_version(ready(cast), by=cast.nina, **changes)
    with pytest.raises(Invalid) as owed:
        submit(version, by=cast.nina)
    assert field in owed.value.fields


def test_a_forbidden_use_is_refused_with_the_reason(cast):
    version = change_version(ready(cast, "T1"), by=cast.nina, answers=ANSWERS["T1"] | {"scope": "prohibited"})
    with pytest.raises(Conflict, match="prohibited") as refused:
        submit(version, by=cast.nina)
    assert refused.value.code == "use-forbidden"


def test_uploads_under_way_are_waited_for(cast):
    version = ready(cast)
    Upload.objects.create(version=version, path="more.safetensors", size=5, part_size=5, created_by=cast.nina)
    with pytest.raises(Invalid) as owed:
        submit(version, by=cast.nina)
    assert set(owed.value.fields) == {"uploads"}


def test_without_a_policy_nothing_can_be_submitted(cast):
    version = a_version(a_model(cast.finance_ml, cast.nina), cast.nina)
    with pytest.raises(Unavailable):
        submit(version, by=cast.nina)


@pytest.mark.parametrize(("who", "error"), [("bea", NotAllowed), ("tess", NotAllowed), ("root", NotAllowed), ("stan", NotAllowed)])
def test_only_editors_submit(cast, who, error):
    version = ready(cast)
    with pytest.raises(error):
        submit(version, by=getattr(cast, who))


def test_a_private_version_is_not_found_by_strangers(cast):
    version = ready(cast, visibility="team")
    with pytest.raises(NotFound):
        submit(version, by=cast.stan)


@pytest.mark.parametrize("state", sorted(set(VersionState) - MAY_SUBMIT))
def test_no_other_state_can_be_submitted(cast, state):
    version = ready(cast)
    ModelVersion.objects.filter(pk=version.pk).update(state=state, manifest_digest="0" * 64)
    with pytest.raises(Conflict):
        submit(version, by=cast.nina)


def test_a_blocked_model_cannot_be_submitted(cast):
    version = ready(cast)
    RegisteredModel.objects.filter(pk=version.model_id).update(state="blocked")
    with pytest.raises(Conflict, match="blocked"):
        submit(version, by=cast.nina)


def test_the_second_submit_of_the_same_state_is_a_conflict(cast):
    version = ready(cast)
    submit(version, by=cast.nina)
    with pytest.raises(Conflict):
        submit(version, by=cast.nina)
    assert ValidationRun.objects.count() == 1


@pytest.mark.parametrize("state", [VersionState.CHANGES_REQUESTED, VersionState.VALIDATION_FAILED])
def test_it_can_be_submitted_again_with_the_same_files_and_another_card(cast, state):
    version = ready(cast)
    first = submit(version, by=cast.nina)
    ValidationRun.objects.filter(pk=first.pk).update(state="finished", outcome="fail")
    version.refresh_from_db()
    if state == VersionState.CHANGES_REQUESTED:
        move_version(version, VersionState.IN_REVIEW, verb="version.review_opened", by=None)
    move_version(version, state, verb="version.changes_requested", by=None, note="Say more.")
    edited_card(version, cast.nina, **{"risk.limitations": "Fails on handwriting."})
    second = submit(version, by=cast.nina)
    assert second.manifest_digest == first.manifest_digest
    assert (first.card_revision, second.card_revision) == (1, 2)


def test_files_are_frozen_by_the_submit(cast):
    version = ready(cast)
    submit(version, by=cast.nina)
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        ModelFile.objects.filter(version=version).delete()


def test_a_hosted_model_is_pinned_by_its_descriptor(cast):
    one, two = ready(cast, kind="hosted", origin="vendor"), ready(cast, kind="hosted", origin="vendor")
    first, second = submit(one, by=cast.nina), submit(two, by=cast.nina)
    assert first.manifest_digest == second.manifest_digest
    assert first.version.bytes == 0


def test_a_card_is_needed_even_where_nothing_is_asked_of_it(cast):
    version = ready(cast, "T4", card={})
    a_card(version.model, cast.nina, **whole_card("T4"))
    assert submit(version, by=cast.nina).card_revision == 2


def test_a_submit_without_a_broker_is_still_a_submit(cast, monkeypatch, django_capture_on_commit_callbacks):
    version = ready(cast)

    def down(*args, **kwargs):
        raise OSError("broker is down")

    monkeypatch.setattr(tasks.run_checks, "apply_async", down)
    with django_capture_on_commit_callbacks(execute=True):
        run = submit(version, by=cast.nina)
    run.refresh_from_db()
    assert run.state == RunState.WAITING


def test_the_bell_is_rung_after_the_commit(cast, monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr(tasks.run_checks, "apply_async", lambda args, **_: rung.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        run = submit(ready(cast), by=cast.nina)
        assert str(run.pk) not in str(rung)
    assert [list(args) for args in rung if list(args) == [str(run.pk)]]
