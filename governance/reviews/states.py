"""The life of a review, of its tracks, and what people may say."""

from django.db.models import TextChoices


class ReviewState(TextChoices):
    """Where a review stands."""

    OPEN = "open", "Waiting for decisions"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"


S = ReviewState
REVIEW_MOVES: dict[str, frozenset[str]] = {
    S.OPEN: frozenset({S.CHANGES_REQUESTED, S.APPROVED, S.REJECTED, S.WITHDRAWN}),
    S.CHANGES_REQUESTED: frozenset({S.OPEN, S.WITHDRAWN}),
}
STILL_OPEN = frozenset({S.OPEN, S.CHANGES_REQUESTED})


class TrackState(TextChoices):
    """Where one track of a review stands."""

    WAITING = "waiting", "Waiting"
    APPROVED = "approved", "Approved"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    REJECTED = "rejected", "Rejected"


class Choice(TextChoices):
    """What a person decides on a track."""

    APPROVE = "approve", "Approve"
    REQUEST_CHANGES = "request_changes", "Request changes"
    REJECT = "reject", "Reject"


TRACK_TITLES = {
    "technical": "Technical",
    "security": "Security",
    "model_risk": "Model risk",
    "business_owner": "Business owner",
    "legal": "Legal",
    "data_privacy": "Data privacy",
    "ai_ethics": "AI ethics",
}
