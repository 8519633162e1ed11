"""Deciding: four eyes by every route, quorum, stale inputs, reasons, ends, conditions."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from catalog.cards.models import CardRevision
from catalog.cards.schema import schema_for
from catalog.registry.actions import freeze_version
from catalog.registry.models import ModelVersion, RegisteredModel
from governance.reviews.actions import open_review
from governance.reviews.models import Decision, ReviewTrack
from governance.reviews.permissions import involved
from governance.validation.models import CheckResult
from marketplace.accounts.actions import add_member, give_role
from marketplace.accounts.models import User
from marketplace.activity.models import Event
from marketplace.activity.queries import details_of
from marketplace.errors import Conflict, Invalid, NotAllowed
from tests.factories import a_card, a_file, a_finished_run, a_model, a_submitted_version, a_version
from tests.governance.reviews.conftest import REASON, a_review, pins, vote


def state(review):
    review.refresh_from_db()
    review.version.refresh_from_db()
    return review.state, review.version.state


def test_one_yes_approves_a_t3_version_and_opens_it_to_its_team(cast, review):
    vote(review, cast.tess)
    assert state(review) == ("approved", "approved")
    approval = review.version.approvals.get()
    assert (approval.manifest_digest, approval.card_revision, approval.checks_run) == tuple(pins(review).values())
    assert approval.review == review.pk
    assert abs(approval.valid_until - timezone.now() - timedelta(days=730)) < timedelta(minutes=1)
    assert approval.stop_at - approval.valid_until == timedelta(days=30)


def test_a_quorum_of_two_waits_for_the_second_person(cast, starter):
    review = a_review(cast.finance_ml, cast.nina, tier="T1")
    ReviewTrack.objects.filter(review=review, track="model_risk").update(quorum=2)
    for person, track in ((cast.rita, "model_risk"), (cast.ada, "security"), (cast.bo, "business_owner")):
        vote(review, person, track)
    assert state(review) == ("open", "in_review")
    assert ReviewTrack.objects.get(review=review, track="model_risk").state == "waiting"
    vote(review, cast.marc, "model_risk")
    assert state(review) == ("approved", "approved")


def as_submitter(cast, review):
    ModelVersion.objects.filter(pk=review.version_id).update(submitted_by=cast.tess)


def as_maker(cast, review):
    ModelVersion.objects.filter(pk=review.version_id).update(created_by=cast.tess)


def as_card_author(cast, review):
    CardRevision.objects.filter(model=review.version.model).update(author=cast.tess)


def as_accountable(cast, review):
    RegisteredModel.objects.filter(pk=review.version.model_id).update(accountable=cast.tess)


def as_viewer_of_the_team(cast, review):
    add_member(cast.finance_ml, cast.tess, role="viewer", by=None)


def as_owner_of_the_team(cast, review):
    add_member(cast.finance_ml, cast.tess, role="owner", by=None)


@pytest.mark.parametrize("involve", [as_submitter, as_maker, as_card_author, as_accountable, as_viewer_of_the_team, as_owner_of_the_team])
@pytest.mark.parametrize("choice", ["approve", "request_changes", "reject"])
def test_nobody_decides_on_their_own_work(cast, review, involve, choice):
    involve(cast, review)
    with pytest.raises(NotAllowed, match="Four-eyes rule: Tess"):
        vote(review, cast.tess, choice=choice)
    assert state(review) == ("open", "in_review")
    assert not Decision.objects.exists()
    refusal = Event.objects.get(verb="review.refused")
    assert refusal.actor == cast.tess.person
    assert "Tess" not in refusal.body


def test_who_added_files_does_not_decide(cast, starter):
    draft = a_version(a_model(cast.finance_ml, cast.nina), cast.nina)
    a_file(draft, by=cast.tess)
    review = a_review(cast.finance_ml, cast.nina)
    review.version = draft
    assert involved(review)[cast.tess.pk] == "added files to this version"


def test_a_service_account_never_decides(cast, review):
    robot = cast.ci_claims
    give_role(robot, "reviewer", track="technical", by=None)
    with pytest.raises(NotAllowed, match="service account"):
        vote(review, robot)


def test_a_superuser_has_no_vote_by_it(cast, review):
    User.objects.filter(pk=cast.root.pk).update(is_superuser=True, is_staff=True)
    with pytest.raises(NotAllowed, match="other roles give no vote"):
        vote(review, User.objects.get(pk=cast.root.pk))


@pytest.mark.parametrize("name", ["gus", "aud", "ada", "rita", "bea", "stan"])
def test_only_reviewers_of_the_track_decide(cast, review, name):
    with pytest.raises(NotAllowed, match="Only reviewers of the track technical"):
        vote(review, cast.people[name])


def test_who_left_does_not_decide(cast, review):
    User.objects.filter(pk=cast.tess.pk).update(is_active=False)
    with pytest.raises(NotAllowed):
        vote(review, cast.tess)


def test_one_person_counts_once_across_tracks(cast, starter):
    give_role(cast.ada, "reviewer", track="technical", by=None)
    review = a_review(cast.finance_ml, cast.nina, tier="T2")
    vote(review, cast.ada, "security")
    with pytest.raises(NotAllowed, match="one person counts once"):
        vote(review, cast.ada, "technical")
    vote(review, cast.tess, "technical")
    assert state(review) == ("approved", "approved")


def test_nobody_decides_twice_on_a_track(cast, starter):
    review = a_review(cast.finance_ml, cast.nina, tier="T2")
    vote(review, cast.tess, "technical")
    with pytest.raises(Conflict, match="You already decided"):
        vote(review, cast.tess, "technical", choice="reject")


def test_a_track_that_is_through_takes_no_more_decisions(cast, starter):
    review = a_review(cast.finance_ml, cast.nina, tier="T2")
    vote(review, cast.tess, "technical")
    with pytest.raises(Conflict, match="Tess already decided on Technical"):
        vote(review, cast.timo, "technical", choice="reject")


@pytest.mark.parametrize(
    ("stale", "words"),
    [({"manifest_digest": "0" * 64}, "the files"), ({"card_revision": 7}, "revision 7, now 1"), ({"run": 0}, "the checks")],
)
def test_a_decision_on_other_inputs_is_refused_and_names_what_moved(cast, review, stale, words):
    with pytest.raises(Conflict, match=words) as refused:
        vote(review, cast.tess, **stale)
    assert refused.value.data["moved"] == list(stale)
    assert refused.value.data["run"] == review.run_id
    assert not Decision.objects.exists()


def test_all_that_moved_is_named(cast, review):
    with pytest.raises(Conflict) as refused:
        vote(review, cast.tess, manifest_digest="1" * 64, card_revision=3, run=9)
    assert refused.value.data["moved"] == ["manifest_digest", "card_revision", "run"]


def test_a_material_change_of_the_card_stops_an_approval_but_not_a_request_for_changes(cast, starter):
    model = a_model(cast.finance_ml, cast.nina)
    a_card(model, cast.nina, intended_purpose="Sort invoices.")
    version = a_submitted_version(model, cast.nina)
    review = open_review(version, a_finished_run(version))
    field = next(f for f in schema_for("T3").fields if f.material and f.type == "markdown")
    a_card(model, cast.nina, **{field.key: "Something else entirely."})
    with pytest.raises(Conflict, match=field.title):
        vote(review, cast.tess)
    vote(review, cast.tess, choice="request_changes")
    assert state(review) == ("changes_requested", "changes_requested")


@pytest.mark.parametrize("reason", ["", "ok", "x" * 19, " " * 40, "x" * 5001])
def test_a_reason_is_needed(cast, review, reason):
    with pytest.raises(Invalid) as wrong:
        vote(review, cast.tess, reason=reason)
    assert list(wrong.value.fields) == ["reason"]


def test_at_t4_no_reason_is_needed(cast, starter):
    review = a_review(cast.finance_ml, cast.nina, tier="T4", findings=["medium"])
    vote(review, cast.tess, reason="")
    assert state(review) == ("approved", "approved")


def test_warnings_are_acknowledged_by_security(cast, starter):
    review = a_review(cast.finance_ml, cast.nina, tier="T2", outcome="warn")
    vote(review, cast.tess, "technical")
    with pytest.raises(Invalid) as wrong:
        vote(review, cast.ada, "security")
    assert list(wrong.value.fields) == ["acknowledged"]
    vote(review, cast.ada, "security", acknowledged=True)
    assert state(review) == ("approved", "approved")


def test_without_security_the_technical_track_acknowledges(cast, starter):
    review = a_review(cast.finance_ml, cast.nina, outcome="warn")
    with pytest.raises(Invalid):
        vote(review, cast.tess)
    vote(review, cast.tess, acknowledged=True)
    assert state(review)[0] == "approved"


@pytest.fixture
def warned_review(cast, starter):
    """A review whose checks gave two warnings."""
    review = a_review(cast.finance_ml, cast.nina, outcome="warn")
    for place, (check, title) in enumerate({"pickles": "Pickles only after review", "card": "The card is complete"}.items()):
        CheckResult.objects.create(
            run=review.run, check_id=check, check_version="1", stage="Card", title=title, verdict="warn", sentence="Look.", place=place
        )
    return review


def test_each_warning_is_acknowledged_by_name(cast, warned_review):
    for named, missing in (([], "Pickles only after review, The card is complete"), (["pickles"], "The card is complete")):
        with pytest.raises(Invalid) as wrong:
            vote(warned_review, cast.tess, acknowledged=named)
        assert f"Still missing: {missing}." in wrong.value.fields["acknowledged"][0]
    with pytest.raises(Invalid, match="not stored") as wrong:
        vote(warned_review, cast.tess, acknowledged=["pickles", "card", "formats"])
    assert "formats gave no warning" in wrong.value.fields["acknowledged"][0]
    made = vote(warned_review, cast.tess, acknowledged=["pickles", "card"])
    assert (made.acknowledged, made.acknowledged_checks) == (True, ["card", "pickles"])


def test_whoever_rejects_acknowledges_nothing(cast, warned_review):
    assert vote(warned_review, cast.tess, choice="reject").acknowledged_checks == []


def test_the_page_asks_for_each_warning_and_keeps_the_ticks(cast, warned_review, signed_in):
    client, address = signed_in(cast.tess), f"/reviews/{warned_review.number}"
    page = client.get(address).content.decode()
    assert 'name="technical-acknowledged" value="pickles"' in page
    assert "What each of 2 checks said" in page
    sent = {f"technical-{key}": value for key, value in ({"choice": "approve", "reason": REASON, "track": "technical"} | pins(warned_review)).items()}
    half = client.post(f"{address}/decisions", sent | {"track_name": "technical", "technical-acknowledged": ["pickles"]})
    assert half.status_code == 422
    assert "Still missing: The card is complete" in half.content.decode()
    whole = client.post(f"{address}/decisions", sent | {"track_name": "technical", "technical-acknowledged": ["pickles", "card"]})
    assert whole.status_code == 303


def test_the_end_may_be_shortened_and_the_earliest_counts(cast, starter):
    review = a_review(cast.finance_ml, cast.nina, tier="T2")
    soon, sooner = timezone.now() + timedelta(days=90), timezone.now() + timedelta(days=30)
    vote(review, cast.tess, "technical", valid_until=soon)
    vote(review, cast.ada, "security", valid_until=sooner)
    assert review.version.approvals.get().valid_until == sooner


@pytest.mark.parametrize("days", [-1, 731])
def test_the_end_is_never_later_than_the_policy_nor_past(cast, review, days):
    with pytest.raises(Invalid) as wrong:
        vote(review, cast.tess, valid_until=timezone.now() + timedelta(days=days + 1 if days > 0 else days))
    assert list(wrong.value.fields) == ["valid_until"]


def test_conditions_of_all_tracks_reach_the_approval(cast, starter):
    review = a_review(cast.finance_ml, cast.nina, tier="T2")
    vote(review, cast.tess, "technical", conditions=["Log every answer.", "  "])
    vote(review, cast.ada, "security", conditions=["No personal data.", "Log every answer."])
    assert review.version.approvals.get().conditions == ["Log every answer.", "No personal data."]


def test_an_unknown_track_and_choice_are_told(cast, review):
    with pytest.raises(Invalid, match="no track"):
        vote(review, cast.tess, "legal")
    with pytest.raises(Invalid) as wrong:
        vote(review, cast.tess, choice="maybe")
    assert list(wrong.value.fields) == ["choice"]


def test_a_rejection_ends_it_with_its_public_reason(cast, review):
    vote(review, cast.tess, choice="reject", reason="It discriminates against applicants over fifty.")
    assert state(review) == ("rejected", "rejected")
    assert review.version.state_note == "It discriminates against applicants over fifty."
    with pytest.raises(Conflict, match="is rejected"):
        vote(review, cast.timo)


def test_why_changes_are_requested_is_for_those_who_read_the_review(cast, review):
    vote(review, cast.tess, choice="request_changes", reason="Name the languages it was not trained on.")
    assert state(review) == ("changes_requested", "changes_requested")
    assert review.version.state_note == f"Changes were requested in {review}."


def test_the_record_holds_what_was_signed(cast, review):
    vote(review, cast.tess)
    event = Event.objects.get(verb="review.decided")
    told = details_of(event)["details"]
    assert {told["manifest"], told["card_revision"], told["run"]} == set(pins(review).values())
    assert event.texts.get(field="reason").text == REASON
    assert REASON not in event.body


def test_changes_are_requested_and_the_same_review_opens_again(cast, starter):
    review = a_review(cast.finance_ml, cast.nina, tier="T2")
    vote(review, cast.ada, "security")
    vote(review, cast.tess, "technical", choice="request_changes", reason="Name the languages it was not trained on.")
    assert state(review) == ("changes_requested", "changes_requested")
    with pytest.raises(Conflict, match="changes requested"):
        vote(review, cast.timo, "technical")
    old = pins(review)
    again = resubmit(review, cast.nina)
    assert again == review
    assert state(again) == ("open", "in_review")
    assert again.card_revision == 2
    assert not Decision.objects.filter(review=review, is_current=True).exists(), "card and run moved, so no vote counts"
    assert {row.state for row in again.tracks.all()} == {"waiting"}
    with pytest.raises(Conflict, match="the card"):
        vote(review, cast.tess, "technical", **old)
    vote(review, cast.tess, "technical")
    vote(review, cast.ada, "security")
    assert state(review) == ("approved", "approved")


def resubmit(review, by):
    """Save a card, submit and check again."""
    version = ModelVersion.objects.get(pk=review.version_id)
    card = a_card(version.model, by, text="# Mended")
    with transaction.atomic():
        freeze_version(
            version, by=by, manifest_digest=version.manifest_digest, size=version.bytes, card_revision=card.number,
            tier=version.tier, because=["as before"], policy=version.policy,
        )  # fmt: skip
    return open_review(version, a_finished_run(version))
