"""The shapes of models, versions, aliases, grants and use cases in /api/v1/: what may be sent, and what is answered."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from catalog.registry.models import AccessGrant, Alias, Approval, ModelVersion, RegisteredModel, UseCase
from catalog.registry.queries import Standing
from catalog.registry.states import DataClass, Environment, ModelKind, ModelState, Origin, Tier, VersionState
from marketplace.api.serializers import StrictSerializer
from marketplace.permissions.models import Visibility

FACTS = (
    "display_name", "kind", "origin", "state", "visibility", "summary", "task", "library", "framework", "license", "modality", "publisher",
    "parameters", "base_model", "tags", "tier", "source", "external_id", "pulls_30d", "teams_30d", "created_at", "updated_at",
    "files_on_request",
)  # fmt: skip


class ModelChange(StrictSerializer):
    """What may be changed on a model. Owner team, state, tier and counts are not among it: they follow from what happens."""

    summary = serializers.CharField(max_length=280, required=False, allow_blank=True, help_text="What it is for, in one sentence")
    task = serializers.CharField(max_length=80, required=False, allow_blank=True)
    library = serializers.CharField(max_length=80, required=False, allow_blank=True)
    framework = serializers.CharField(max_length=80, required=False, allow_blank=True)
    license = serializers.CharField(max_length=120, required=False, allow_blank=True)
    modality = serializers.CharField(max_length=40, required=False, allow_blank=True)
    publisher = serializers.CharField(max_length=160, required=False, allow_blank=True)
    base_model = serializers.CharField(max_length=300, required=False, allow_blank=True)
    display_name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    parameters = serializers.IntegerField(min_value=0, max_value=2**62 - 1, required=False, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=60), max_length=30, required=False)
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False, help_text="Only an owner changes it")
    accountable = serializers.CharField(max_length=96, required=False, help_text="User name; only an owner changes it")


class ModelInput(ModelChange):
    """A new model."""

    team = serializers.CharField(max_length=96, help_text="The team that will own it")
    name = serializers.CharField(max_length=96, help_text="Letters, digits, dots, underscores, hyphens")
    kind = serializers.ChoiceField(choices=ModelKind.choices, default=ModelKind.FILES)
    origin = serializers.ChoiceField(choices=Origin.choices, default=Origin.INTERNAL)


class DescriptorInput(StrictSerializer):
    """What a vendor serves: part of what is approved."""

    provider = serializers.CharField(max_length=500)
    endpoint = serializers.CharField(max_length=500)
    snapshot = serializers.CharField(max_length=500)
    region = serializers.CharField(max_length=500)
    contract = serializers.CharField(max_length=500)
    retirement_date = serializers.CharField(max_length=10, required=False, allow_null=True, help_text="2027-06-30, when the vendor names one")


class VersionChange(StrictSerializer):
    """What may be changed on a version before it is decided: what is asked for, not the files."""

    use_case = serializers.IntegerField(min_value=1, max_value=2**62, required=False, help_text="Id of a use case of one of your teams")
    environment = serializers.ChoiceField(choices=Environment.choices, required=False)
    data_class = serializers.ChoiceField(choices=DataClass.choices, required=False)
    answers = serializers.DictField(
        child=serializers.CharField(max_length=80), required=False, help_text="Answers to the questions of the policy: key -> value"
    )
    changelog = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    descriptor = DescriptorInput(required=False, help_text="Hosted models only, and only while the version is a draft")


class VersionInput(StrictSerializer):
    """A new version."""

    version = serializers.CharField(max_length=96)
    changelog = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    descriptor = DescriptorInput(required=False, help_text="Needed for hosted models")
    upstream_commit = serializers.CharField(max_length=80, required=False, allow_blank=True)


class AliasInput(StrictSerializer):
    """Where an alias points."""

    version = serializers.CharField(max_length=96)


class GrantInput(StrictSerializer):
    """A right to use a model: for one person or one team, for one use, until an end."""

    user = serializers.CharField(max_length=96, required=False)
    team = serializers.CharField(max_length=96, required=False)
    use_case = serializers.IntegerField(min_value=1, max_value=2**62)
    environment = serializers.ChoiceField(choices=Environment.choices, default=Environment.PRODUCTION)
    data_class = serializers.ChoiceField(choices=DataClass.choices, default=DataClass.INTERNAL)
    until = serializers.DateTimeField()


class SharingChange(StrictSerializer):
    """Who knows of a model; what is left out stays."""

    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)
    teams = serializers.ListField(
        child=serializers.CharField(max_length=96), max_length=200, required=False, help_text="Names of teams or units, where the visibility is teams"
    )
    files_on_request = serializers.BooleanField(required=False, help_text="Whoever may not read its files does not see which there are either")


class SharingInput(SharingChange):
    """Who knows of a model, all of it."""

    visibility = serializers.ChoiceField(choices=Visibility.choices)


class UseCaseInput(StrictSerializer):
    """A new use case of one of your teams."""

    name = serializers.CharField(max_length=120)
    team = serializers.CharField(max_length=96)
    owner = serializers.CharField(max_length=96, required=False, help_text="User name of somebody in the team; without: you")
    business_unit = serializers.CharField(max_length=120, required=False, allow_blank=True)
    data_class = serializers.ChoiceField(choices=DataClass.choices, default=DataClass.INTERNAL)


class UseCaseChange(StrictSerializer):
    """What may be changed on a use case; what is left out stays."""

    name = serializers.CharField(max_length=120, required=False)
    owner = serializers.CharField(max_length=96, required=False, help_text="User name of somebody in the team")
    business_unit = serializers.CharField(max_length=120, required=False, allow_blank=True)
    data_class = serializers.ChoiceField(choices=DataClass.choices, required=False)
    is_open = serializers.BooleanField(required=False, help_text="False closes it: nobody asks for new access under it")


class ReasonInput(StrictSerializer):
    """Why somebody asks."""

    reason = serializers.CharField(max_length=2_000)


class StandingOutput(serializers.Serializer[Any]):
    """May I use it?"""

    key = serializers.ChoiceField(choices=["ready", "needs_access", "in_review", "not_approved", "stopped", "listed"])
    badge = serializers.CharField()
    next_step = serializers.CharField()


class ModelDetail(serializers.Serializer[Any]):
    """A model, as this caller may see it."""

    id = serializers.UUIDField()
    team = serializers.CharField()
    name = serializers.CharField()
    display_name = serializers.CharField(allow_blank=True)
    url = serializers.CharField()
    kind = serializers.ChoiceField(choices=ModelKind.choices)
    origin = serializers.ChoiceField(choices=Origin.choices)
    state = serializers.ChoiceField(choices=ModelState.choices)
    visibility = serializers.ChoiceField(choices=Visibility.choices)
    summary = serializers.CharField(allow_blank=True)
    task = serializers.CharField(allow_blank=True)
    library = serializers.CharField(allow_blank=True)
    framework = serializers.CharField(allow_blank=True)
    license = serializers.CharField(allow_blank=True)
    modality = serializers.CharField(allow_blank=True)
    publisher = serializers.CharField(allow_blank=True)
    parameters = serializers.IntegerField(allow_null=True)
    base_model = serializers.CharField(allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField())
    tier = serializers.ChoiceField(choices=["", *Tier.values], help_text="Empty: unknown")
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    external_id = serializers.CharField(allow_blank=True)
    accountable = serializers.CharField(allow_null=True)
    pulls_30d = serializers.IntegerField()
    teams_30d = serializers.IntegerField()
    files_on_request = serializers.BooleanField(help_text="Only whoever may read the files sees which there are")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    standing = StandingOutput()
    aliases = serializers.DictField(child=serializers.CharField(), help_text="Alias -> version")


class SharingOutput(serializers.Serializer[Any]):
    """Who knows of a model, and who sees which files it has."""

    visibility = serializers.ChoiceField(choices=Visibility.choices)
    teams = serializers.ListField(child=serializers.CharField(), help_text="Those it is shown to, with the teams below them")
    files_on_request = serializers.BooleanField()


class UseCaseRef(serializers.Serializer[Any]):
    """A use case in short."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class UseCaseOutput(UseCaseRef):
    """What models are used for."""

    team = serializers.CharField()
    owner = serializers.CharField()
    business_unit = serializers.CharField(allow_blank=True)
    data_class = serializers.ChoiceField(choices=DataClass.choices)
    is_open = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class VersionOutput(serializers.Serializer[Any]):
    """A version."""

    model = serializers.CharField(help_text="team/name")
    version = serializers.CharField()
    url = serializers.CharField()
    state = serializers.ChoiceField(choices=VersionState.choices)
    state_note = serializers.CharField(allow_blank=True)
    aliases = serializers.ListField(child=serializers.CharField())
    changelog = serializers.CharField(allow_blank=True)
    manifest_digest = serializers.CharField(allow_blank=True, help_text="sha256 of the manifest; empty until the first submit")
    descriptor = serializers.DictField(allow_null=True)
    bytes = serializers.IntegerField(
        allow_null=True, help_text="Null before the first submit, and where the files are on request and you may not read them"
    )
    upstream_commit = serializers.CharField(allow_blank=True)
    answers = serializers.DictField()
    tier = serializers.ChoiceField(choices=["", *Tier.values])
    tier_because = serializers.ListField(child=serializers.CharField())
    policy = serializers.CharField(allow_blank=True)
    card_revision = serializers.IntegerField(allow_null=True)
    use_case = UseCaseRef(allow_null=True)
    environment = serializers.ChoiceField(choices=Environment.choices)
    data_class = serializers.ChoiceField(choices=DataClass.choices)
    created_by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    submitted_by = serializers.CharField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    sunset_at = serializers.DateField(allow_null=True)


class ApprovalOutput(serializers.Serializer[Any]):
    """A yes to a version for one use."""

    use_case = UseCaseRef()
    environment = serializers.ChoiceField(choices=Environment.choices)
    data_class = serializers.ChoiceField(choices=DataClass.choices)
    conditions = serializers.ListField(child=serializers.CharField())
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField()
    stop_at = serializers.DateTimeField()
    voided_at = serializers.DateTimeField(allow_null=True)
    void_reason = serializers.CharField(allow_blank=True)
    manifest_digest = serializers.CharField()


class VersionDetail(VersionOutput):
    """A version with its approvals, also those that ended."""

    approvals = ApprovalOutput(many=True)


class AliasOutput(serializers.Serializer[Any]):
    """A name that points to a version."""

    alias = serializers.CharField()
    version = serializers.CharField()
    protected = serializers.BooleanField(help_text="Only an approved version may carry it")
    updated_at = serializers.DateTimeField()


class GrantOutput(serializers.Serializer[Any]):
    """A right to use a model."""

    id = serializers.IntegerField()
    user = serializers.CharField(allow_null=True)
    team = serializers.CharField(allow_null=True)
    use_case = UseCaseRef()
    environment = serializers.ChoiceField(choices=Environment.choices)
    data_class = serializers.ChoiceField(choices=DataClass.choices)
    created_at = serializers.DateTimeField()
    until = serializers.DateTimeField()


class AskedOutput(serializers.Serializer[Any]):
    """Who was asked."""

    model = serializers.CharField()
    asked = serializers.ListField(child=serializers.CharField(), help_text="User names of the owners who were told")


class VersionPage(serializers.Serializer[Any]):
    """Some versions."""

    results = VersionOutput(many=True)
    next = serializers.CharField(allow_null=True)


class GrantPage(serializers.Serializer[Any]):
    """Some grants."""

    results = GrantOutput(many=True)
    next = serializers.CharField(allow_null=True)


class UseCasePage(serializers.Serializer[Any]):
    """Some use cases."""

    results = UseCaseOutput(many=True)
    next = serializers.CharField(allow_null=True)


def path_of(model: RegisteredModel, *rest: str) -> str:
    """Return the address of a model, or of something in it, under /api/v1/."""
    return "/".join([f"/api/v1/models/{model}", *rest])


def username_of(person: Any) -> str | None:
    """Return the user name, or nothing where nobody is named."""
    return person.username if person else None


def model_shape(model: RegisteredModel, standing: Standing, aliases: list[Alias]) -> dict[str, Any]:
    """Return a model as JSON."""
    facts = {name: getattr(model, name) for name in FACTS}
    who = {"id": model.uid, "team": model.team.name, "name": model.name, "accountable": username_of(model.accountable)}
    stands = {"key": standing.key, "badge": standing.badge, "next_step": standing.next_step}
    return who | facts | {"url": settings.PUBLIC_URL + path_of(model), "standing": stands, "aliases": {a.name: a.version.version for a in aliases}}


def use_case_ref(use_case: UseCase | None) -> dict[str, Any] | None:
    """Return a use case in short."""
    return {"id": use_case.pk, "name": use_case.name} if use_case else None


def version_shape(version: ModelVersion, *, shows_size: bool) -> dict[str, Any]:
    """Return a version as JSON, without its size where the files are on request."""
    plain = (
        "version", "state", "state_note", "changelog", "manifest_digest", "descriptor", "upstream_commit", "answers", "tier",
        "tier_because", "policy", "card_revision", "environment", "data_class", "created_at", "submitted_at", "sunset_at",
    )  # fmt: skip
    return {name: getattr(version, name) for name in plain} | {
        "bytes": version.bytes if shows_size and version.manifest_digest else None,
        "model": str(version.model),
        "url": settings.PUBLIC_URL + path_of(version.model, "versions", version.version),
        "aliases": sorted(alias.name for alias in version.aliases.all()),
        "use_case": use_case_ref(version.use_case),
        "created_by": username_of(version.created_by),
        "submitted_by": username_of(version.submitted_by),
    }


def approval_shape(approval: Approval) -> dict[str, Any]:
    """Return an approval as JSON."""
    plain = ("environment", "data_class", "conditions", "valid_from", "valid_until", "stop_at", "voided_at", "void_reason", "manifest_digest")
    return {"use_case": use_case_ref(approval.use_case)} | {name: getattr(approval, name) for name in plain}


def alias_shape(alias: Alias) -> dict[str, Any]:
    """Return an alias as JSON."""
    return {"alias": alias.name, "version": alias.version.version, "protected": alias.is_protected, "updated_at": alias.updated_at}


def grant_shape(grant: AccessGrant) -> dict[str, Any]:
    """Return a grant as JSON."""
    plain = {name: getattr(grant, name) for name in ("id", "environment", "data_class", "created_at", "until")}
    subject = {"user": username_of(grant.user), "team": grant.team.name if grant.team else None}
    return plain | subject | {"use_case": use_case_ref(grant.use_case)}


def use_case_shape(use_case: UseCase) -> dict[str, Any]:
    """Return a use case as JSON."""
    plain = {name: getattr(use_case, name) for name in ("id", "name", "business_unit", "data_class", "is_open", "created_at")}
    return plain | {"team": use_case.team.name, "owner": use_case.owner.username}
