"""Four eyes see through programs, and through the handing over of who answers for a model."""

import pytest

from catalog.registry.actions import add_version, change_model, create_service_account
from catalog.registry.models import ModelVersion
from governance.reviews.models import Decision
from governance.reviews.permissions import involved, involved_in
from governance.reviews.queries import waiting_for
from marketplace.accounts.actions import add_member, create_team, issue_token, remove_member
from marketplace.activity.actions import record
from marketplace.errors import NotAllowed
from tests.factories import a_use_case
from tests.governance.reviews.conftest import vote
from tests.governance.reviews.test_four_eyes_history import barred


@pytest.fixture
def program(cast):
    """A service account of a team that is not the owner's; timo answers for it, tess issued its token, and both review."""
    lab = create_team("lab", by=None, owner=cast.timo)
    add_member(lab, cast.tess, role="owner", by=None)
    account = create_service_account(lab, "lab-bot", by=cast.timo, use_case=a_use_case(lab, cast.timo), environment="dev", accountable=cast.timo)
    issue_token(account.user, by=cast.tess, name="CI", scopes=["publish"])
    add_member(cast.finance_ml, account.user, role="contributor", by=cast.paul)
    return account.user


@pytest.mark.parametrize("field", ["created_by", "submitted_by"])
def test_whoever_acts_through_a_program_that_made_or_submitted_a_version_does_not_decide(cast, review, program, field):
    ModelVersion.objects.filter(pk=review.version_id).update(**{field: program})
    assert "acts through a service account that" in barred(review, cast.tess)
    assert "acts through a service account that" in barred(review, cast.timo)


def test_what_a_program_did_is_remembered_when_its_rows_are_gone(cast, review, program):
    record("file.removed", review.version, by=program)
    remove_member(cast.finance_ml, program, by=cast.paul)
    barred(review, cast.tess)


def test_a_program_that_is_only_a_member_of_the_owner_team_bars_nobody_behind_it(cast, review, program):
    assert program.pk in involved(review)
    assert review in waiting_for(cast.tess)
    vote(review, cast.tess)
    assert Decision.objects.get().by == cast.tess


def test_whoever_answered_for_the_model_while_it_was_made_does_not_decide_after_handing_it_over(cast, review):
    model = review.version.model
    change_model(model, by=cast.paul, accountable=cast.tess)
    barred(review, cast.tess)
    change_model(model, by=cast.paul, accountable=cast.paul)
    assert "was accountable for the model" in barred(review, cast.tess)
    assert cast.timo.pk not in involved(review)


def test_whoever_answered_for_the_model_before_the_version_was_made_decides(cast, review):
    model = review.version.model
    change_model(model, by=cast.paul, accountable=cast.tess)
    change_model(model, by=cast.paul, accountable=cast.paul)
    later = add_version(model, "2.0.0", by=cast.paul)
    review.version = later
    assert involved_in([review], person=cast.tess)[review.pk] == {}


def test_other_changes_of_the_model_bar_nobody(cast, review):
    change_model(review.version.model, by=cast.paul, tags=["accountable"])
    with pytest.raises(NotAllowed, match="belongs to the owner team"):
        vote(review, cast.paul)
    assert involved_in([review], person=cast.tess)[review.pk] == {}
