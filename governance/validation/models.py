"""Runs of checks, what each check said, and its findings."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from catalog.registry.models import ModelVersion
from governance.validation.states import OUTCOMES, Reason, RunState, Severity, Verdict


class RuleSet(models.Model):
    """Everything that decides what a run says: its checks with their versions, the readers and the lists they judge by. Never changed."""

    digest = models.CharField(max_length=64, primary_key=True, help_text="sha256 over the content")
    content = models.JSONField()
    first_used_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["first_used_at"]
        constraints = [models.CheckConstraint(condition=models.Q(digest__regex="^[0-9a-f]{64}$"), name="rule_set_is_named_by_its_sha256")]

    def __str__(self) -> str:
        return f"rules {self.digest[:12]}"


class KeptAnswer(models.Model):
    """What was said of some bytes under some rules, so that they are not asked about twice. Sealed: a changed row is as good as none."""

    key = models.CharField(max_length=64, primary_key=True, help_text="Digest over who said it, by which rules, and of which bytes")
    by = models.CharField(max_length=120, help_text="Who said it and by which rules, to clear what no rule set needs any more")
    said = models.TextField(help_text="JSON, word for word as it was sealed")
    seal = models.CharField(max_length=64)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["key"]
        indexes = [models.Index(fields=["by"], name="kept_answers_by")]

    def __str__(self) -> str:
        return f"{self.by} of {self.key[:12]}"


class ValidationRun(models.Model):
    """One run of all checks over one version. Leased by one worker at a time, judged by the database's clock."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=8, choices=RunState, default=RunState.WAITING)
    outcome = models.CharField(max_length=5, choices=Verdict, blank=True, help_text="Empty until it is finished")
    quarantines = models.BooleanField(default=False, help_text="A finding says that the bytes are dangerous")
    manifest_digest = models.CharField(max_length=64)
    card_revision = models.PositiveIntegerField()
    rule_set = models.ForeignKey(RuleSet, null=True, on_delete=models.PROTECT, related_name="runs", help_text="Those of the worker that ran it")
    reason = models.CharField(max_length=8, choices=Reason, default=Reason.SUBMIT, db_default=Reason.SUBMIT)
    only = models.CharField(max_length=40, blank=True, db_default="", help_text="The one check that was asked again; empty: all of them")
    stage = models.CharField(max_length=20, blank=True, db_default="", help_text="Where it is, while it runs")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0, help_text="Grows with each lease; a worker with an old one may not write")
    attempts = models.PositiveSmallIntegerField(default=0)
    slices = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="How often it was laid aside to go on later")
    place = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="What was hashed in earlier turns, and how far the present file is",
    )
    done = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=sorted(RunState.values)), name="run_state_is_known"),
            models.CheckConstraint(
                condition=models.Q(state=RunState.FINISHED, outcome__in=sorted(OUTCOMES)) | ~models.Q(state=RunState.FINISHED) & models.Q(outcome=""),
                name="a_run_has_an_outcome_when_it_is_finished",
            ),
            models.UniqueConstraint(
                fields=["version"], condition=~models.Q(state="finished") & ~models.Q(reason="rescan"), name="one_open_run_per_version"
            ),
            models.UniqueConstraint(
                fields=["version"], condition=~models.Q(state="finished") & models.Q(reason="rescan"), name="one_open_rescan_per_version"
            ),
            models.CheckConstraint(condition=models.Q(reason__in=sorted(Reason.values)), name="run_reason_is_known"),
        ]
        indexes = [
            models.Index(fields=["lease_until"], condition=~models.Q(state="finished"), name="runs_to_do"),
            models.Index(fields=["version", "rule_set"], name="runs_by_rules"),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk} of {self.version}"


class CheckResult(models.Model):
    """What one check said in one run, with its evidence."""

    run = models.ForeignKey(ValidationRun, on_delete=models.CASCADE, related_name="results")
    check_id = models.CharField(max_length=40)
    check_version = models.CharField(max_length=20)
    stage = models.CharField(max_length=20)
    title = models.CharField(max_length=120)
    verdict = models.CharField(max_length=5, choices=Verdict)
    sentence = models.CharField(max_length=400, help_text="What it found, in words; why it is not applicable")
    evidence = models.JSONField(default=dict, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)
    severity = models.CharField(
        max_length=8, choices=Severity, default=Severity.HIGH, db_default=Severity.HIGH, help_text="How grave it is when this check fails"
    )
    quarantines = models.BooleanField(default=False, db_default=False, help_text="It says that the bytes are dangerous")
    inputs_digest = models.CharField(max_length=64, blank=True, db_default="", help_text="sha256 over its rules and everything it could look at")
    place = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Among the checks of the run")
    carried_from = models.BigIntegerField(null=True, blank=True, help_text="The run that gave this answer, when only another check was asked again")

    class Meta:
        ordering = ["place", "id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "check_id"], name="one_result_per_check_of_a_run"),
            models.CheckConstraint(condition=models.Q(verdict__in=sorted(Verdict.values)), name="check_verdict_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.get_verdict_display()}"


class Finding(models.Model):
    """One thing a check found: where, what it means, how to mend it."""

    result = models.ForeignKey(CheckResult, on_delete=models.CASCADE, related_name="findings")
    severity = models.CharField(max_length=8, choices=Severity)
    kind = models.CharField(max_length=12, help_text="code, structure, secret, licence, card, other")
    path = models.CharField(max_length=512, blank=True)
    where = models.CharField(max_length=200, blank=True, help_text="Byte offset, opcode or field")
    message = models.CharField(max_length=600)
    fix = models.CharField(max_length=600, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=models.Q(severity__in=sorted(Severity.values)), name="finding_severity_is_known")]

    def __str__(self) -> str:
        return self.message


class Release(models.Model):
    """The word of two people of security that what one check found dangerous in exactly these files is not. Never changed.

    It counts for these very findings in these very files: when the check finds anything else, it quarantines again.
    """

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="releases")
    check_id = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=64, help_text="Digest over the check, the manifest and everything it found")
    run = models.ForeignKey(ValidationRun, on_delete=models.PROTECT, related_name="+", help_text="The run that quarantined")
    reason = models.TextField()
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    seconded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "fingerprint"], name="one_release_of_the_same_findings"),
            models.CheckConstraint(condition=~models.Q(released_by=models.F("seconded_by")), name="two_people_release"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="a_release_says_why"),
        ]

    def __str__(self) -> str:
        return f"Release of {self.check_id} of {self.version}"
