"""The shapes of reviews in REST: what is asked for, and what is answered."""

from typing import Any

from rest_framework import serializers

from governance.reviews.models import Comment, Decision, Review, Waiver
from governance.reviews.states import Choice, ReviewState, TrackState
from marketplace.api.serializers import StrictSerializer


class DecisionInput(StrictSerializer):
    """A decision on one track, signed for the inputs that were looked at."""

    track = serializers.CharField(max_length=40)
    choice = serializers.ChoiceField(choices=Choice.choices)
    reason = serializers.CharField(max_length=5_000, allow_blank=True, default="")
    manifest_digest = serializers.RegexField(r"\A[0-9a-f]{64}\Z")
    card_revision = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    run = serializers.IntegerField(min_value=0, max_value=2**63 - 1)
    conditions = serializers.ListField(child=serializers.CharField(max_length=500), max_length=20, default=list)
    valid_until = serializers.DateTimeField(allow_null=True, default=None)
    acknowledged = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=100,
        default=list,
        help_text="The ids of all checks that ended with a warning, each looked at; asked of one track: security, else technical",
    )
    accepted = serializers.ListField(
        child=serializers.CharField(max_length=100),
        max_length=100,
        default=list,
        help_text="Keys of card fields of which you accept that the supplier does not disclose them",
    )


class WaiverInput(StrictSerializer):
    """A waiver for one thing that the pinned policy lets governance waive."""

    matter = serializers.CharField(max_length=40)
    reason = serializers.CharField(max_length=2_000)
    until = serializers.DateTimeField(help_text="At most 90 days from now; an approval ends no later")


class CommentInput(StrictSerializer):
    """A comment."""

    text = serializers.CharField(max_length=5_000)


class StepReasonInput(StrictSerializer):
    """Why a version is suspended, reinstated or quarantined."""

    reason = serializers.CharField(max_length=2_000)


class DeprecationInput(StrictSerializer):
    """When a version ends, and what to use instead."""

    sunset_at = serializers.DateField()
    successor = serializers.CharField(max_length=300, allow_blank=True, default="", help_text="A version of this model, or team/model@version")
    reason = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class NothingInput(StrictSerializer):
    """An empty body."""


STEP_INPUTS: dict[str, type[StrictSerializer]] = {"deprecate": DeprecationInput, "retire": NothingInput, "withdraw": NothingInput}


class TrackShape(serializers.Serializer[Any]):
    """One track of a review."""

    track = serializers.CharField()
    state = serializers.ChoiceField(choices=TrackState.choices)
    quorum = serializers.IntegerField()


class ReviewShape(serializers.Serializer[Any]):
    """A review with the pins that a decision signs."""

    number = serializers.CharField()
    version = serializers.CharField(help_text="team/model@version")
    state = serializers.ChoiceField(choices=ReviewState.choices)
    tier = serializers.CharField()
    policy = serializers.CharField()
    manifest_digest = serializers.CharField()
    card_revision = serializers.IntegerField()
    run = serializers.IntegerField()
    outcome = serializers.CharField(help_text="Of the checks: pass or warn")
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    tracks = TrackShape(many=True)


class DeciderShape(serializers.Serializer[Any]):
    """Who can decide on a track, and who cannot with why."""

    can = serializers.ListField(child=serializers.CharField())
    cannot = serializers.DictField(child=serializers.CharField())


class WaiverShape(serializers.Serializer[Any]):
    """A waiver as it stands."""

    id = serializers.IntegerField()
    matter = serializers.CharField()
    reason = serializers.CharField()
    given_by = serializers.CharField()
    given_at = serializers.DateTimeField()
    until = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class ReviewDetailShape(ReviewShape):
    """A review with who can decide, and what was waived."""

    waivers = WaiverShape(many=True)
    warnings = serializers.DictField(child=serializers.CharField(), help_text="Id and title of each check that ended with a warning")
    silent_fields = serializers.DictField(child=serializers.CharField(), help_text="Key and title of what the supplier does not disclose")
    waivers_missing = serializers.ListField(child=serializers.CharField(), help_text="Nobody can approve before governance gives these")

    deciders = serializers.DictField(child=DeciderShape())
    undecidable = serializers.ListField(child=serializers.CharField(), help_text="Tracks that nobody can decide")


class ReviewPage(serializers.Serializer[Any]):
    """Some reviews and the cursor to the next ones."""

    results = ReviewShape(many=True)
    next = serializers.CharField(allow_null=True)


class DecisionShape(serializers.Serializer[Any]):
    """A decision as it stands in the record."""

    id = serializers.IntegerField()
    review = serializers.CharField()
    track = serializers.CharField()
    by = serializers.CharField()
    choice = serializers.ChoiceField(choices=Choice.choices)
    reason = serializers.CharField()
    conditions = serializers.ListField(child=serializers.CharField())
    accepted = serializers.ListField(child=serializers.CharField())
    manifest_digest = serializers.CharField()
    card_revision = serializers.IntegerField()
    run = serializers.IntegerField()
    valid_until = serializers.DateTimeField(allow_null=True)
    counts = serializers.BooleanField(help_text="False once what was looked at changed")
    created_at = serializers.DateTimeField()


class DecisionPage(serializers.Serializer[Any]):
    """Some decisions and the cursor to the next ones."""

    results = DecisionShape(many=True)
    next = serializers.CharField(allow_null=True)


class CommentShape(serializers.Serializer[Any]):
    """A comment."""

    id = serializers.IntegerField()
    by = serializers.CharField()
    text = serializers.CharField()
    created_at = serializers.DateTimeField()


class VersionStateShape(serializers.Serializer[Any]):
    """Where a version stands after a step."""

    version = serializers.CharField()
    state = serializers.CharField()
    note = serializers.CharField()


def review_json(review: Review) -> dict[str, Any]:
    """A review as it is sent."""
    names = ("number", "state", "tier", "policy", "manifest_digest", "card_revision", "opened_at", "due_at", "closed_at")
    tracks = [{"track": row.track, "state": row.state, "quorum": row.quorum} for row in review.tracks.all()]
    return {name: getattr(review, name) for name in names} | {
        "version": str(review.version),
        "run": review.run_id,
        "outcome": review.run.outcome,
        "tracks": tracks,
    }


def decision_json(decision: Decision) -> dict[str, Any]:
    """A decision as it is sent."""
    names = ("track", "choice", "reason", "conditions", "accepted", "manifest_digest", "card_revision", "valid_until", "created_at")
    return {name: getattr(decision, name) for name in names} | {
        "id": decision.pk,
        "review": f"R-{decision.review_id}",
        "by": decision.by.username,
        "run": decision.checks_run,
        "counts": decision.is_current,
    }


def waiver_json(waiver: Waiver) -> dict[str, Any]:
    """A waiver as it is sent."""
    names = ("matter", "reason", "given_at", "until", "ended_at")
    return {"id": waiver.pk, "given_by": waiver.given_by.username} | {name: getattr(waiver, name) for name in names}


def comment_json(said: Comment) -> dict[str, Any]:
    """A comment as it is sent."""
    return {"id": said.pk, "by": said.author.username, "text": said.text, "created_at": said.created_at}
