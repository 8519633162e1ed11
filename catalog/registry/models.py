"""Models, versions, use cases, approvals, grants and aliases."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower, Now

from catalog.registry.states import DataClass, Environment, ModelKind, ModelState, Origin, Tier, VersionState
from marketplace.identifiers import NameValidator, new_id
from marketplace.permissions.models import Governed, Grant, GroupPermission, PersonPermission, Visibility


class UseCase(models.Model):
    """What models are used for: requests, grants, approvals and service-account tokens name one."""

    name = models.CharField(max_length=120)
    team = models.ForeignKey("marketplace.Team", on_delete=models.PROTECT, related_name="use_cases")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="use_cases")
    business_unit = models.CharField(max_length=120, blank=True)
    data_class = models.CharField(max_length=14, choices=DataClass, default=DataClass.INTERNAL)
    is_open = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("team", Lower("name"), name="one_use_case_per_name_in_team"),
            models.CheckConstraint(condition=models.Q(data_class__in=sorted(DataClass.values)), name="use_case_data_class_is_known"),
        ]

    def __str__(self) -> str:
        return self.name


class RegisteredModel(Governed):
    """A model that the organization knows, with the facts every list shows."""

    uid = models.UUIDField(default=new_id, unique=True, editable=False)
    name = models.CharField(max_length=96, validators=[NameValidator()])
    display_name = models.CharField(max_length=200, blank=True, help_text="As published, where that is no valid name here")
    kind = models.CharField(max_length=8, choices=ModelKind, default=ModelKind.FILES)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.INTERNAL)
    state = models.CharField(max_length=10, choices=ModelState, default=ModelState.DRAFT)
    summary = models.CharField(max_length=280, blank=True)
    task = models.CharField(max_length=80, blank=True)
    library = models.CharField(max_length=80, blank=True)
    framework = models.CharField(max_length=80, blank=True)
    license = models.CharField(max_length=120, blank=True)
    modality = models.CharField(max_length=40, blank=True)
    publisher = models.CharField(max_length=160, blank=True)
    parameters = models.BigIntegerField(null=True, blank=True)
    base_model = models.CharField(max_length=300, blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    tier = models.CharField(max_length=2, choices=Tier, blank=True, help_text="Of the newest version that has one; empty: unknown")
    accountable = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="accountable_for")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    source = models.CharField(max_length=96, blank=True, help_text="Name of the source it was imported from")
    external_id = models.CharField(max_length=300, blank=True, help_text="Its id at the source")
    pulls_30d = models.PositiveIntegerField(default=0, help_text="Download sessions of the last 30 days, rolled up")
    teams_30d = models.PositiveIntegerField(default=0)
    files_on_request = models.BooleanField(default=False, help_text="Whoever may not read its files does not see which there are either")

    class Meta:
        ordering = ["team__name", "name"]
        default_permissions = ("view", "download")
        constraints = [
            models.UniqueConstraint("team", Lower("name"), name="one_model_per_name_in_team"),
            models.UniqueConstraint(fields=["source", "external_id"], condition=~models.Q(external_id=""), name="one_model_per_external_id"),
            models.CheckConstraint(condition=models.Q(state__in=sorted(ModelState.values)), name="model_state_is_known"),
            models.CheckConstraint(condition=models.Q(kind__in=sorted(ModelKind.values)), name="model_kind_is_known"),
            models.CheckConstraint(condition=models.Q(tier__in=["", *sorted(Tier.values)]), name="model_tier_is_known"),
            models.CheckConstraint(condition=models.Q(parameters=None) | models.Q(parameters__gte=0), name="parameters_are_not_negative"),
            models.CheckConstraint(condition=models.Q(visibility__in=sorted(Visibility.values)), name="model_visibility_is_known"),
            models.CheckConstraint(
                condition=models.Q(visibility=Visibility.TEAMS) | models.Q(shown_to=[]), name="only_a_model_for_named_teams_names_some"
            ),
        ]
        indexes = [
            GinIndex(fields=["tags"], name="models_by_tag"),
            GinIndex(fields=["shown_to"], name="models_by_named_team"),
            models.Index(fields=["-updated_at", "-id"], name="models_newest_first"),
            models.Index(fields=["-pulls_30d", "-id"], name="models_most_used_first"),
        ]

    def __str__(self) -> str:
        return f"{self.team.name}/{self.name}"

    @property
    def is_hosted(self) -> bool:
        """A vendor serves it; there are no files here."""
        return self.kind == ModelKind.HOSTED


class ModelVersion(models.Model):
    """One immutable thing: from its first submit neither files nor digest change (a trigger refuses it)."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(max_length=96, validators=[NameValidator()])
    state = models.CharField(max_length=20, choices=VersionState, default=VersionState.DRAFT)
    state_note = models.TextField(blank=True, help_text="Why it stands there, in a sentence for people")
    changelog = models.TextField(blank=True)
    manifest_digest = models.CharField(max_length=64, blank=True, help_text="sha256 of the canonical manifest; set at the first submit")
    descriptor = models.JSONField(null=True, blank=True, help_text="Hosted models: provider, endpoint, snapshot, region, contract, end")
    bytes = models.BigIntegerField(default=0)
    upstream_commit = models.CharField(max_length=80, blank=True)
    answers = models.JSONField(default=dict, blank=True, help_text="The six risk answers")
    tier = models.CharField(max_length=2, choices=Tier, blank=True)
    tier_because = models.JSONField(default=list, blank=True)
    policy = models.CharField(max_length=80, blank=True, help_text="`name@version` of the policy pinned at submit")
    card_revision = models.PositiveIntegerField(null=True, blank=True, help_text="Pinned at submit")
    use_case = models.ForeignKey(UseCase, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=12, choices=Environment, default=Environment.PRODUCTION)
    data_class = models.CharField(max_length=14, choices=DataClass, default=DataClass.INTERNAL)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(null=True, blank=True)
    suspended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    successor = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    sunset_at = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint("model", Lower("version"), name="one_version_per_name_of_a_model"),
            models.CheckConstraint(condition=models.Q(state__in=sorted(VersionState.values)), name="version_state_is_known"),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "withdrawn", "quarantined"]) | ~models.Q(manifest_digest=""),
                name="submitted_versions_have_a_digest",
            ),
        ]
        indexes = [
            models.Index(fields=["state"], name="versions_by_state"),
            models.Index(fields=["manifest_digest"], name="versions_by_manifest"),
        ]

    def __str__(self) -> str:
        return f"{self.model}@{self.version}"


class Approval(models.Model):
    """The yes to one version for one use, bound to what was seen. The gate asks these rows, not the state."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="approvals")
    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="approvals")
    environment = models.CharField(max_length=12, choices=Environment)
    data_class = models.CharField(max_length=14, choices=DataClass)
    conditions = models.JSONField(default=list, blank=True, help_text="Sentences that users must keep to")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    stop_at = models.DateTimeField(help_text="Registered production consumers may pull the same digest again until here")
    manifest_digest = models.CharField(max_length=64)
    card_revision = models.PositiveIntegerField()
    checks_run = models.BigIntegerField()
    policy = models.CharField(max_length=80)
    review = models.BigIntegerField(null=True, help_text="Number of the review; empty: automatic")
    created_at = models.DateTimeField(db_default=Now())
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(valid_until__gt=models.F("valid_from")), name="approval_ends_after_it_begins"),
            models.CheckConstraint(condition=models.Q(stop_at__gte=models.F("valid_until")), name="approval_stops_after_its_end"),
            models.UniqueConstraint(
                fields=["version", "use_case", "environment", "data_class"],
                condition=models.Q(voided_at=None),
                name="one_approval_in_force_per_use",
            ),
        ]
        indexes = [models.Index(fields=["version", "valid_until"], name="approvals_of_a_version")]

    def __str__(self) -> str:
        return f"Approval of {self.version} for {self.use_case}"


class AccessGrant(Grant):
    """The right of a person, service account or team to use a model for a use case, until an end."""

    thing = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="grants")
    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="grants")
    environment = models.CharField(max_length=12, choices=Environment, default=Environment.PRODUCTION)
    data_class = models.CharField(max_length=14, choices=DataClass, default=DataClass.INTERNAL)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="When its holder last said that it is still needed")
    confirm_by = models.DateTimeField(null=True, blank=True, help_text="Its holder was asked; without an answer it ends here")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user=None) & ~models.Q(team=None) | ~models.Q(user=None) & models.Q(team=None),
                name="grant_has_one_subject",
            ),
            models.UniqueConstraint(
                fields=["thing", "user", "team", "use_case", "environment", "data_class"],
                condition=models.Q(ended_at=None),
                nulls_distinct=False,
                name="one_grant_in_force_per_use",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "thing", "until"], condition=models.Q(ended_at=None), name="grants_of_a_person"),
            models.Index(fields=["team", "thing", "until"], condition=models.Q(ended_at=None), name="grants_of_a_team"),
        ]

    def __str__(self) -> str:
        return f"{self.thing} for {self.user or self.team} until {self.until:%Y-%m-%d}"


class ServiceAccount(models.Model):
    """A program of a team: it names one use case and one environment, which the gate compares and usage inherits."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="service_account")
    team = models.ForeignKey("marketplace.Team", on_delete=models.PROTECT, related_name="service_accounts")
    accountable = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="answers_for_accounts")
    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="service_accounts")
    environment = models.CharField(max_length=12, choices=Environment)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["user__username"]
        constraints = [
            models.CheckConstraint(condition=models.Q(environment__in=sorted(Environment.values)), name="service_account_environment_is_known"),
            models.CheckConstraint(condition=~models.Q(user=models.F("accountable")), name="service_account_answers_not_for_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.user.username} of {self.team.name}"


class ModelPersonPermission(PersonPermission):
    """guardian's row for a person and a model."""

    content_object = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE)

    class Meta(PersonPermission.Meta):
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.user} {self.permission_id} {self.content_object_id}"


class ModelGroupPermission(GroupPermission):
    """guardian's row for a team's group and a model."""

    content_object = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE)

    class Meta(GroupPermission.Meta):
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.group} {self.permission_id} {self.content_object_id}"


class Alias(models.Model):
    """A name that points to a version of a model: `production`, `latest-good`."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="aliases")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="aliases")
    name = models.CharField(max_length=96, validators=[NameValidator()])
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint("model", Lower("name"), name="one_alias_per_name_of_a_model")]

    def __str__(self) -> str:
        return f"@{self.name}"

    @property
    def is_protected(self) -> bool:
        """Only an approved version may carry it."""
        return self.name.lower() in PROTECTED_ALIASES


PROTECTED_ALIASES = frozenset({"production", "champion"})
# What a grant in force is projected to in guardian's tables.
PROJECTED_RIGHTS = ("view_registeredmodel", "download_registeredmodel")
