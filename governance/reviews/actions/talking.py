"""The conversation of a review, and taking a version back."""

from django.db import transaction
from django.utils import timezone

from catalog.registry.actions import lock_version, move_version
from catalog.registry.models import ModelVersion
from catalog.registry.states import VersionState
from governance.reviews.actions.opening import open_to_reviewers
from governance.reviews.models import Comment, Review
from governance.reviews.permissions import require_submitter, require_talker
from governance.reviews.queries import open_review_of
from governance.reviews.states import REVIEW_MOVES, ReviewState
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.errors import Invalid
from marketplace.lifecycle import move

LONGEST_COMMENT = 5_000


@transaction.atomic
def comment(review: Review, text: str, *, by: User) -> Comment:
    """Say something in the conversation of a review."""
    require_talker(by, review)
    text = text.strip()
    if not 1 <= len(text) <= LONGEST_COMMENT:
        raise Invalid("The comment was not sent.", fields={"text": [f"Write 1 to {LONGEST_COMMENT} characters."]})
    said = Comment.objects.create(review=review, author=by, text=text)
    said.refresh_from_db(fields=["created_at"])
    record("review.commented", review, by=by, texts={"text": text}, version=review.version)
    return said


@transaction.atomic
def withdraw_review(review: Review, *, by: User) -> Review:
    """Take a version back before it is decided; its review ends with it."""
    version = lock_version(review.version_id)
    require_submitter(by, version)
    review = Review.objects.select_for_update(no_key=True).get(pk=review.pk)
    review.version = version
    move(review, ReviewState.WITHDRAWN, allowed=REVIEW_MOVES, closed_at=timezone.now())
    record("review.withdrawn", review, by=by, version=review.version)
    move_version(review.version, VersionState.WITHDRAWN, verb="version.withdrawn", by=by, note="Withdrawn by its publisher.")
    open_to_reviewers(review.version.model, by=by)
    return review


@transaction.atomic
def withdraw_version(version: ModelVersion, *, by: User) -> ModelVersion:
    """Take a version back, whether or not a review is open."""
    version = lock_version(version.pk)
    if review := open_review_of(version):
        return withdraw_review(review, by=by).version
    require_submitter(by, version)
    return move_version(version, VersionState.WITHDRAWN, verb="version.withdrawn", by=by, note="Withdrawn by its publisher.")
