"""Reviews, their tracks, decisions, waivers and comments."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from catalog.registry.models import ModelVersion
from catalog.registry.states import Tier
from governance.reviews.states import STILL_OPEN, Choice, ReviewState, TrackState
from governance.validation.models import ValidationRun
from marketplace.identifiers import numbered


class Review(models.Model):
    """One request for a decision about one version, bound to what is looked at."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="reviews")
    state = models.CharField(max_length=20, choices=ReviewState, default=ReviewState.OPEN)
    tier = models.CharField(max_length=2, choices=Tier)
    policy = models.CharField(max_length=80, help_text="`name@version`, pinned")
    manifest_digest = models.CharField(max_length=64)
    card_revision = models.PositiveIntegerField()
    run = models.ForeignKey(ValidationRun, on_delete=models.PROTECT, related_name="reviews")
    opened_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["version"], condition=models.Q(state__in=sorted(STILL_OPEN)), name="one_open_review_per_version"),
            models.CheckConstraint(condition=models.Q(state__in=sorted(ReviewState.values)), name="review_state_is_known"),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="review_queue")]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The short id that people use: R-218."""
        return numbered("R", self.pk)


class ReviewTrack(models.Model):
    """One kind of expert eye that the policy asks for."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="tracks")
    track = models.CharField(max_length=40)
    quorum = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20, choices=TrackState, default=TrackState.WAITING)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["review", "track"], name="one_row_per_track_of_a_review"),
            models.CheckConstraint(condition=models.Q(quorum__gte=1), name="a_track_needs_somebody"),
            models.CheckConstraint(condition=models.Q(state__in=sorted(TrackState.values)), name="track_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.track} of {self.review}"


class Decision(models.Model):
    """What one person decided, on exactly which inputs. Never changed; `is_current` tells whether it still counts."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="decisions")
    track = models.CharField(max_length=40)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    choice = models.CharField(max_length=16, choices=Choice)
    reason = models.TextField(blank=True)
    conditions = models.JSONField(default=list, blank=True)
    acknowledged = models.BooleanField(default=False, help_text="The warnings of the checks were acknowledged")
    acknowledged_checks = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        help_text="The checks whose warnings were acknowledged, each by its id",
    )
    accepted = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        help_text="Card fields of which it was accepted that the supplier does not disclose them",
    )
    manifest_digest = models.CharField(max_length=64)
    card_revision = models.PositiveIntegerField()
    checks_run = models.BigIntegerField()
    valid_until = models.DateTimeField(null=True, blank=True, help_text="Earlier end than the policy's, if the person asked for it")
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["review", "by"], condition=models.Q(is_current=True), name="one_vote_per_person_and_review"),
            models.CheckConstraint(condition=models.Q(choice__in=sorted(Choice.values)), name="decision_choice_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_choice_display()} by {self.by} on {self.review}"


LONGEST_WAIVER = timedelta(days=90)


class Waiver(models.Model):
    """The leave of governance, for a while, to approve a version although a check found something that its policy forbids without it.

    Never changed; it ends at `until`, or before when somebody ends it.
    """

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="waivers")
    matter = models.CharField(max_length=40, help_text="What is waived, in the words of the policy: `pickle`")
    reason = models.TextField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Ended before its time, or found to be over")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "matter"], condition=models.Q(ended_at=None), name="one_waiver_per_matter_of_a_version"),
            models.CheckConstraint(condition=~models.Q(reason="") & ~models.Q(matter=""), name="a_waiver_says_what_and_why"),
            models.CheckConstraint(
                condition=models.Q(until__gt=models.F("given_at"), until__lte=models.F("given_at") + LONGEST_WAIVER),
                name="a_waiver_ends_within_ninety_days",
            ),
        ]

    def __str__(self) -> str:
        return f"Waiver for {self.matter} of {self.version}"


class Comment(models.Model):
    """Something said in the conversation of a review."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~models.Q(text=""), name="a_comment_says_something")]

    def __str__(self) -> str:
        return f"Comment {self.pk} on {self.review}"
