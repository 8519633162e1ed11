"""Suspending, lifting, deprecating, retiring and quarantining versions."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.registry.models import ModelVersion
from catalog.registry.queries import approvals_in_force
from governance.reviews.actions import deprecate_version, quarantine_version, reinstate_version, retire_version, suspend_version
from marketplace.errors import Conflict, Invalid, NotAllowed
from tests.factories import a_model, an_approved_version
from tests.governance.reviews.conftest import a_review

REASON = "It repeats training data when asked twice."


@pytest.fixture
def version(cast, starter):
    """An approved version of finance-ml."""
    return an_approved_version(a_model(cast.finance_ml, cast.nina), cast.nina)


def in_days(days):
    return timezone.localdate() + timedelta(days=days)


def test_a_suspension_stops_use_at_once_and_takes_two_others_to_lift(cast, version):
    suspend_version(version, reason=REASON, by=cast.ada)
    assert not approvals_in_force().filter(version=version).exists()
    with pytest.raises(NotAllowed, match="Four-eyes rule"):
        reinstate_version(version, reason=REASON, by=cast.ada)
    assert reinstate_version(version, reason=REASON, by=cast.sara).state == "suspended"
    with pytest.raises(Conflict, match="already agreed"):
        reinstate_version(version, reason=REASON, by=cast.sara)
    assert reinstate_version(version, reason=REASON, by=cast.zoe).state == "approved"
    assert approvals_in_force().filter(version=version).exists()


def test_a_yes_to_an_earlier_suspension_does_not_count_for_the_next(cast, version):
    suspend_version(version, reason=REASON, by=cast.ada)
    for person in (cast.sara, cast.zoe):
        reinstate_version(version, reason=REASON, by=person)
    suspend_version(version, reason=REASON, by=cast.ada)
    assert reinstate_version(version, reason=REASON, by=cast.sara).state == "suspended"


@pytest.mark.parametrize("name", ["paul", "tess", "gus", "root", "aud", "nina"])
@pytest.mark.parametrize("step", [suspend_version, reinstate_version, quarantine_version])
def test_only_security_stops_and_lifts(cast, version, name, step):
    with pytest.raises(NotAllowed):
        step(version, reason=REASON, by=cast.people[name])


@pytest.mark.parametrize("reason", ["", "too short", "x" * 2001])
def test_stopping_needs_a_reason(cast, version, reason):
    with pytest.raises(Invalid):
        suspend_version(version, reason=reason, by=cast.ada)


@pytest.mark.parametrize(("tier", "days"), [("T3", 30), ("T1", 90)])
def test_a_deprecation_gives_notice(cast, version, tier, days):
    ModelVersion.objects.filter(pk=version.pk).update(tier=tier)
    with pytest.raises(Invalid) as wrong:
        deprecate_version(version, by=cast.paul, sunset_at=in_days(days - 1), reason=REASON)
    assert list(wrong.value.fields) == ["sunset_at"]
    assert deprecate_version(version, by=cast.paul, sunset_at=in_days(days), reason=REASON).state == "deprecated"


def test_a_deprecation_names_a_successor_or_says_why(cast, version):
    with pytest.raises(Invalid) as wrong:
        deprecate_version(version, by=cast.paul, sunset_at=in_days(60))
    assert list(wrong.value.fields) == ["reason"]
    with pytest.raises(Invalid):
        deprecate_version(version, by=cast.paul, sunset_at=in_days(60), successor=version)
    newer = an_approved_version(version.model, cast.nina, "2.0.0")
    after = deprecate_version(version, by=cast.paul, sunset_at=in_days(60), successor=newer)
    assert after.successor == newer
    assert "2.0.0" not in after.state_note  # everybody who sees this version reads it, whoever may see the other


def test_only_owners_deprecate(cast, version):
    with pytest.raises(NotAllowed):
        deprecate_version(version, by=cast.nina, sunset_at=in_days(60), reason=REASON)


def test_retiring_takes_the_last_day_and_both_sides(cast, version):
    with pytest.raises(Conflict, match="only a deprecated"):
        retire_version(version, by=cast.paul)
    deprecate_version(version, by=cast.paul, sunset_at=in_days(60), reason=REASON)
    with pytest.raises(Conflict, match="promised until"):
        retire_version(version, by=cast.paul)
    ModelVersion.objects.filter(pk=version.pk).update(sunset_at=in_days(-1))
    assert retire_version(version, by=cast.paul).state == "deprecated"
    with pytest.raises(Conflict, match="owner team already agreed"):
        retire_version(version, by=cast.petra)
    with pytest.raises(NotAllowed):
        retire_version(version, by=cast.ada)
    assert retire_version(version, by=cast.gus).state == "retired"
    assert not approvals_in_force().filter(version=version).exists()


def test_lifting_a_suspension_of_a_deprecated_version_leaves_it_deprecated(cast, version):
    deprecate_version(version, by=cast.paul, sunset_at=in_days(60), reason=REASON)
    suspend_version(version, reason=REASON, by=cast.ada)
    reinstate_version(version, reason=REASON, by=cast.sara)
    assert reinstate_version(version, reason=REASON, by=cast.zoe).state == "deprecated"


def test_a_quarantine_ends_the_review_and_voids_approvals(cast, version, starter):
    quarantine_version(version, reason=REASON, by=cast.ada)
    assert not version.approvals.filter(voided_at=None).exists()
    review = a_review(cast.finance_ml, cast.nina)
    quarantine_version(review.version, reason=REASON, by=cast.ada)
    review.refresh_from_db()
    assert review.state == "withdrawn"
