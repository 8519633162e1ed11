"""What the clock ends, and that a model is what its versions are, also when two of them move at once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog.registry import work
from catalog.registry.models import Approval, ModelVersion, RegisteredModel
from catalog.registry.states import VersionState
from catalog.registry.work import end_approvals, lock_version, move_version
from marketplace.activity.models import Event
from tests import cast as people
from tests.factories import a_model, a_use_case, an_approved_version


def past_its_end(version):
    """Let the approvals of a version have ended yesterday."""
    now = timezone.now()
    Approval.objects.filter(version=version).update(valid_from=now - timedelta(days=9), valid_until=now - timedelta(days=1))


def test_a_model_whose_only_approval_ended_is_no_longer_active(cast):
    version = an_approved_version(a_model(cast.finance_ml, cast.nina), cast.nina)
    assert RegisteredModel.objects.get(pk=version.model_id).state == "active"
    past_its_end(version)
    assert end_approvals() == 1
    assert end_approvals() == 0
    assert ModelVersion.objects.get(pk=version.pk).state_note == "Its approval ended."
    assert RegisteredModel.objects.get(pk=version.model_id).state == "draft"
    assert Event.objects.filter(verb="version.expired", subject_id=version.pk).count() == 1


def test_approvals_that_were_followed_by_another_do_not_keep_the_next_from_ending(cast, monkeypatch):
    monkeypatch.setattr(work, "BATCH", 1)
    again, over = (an_approved_version(a_model(cast.finance_ml, cast.nina), cast.nina) for _ in range(2))
    for version in (again, over):
        past_its_end(version)
    later, end = Approval.objects.get(version=again), timezone.now() + timedelta(days=9)
    later.pk, later.use_case, later.valid_until, later.stop_at = None, a_use_case(cast.finance_ml, cast.nina), end, end
    later.save(force_insert=True)
    assert end_approvals() == 1
    assert ModelVersion.objects.get(pk=over.pk).state == "expired"
    assert ModelVersion.objects.get(pk=again.pk).state == "approved"


@pytest.fixture
def committed(transactional_db):
    """The cast in a database where commits are real."""
    return people.load()


def test_of_two_moves_at_once_the_later_one_counts_both(committed):
    model = a_model(committed.finance_ml, committed.nina)
    back, gone = (an_approved_version(model, committed.nina, number) for number in ("1.0.0", "2.0.0"))
    with transaction.atomic():
        move_version(back, VersionState.SUSPENDED, verb="version.suspended", by=None)
    moved, failed = threading.Event(), []

    def suspend():
        try:
            moved.wait(10)
            with transaction.atomic():
                move_version(lock_version(gone.pk), VersionState.SUSPENDED, verb="version.suspended", by=None)
        except Exception as fault:
            failed.append(fault)
        finally:
            connection.close()

    other = threading.Thread(target=suspend)
    other.start()
    with transaction.atomic():
        move_version(lock_version(back.pk), VersionState.APPROVED, verb="version.reinstated", by=None)
        moved.set()
        other.join(0.5)
        assert other.is_alive(), "the other one waits for the model"
    other.join(10)
    assert not failed
    assert RegisteredModel.objects.get(pk=model.pk).state == "active"
