"""Rules of access, requests with one part per model, decisions and replies."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from catalog.registry.models import AccessGrant, RegisteredModel, UseCase
from catalog.registry.states import DataClass, Environment
from governance.access.states import PRIVATE_DATA, REVIEW_DAYS, STILL_OPEN, Choice, PartState, Step
from marketplace.identifiers import numbered


class AccessRule(models.Model):
    """What the owners of a model say about access to it."""

    model = models.OneToOneField(RegisteredModel, on_delete=models.CASCADE, related_name="access_rule")
    is_automatic = models.BooleanField(default=False, help_text="Requests up to this environment and data class are granted at once")
    environment = models.CharField(max_length=12, choices=Environment, default=Environment.DEV)
    data_class = models.CharField(max_length=14, choices=DataClass, default=DataClass.INTERNAL)
    longest_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: as long as the policy allows")
    review_days = models.PositiveSmallIntegerField(default=REVIEW_DAYS, help_text="After so many days the holder is asked whether it is still needed")
    questions = models.JSONField(default=list, blank=True, help_text="What a request has to answer besides: see Question")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(environment__in=sorted(Environment.values)), name="access_rule_environment_is_known"),
            models.CheckConstraint(condition=models.Q(data_class__in=sorted(DataClass.values)), name="access_rule_data_class_is_known"),
            models.CheckConstraint(
                condition=models.Q(is_automatic=False) | ~models.Q(data_class__in=sorted(PRIVATE_DATA)), name="privacy_is_never_automatic"
            ),
            models.CheckConstraint(condition=models.Q(longest_days=None) | models.Q(longest_days__gte=1), name="access_lasts_a_day_at_least"),
            models.CheckConstraint(condition=models.Q(review_days__gte=1), name="use_is_confirmed_after_a_day_at_least"),
        ]

    def __str__(self) -> str:
        return f"Access rule of {self.model}"


class AccessRequest(models.Model):
    """Somebody asks that a person, service account or team may use models for a use case."""

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="access_requests")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="access_requests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey("marketplace.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=12, choices=Environment)
    data_class = models.CharField(max_length=14, choices=DataClass)
    until = models.DateTimeField()
    volume = models.CharField(max_length=200, blank=True, help_text="How much use is expected")
    note = models.TextField(blank=True)
    renews = models.ForeignKey(AccessGrant, null=True, blank=True, on_delete=models.PROTECT, related_name="renewals")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user=None) & ~models.Q(team=None) | ~models.Q(user=None) & models.Q(team=None), name="request_has_one_subject"
            ),
            models.CheckConstraint(condition=models.Q(environment__in=sorted(Environment.values)), name="request_environment_is_known"),
            models.CheckConstraint(condition=models.Q(data_class__in=sorted(DataClass.values)), name="request_data_class_is_known"),
            models.CheckConstraint(condition=models.Q(until__gt=models.F("created_at")), name="request_ends_in_the_future"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The short id that people use: A-77."""
        return numbered("A", self.pk)


class AccessPart(models.Model):
    """What a request asks of one model; its owners decide, and for personal data also data privacy."""

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="parts")
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="access_parts")
    asks_for = models.CharField(
        max_length=120, help_text="Subject, use case, environment and data class of the request, so that one is open at a time"
    )
    state = models.CharField(max_length=16, choices=PartState, default=PartState.WAITING_OWNER)
    asked_at_step = models.CharField(max_length=8, choices=Step, blank=True, help_text="Who asked the question that is open")
    answers = models.JSONField(default=dict, blank=True, help_text="Key of a question -> what was answered")
    due_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True, help_text="Since when it waits for the requester")
    closed_at = models.DateTimeField(null=True, blank=True)
    again_after = models.DateField(null=True, blank=True, help_text="After a denial: when to ask again")
    grant = models.ForeignKey(AccessGrant, null=True, blank=True, on_delete=models.PROTECT, related_name="parts")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["request", "model"], name="one_part_per_model_of_a_request"),
            models.UniqueConstraint(
                fields=["model", "asks_for"], condition=models.Q(state__in=sorted(STILL_OPEN)), name="one_open_request_per_subject_and_use"
            ),
            models.CheckConstraint(condition=models.Q(state__in=sorted(PartState.values)), name="part_state_is_known"),
            models.CheckConstraint(condition=~models.Q(state=PartState.GRANTED) | ~models.Q(grant=None), name="what_is_granted_has_a_grant"),
            models.CheckConstraint(
                condition=models.Q(state=PartState.ASKED) & ~models.Q(asked_at_step="") & ~models.Q(paused_at=None)
                | ~models.Q(state=PartState.ASKED) & models.Q(asked_at_step="", paused_at=None),
                name="the_clock_stands_while_a_question_is_open",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="access_inbox")]

    def __str__(self) -> str:
        return f"{self.request} for {self.model}"


class AccessDecision(models.Model):
    """What somebody said on one part, or its rule; never changed. The terms may only be shorter and narrower than what was asked."""

    part = models.ForeignKey(AccessPart, on_delete=models.PROTECT, related_name="decisions")
    step = models.CharField(max_length=8, choices=Step)
    choice = models.CharField(max_length=8, choices=Choice)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="access_decisions", help_text="Nobody: the rule"
    )
    reason = models.TextField(blank=True)
    until = models.DateTimeField(null=True, blank=True)
    environment = models.CharField(max_length=12, choices=Environment, blank=True)
    data_class = models.CharField(max_length=14, choices=DataClass, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["part", "step"], condition=~models.Q(choice=Choice.ASK), name="one_answer_per_step_of_a_part"),
            models.UniqueConstraint(fields=["part", "by"], condition=models.Q(choice=Choice.GRANT), name="one_yes_per_person_and_part"),
            models.CheckConstraint(condition=models.Q(step__in=sorted(Step.values)), name="access_step_is_known"),
            models.CheckConstraint(condition=models.Q(choice__in=sorted(Choice.values)), name="access_choice_is_known"),
            models.CheckConstraint(
                condition=~models.Q(by=None) | models.Q(step=Step.OWNER, choice=Choice.GRANT), name="a_rule_only_says_yes_for_the_owner"
            ),
            models.CheckConstraint(
                condition=~models.Q(choice=Choice.GRANT) | ~models.Q(until=None) & ~models.Q(environment="") & ~models.Q(data_class=""),
                name="a_yes_has_its_terms",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_choice_display()} by {self.by or 'the rule'} on {self.part}"


class AccessReply(models.Model):
    """What the requester answered to a question."""

    part = models.ForeignKey(AccessPart, on_delete=models.CASCADE, related_name="replies")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~models.Q(text=""), name="a_reply_says_something")]

    def __str__(self) -> str:
        return f"Reply {self.pk} on {self.part}"
