"""An approval holds for the card it was given on: a change of a material field makes it void, for everybody to see."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from catalog.artifacts.gate import resolve
from catalog.cards.actions import save_card
from catalog.registry.actions import give_approval, give_grant, move_version
from catalog.registry.models import Approval, ModelVersion
from catalog.registry.states import VersionState
from governance.reviews.actions import deprecate_version, reinstate_version, suspend_version, void_what_changed
from governance.validation.actions import submit
from governance.validation.models import ValidationRun
from governance.validation.states import RunState, Verdict
from marketplace.activity.models import Event
from marketplace.errors import Conflict, NotAllowed
from marketplace.notifications.models import Notice
from tests.governance.reviews.conftest import deliver_all
from tests.governance.validation.build import ready

REASON = "It repeats training data when asked twice."
OTHER = {"risk.limitations": "It is wrong about letters in other languages."}


def approve(version, *, days=100):
    """What a review that ends well does."""
    run = ValidationRun.objects.filter(version=version).latest("pk")
    ValidationRun.objects.filter(pk=run.pk).update(state=RunState.FINISHED, outcome=Verdict.PASS, finished_at=timezone.now())
    with transaction.atomic():
        move_version(version, VersionState.IN_REVIEW, verb="version.review_opened", by=None)
        move_version(version, VersionState.APPROVED, verb="version.approved", by=None)
        return give_approval(
            version, by=None, valid_until=timezone.now() + timedelta(days=days), grace_days=30, conditions=[],
            checks_run=run.pk, policy=version.policy, review=None,
        )  # fmt: skip


@pytest.fixture
def version(cast):
    """A version with a whole card, approved, which bea of sales may use."""
    made = ready(cast)
    submit(made, by=cast.nina)
    made.refresh_from_db()
    approve(made)
    give_grant(made.model, user=cast.bea, use_case=made.use_case, environment="production", data_class="internal",
               until=timezone.now() + timedelta(days=90), by=None)  # fmt: skip
    return made


def read(cast, version):
    """Ask the gate as somebody who was given access."""
    return resolve(cast.bea, None, version.pk, "model.safetensors")


def test_a_material_change_makes_the_approval_void_at_once(cast, version):
    assert read(cast, version).approval is not None
    save_card(version.model, by=cast.paul, values=OTHER)
    with pytest.raises(NotAllowed) as refused:
        read(cast, version)
    assert refused.value.code == "approval-ended"
    version.refresh_from_db()
    assert (version.state, version.state_note) == ("expired", "Its approval is void. The card changed: Limitations.")
    approval = Approval.objects.get(version=version)
    assert approval.voided_at is not None
    assert approval.void_reason == "The card changed: Limitations"
    verbs = Event.objects.filter(subject_id=version.pk, verb__in=["approval.voided", "version.expired"]).order_by("pk").values_list("verb", "actor")
    assert list(verbs) == [("approval.voided", None), ("version.expired", None)]


def test_a_change_that_is_not_material_leaves_it(cast, version):
    save_card(version.model, by=cast.paul, values={"identity.summary": "Told otherwise.", "technical.tags": ["letters"]}, text="# Other words")
    assert read(cast, version).approval is not None
    version.refresh_from_db()
    assert version.state == "approved"
    assert Approval.objects.get(version=version).voided_at is None


def test_it_can_be_submitted_again_with_its_files_and_the_card_as_it_is(cast, version):
    digest = version.manifest_digest
    card = save_card(version.model, by=cast.paul, values=OTHER)
    run = submit(version, by=cast.nina)
    version.refresh_from_db()
    assert (version.state, version.manifest_digest, version.card_revision, run.card_revision) == ("validating", digest, card.number, card.number)
    approve(version)
    deliver_all()
    assert read(cast, version).approval.card_revision == card.number
    version.refresh_from_db()
    assert version.state == "approved"


def test_those_who_answer_for_it_and_those_who_use_it_are_told_why(cast, version):
    save_card(version.model, by=cast.nina, values=OTHER)
    deliver_all()
    why = f"{version}, which you may use, is no longer approved. Its approval is void. The card changed: Limitations. Ask the owner team."
    assert Notice.objects.filter(user=cast.bea, text=why).exists()
    assert not Notice.objects.filter(about__startswith="approvals:").exists(), "told once, with the version"
    assert Notice.objects.filter(user=cast.paul, text__endswith="Submit it again to go on using it.").exists()


def test_no_grace_for_what_is_void(cast, version):
    now = timezone.now()
    Approval.objects.filter(version=version).update(valid_from=now - timedelta(days=9), valid_until=now - timedelta(days=1))
    save_card(version.model, by=cast.paul, values=OTHER)
    assert Approval.objects.get(version=version).voided_at is not None


def test_a_suspension_is_not_lifted_into_an_approval_that_is_void(cast, version):
    suspend_version(version, reason=REASON, by=cast.ada)
    save_card(version.model, by=cast.paul, values=OTHER)
    version.refresh_from_db()
    assert version.state == "suspended"
    reinstate_version(version, reason=REASON, by=cast.sara)
    assert reinstate_version(version, reason=REASON, by=cast.zoe).state == "expired"
    with pytest.raises(NotAllowed):
        read(cast, version)


def test_a_deprecated_version_stays_so_and_is_not_served(cast, version):
    deprecate_version(version, by=cast.paul, sunset_at=timezone.localdate() + timedelta(days=60), reason=REASON)
    save_card(version.model, by=cast.paul, values=OTHER)
    version.refresh_from_db()
    assert version.state == "deprecated"
    with pytest.raises(NotAllowed):
        read(cast, version)


@pytest.mark.parametrize("standing", ["deprecated", "suspended"])
def test_owners_and_users_hear_of_a_void_approval_also_where_the_version_does_not_move(cast, version, standing):
    if standing == "suspended":
        suspend_version(version, reason=REASON, by=cast.ada)
    else:
        deprecate_version(version, by=cast.paul, sunset_at=timezone.localdate() + timedelta(days=60), reason=REASON)
    save_card(version.model, by=cast.nina, values=OTHER)
    deliver_all()
    told = dict(Notice.objects.filter(about=f"approvals:{version.pk}").values_list("user__username", "text"))
    assert told["paul"] == f"{version} lost an approval (The card changed: Limitations)."
    assert told["bea"] == f"{version}, which you may use, lost an approval (The card changed: Limitations). Ask the owner team."


def test_an_approval_given_while_the_card_was_saved_is_found_by_whoever_looks_last(cast):
    made = ready(cast)
    submit(made, by=cast.nina)
    made.refresh_from_db()
    save_card(made.model, by=cast.paul, values=OTHER)  # the other transaction: it saw no approval yet
    approve(made)
    assert ModelVersion.objects.get(pk=made.pk).state == "approved"
    deliver_all()
    assert ModelVersion.objects.get(pk=made.pk).state == "expired"
    assert void_what_changed(made.model) == []


def test_a_natural_end_can_be_submitted_again_and_nothing_else_decided_can(cast, version):
    with pytest.raises(Conflict):
        submit(version, by=cast.nina)
    move_version(version, VersionState.EXPIRED, verb="version.expired", by=None, note="Its approval ended.")
    assert submit(version, by=cast.nina).version.state == "validating"
