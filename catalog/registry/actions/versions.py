"""Adding versions, moving them through their life, and naming them by aliases."""

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from catalog.registry.models import PROTECTED_ALIASES, Alias, ModelVersion, RegisteredModel, UseCase
from catalog.registry.permissions import require_editor, require_manager
from catalog.registry.queries import approvals_in_force
from catalog.registry.states import MAY_SUBMIT, MOVES, DataClass, Environment, ModelState, VersionState
from catalog.registry.work import move_version
from marketplace.accounts.actions import check_name
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid
from marketplace.lifecycle import move, words

DESCRIPTOR_FIELDS = ("provider", "endpoint", "snapshot", "region", "contract", "retirement_date")


@transaction.atomic
def add_version(
    model: RegisteredModel,
    version: str,
    *,
    by: User,
    changelog: str = "",
    descriptor: dict[str, Any] | None = None,
    upstream_commit: str = "",
) -> ModelVersion:
    """Add a draft version; hosted models need a descriptor, all others must not have one."""
    require_editor(by, model)
    check_name(version, "version")
    if model.state == ModelState.BLOCKED:
        raise Conflict(f"{model} is blocked; no version can be added.", hint="Ask governance why.")
    if model.is_hosted:
        check_descriptor(descriptor)
    elif descriptor is not None:
        raise Invalid("Only hosted models have a descriptor.", fields={"descriptor": ["Leave it out and send files."]})
    try:
        with transaction.atomic():
            made = ModelVersion.objects.create(
                model=model,
                version=version,
                changelog=changelog[:20_000],
                descriptor=descriptor,
                created_by=by,
                upstream_commit=upstream_commit[:80],
            )
    except IntegrityError as taken:
        raise Conflict(f"{model} already has a version {version}.", hint="Versions never change: choose the next number.") from taken
    if model.state == ModelState.LISTED:
        RegisteredModel.objects.filter(pk=model.pk).update(state=ModelState.DRAFT)
    RegisteredModel.objects.filter(pk=model.pk).update(updated_at=Now())
    record("version.added", made, by=by)
    return made


def check_descriptor(descriptor: dict[str, Any] | None) -> None:
    """Raise Invalid naming every part of a hosted model's descriptor that is missing or wrong."""
    given = descriptor or {}
    problems = {name: ["Say it; it is part of what is approved."] for name in DESCRIPTOR_FIELDS[:5] if not str(given.get(name) or "").strip()}
    problems |= {name: ["There is no such part."] for name in given.keys() - set(DESCRIPTOR_FIELDS)}
    problems |= {
        name: ["Use a text of at most 500 characters."] for name, v in given.items() if v is not None and (not isinstance(v, str) or len(v) > 500)
    }
    end = given.get("retirement_date")
    if end and "retirement_date" not in problems:
        try:
            date.fromisoformat(str(end))
        except ValueError:
            problems["retirement_date"] = ["Use a date like 2027-06-30, or leave it out when the vendor names none."]
    if problems:
        raise Invalid("The descriptor of the hosted model is not complete.", fields={f"descriptor.{k}": v for k, v in problems.items()})


@transaction.atomic
def change_version(
    version: ModelVersion,
    *,
    by: User,
    use_case: UseCase | None = None,
    environment: str | None = None,
    data_class: str | None = None,
    answers: dict[str, Any] | None = None,
    changelog: str | None = None,
    descriptor: dict[str, Any] | None = None,
) -> ModelVersion:
    """Change what is asked for (use, answers) until the version is under checks or decided."""
    require_editor(by, version.model)
    if version.state not in MAY_SUBMIT:
        raise Conflict(f"{version} is {words(version.state)}; it cannot be changed.", hint="Add a new version instead.")
    changes: dict[str, Any] = {
        name: value
        for name, value in (
            ("use_case", use_case),
            ("environment", environment),
            ("data_class", data_class),
            ("answers", answers),
            ("changelog", changelog),
            ("descriptor", descriptor),
        )
        if value is not None
    }
    if descriptor is not None:
        if version.state != VersionState.DRAFT:
            raise Conflict(f"{version} was submitted; its descriptor never changes.", hint="Add a new version instead.")
        check_descriptor(descriptor)
    wrong = {
        name: [f"Use one of {', '.join(choices.values)}."]
        for name, choices in (("environment", Environment), ("data_class", DataClass))
        if name in changes and changes[name] not in choices.values
    }
    if wrong:
        raise Invalid("The version was not changed.", fields=wrong)
    if changes:
        if not ModelVersion.objects.filter(pk=version.pk, state=version.state).update(**changes):
            raise Conflict(f"{version} is no longer {words(version.state)}: somebody was faster.", hint="Reload and look again.")
        version.refresh_from_db()
        record("version.changed", version, by=by, **{k: v for k, v in changes.items() if k != "changelog"})
    return version


def freeze_version(
    version: ModelVersion, *, by: User, manifest_digest: str, size: int, card_revision: int, tier: str, because: list[str], policy: str
) -> ModelVersion:
    """Submit: pin files, card and policy. The room that calls it has checked the duties."""
    if version.manifest_digest and version.manifest_digest != manifest_digest:
        raise Conflict(f"The files of {version} are not those it was first submitted with.", hint="Add a new version instead.")
    move(
        version,
        VersionState.VALIDATING,
        allowed=MOVES,
        manifest_digest=manifest_digest,
        bytes=size,
        card_revision=card_revision,
        tier=tier,
        tier_because=because,
        policy=policy,
        submitted_by=by,
        submitted_at=timezone.now(),
        state_note="",
    )
    RegisteredModel.objects.filter(pk=version.model_id).update(tier=tier, updated_at=Now())
    record("version.submitted", version, by=by, manifest=manifest_digest, card_revision=card_revision, tier=tier, policy=policy)
    return version


@transaction.atomic
def withdraw_version(version: ModelVersion, *, by: User) -> ModelVersion:
    """Take a version back before it is decided."""
    require_editor(by, version.model)
    return move_version(version, VersionState.WITHDRAWN, verb="version.withdrawn", by=by, note="Withdrawn by its publisher.")


@transaction.atomic
def set_alias(model: RegisteredModel, name: str, version: ModelVersion, *, by: User) -> Alias:
    """Point an alias to a version; protected ones only to an approved version, by an owner who did not make it."""
    require_editor(by, model)
    check_name(name, "alias")
    if version.model_id != model.pk:
        raise Invalid("That version belongs to another model.", fields={"version": [f"Use a version of {model}."]})
    if name.lower() in PROTECTED_ALIASES:
        require_manager(by, model)
        if by.pk in {version.created_by_id, version.submitted_by_id}:
            raise Conflict(f"@{name} is protected: whoever made {version} does not move it.", hint="Ask another owner of the team.")
        if not approvals_in_force().filter(version=version, environment=Environment.PRODUCTION).exists():
            raise Conflict(f"@{name} is protected: {version} has no approval for production.", hint="Point it to an approved version.")
    before = Alias.objects.filter(model=model, name__iexact=name).select_related("version").first()
    alias, _ = Alias.objects.update_or_create(
        model=model, name=before.name if before else name, defaults={"version": version, "updated_at": timezone.now()}
    )
    record("alias.set", model, by=by, alias=alias.name, before=before.version.version if before else None, after=version.version)
    return alias


@transaction.atomic
def remove_alias(alias: Alias, *, by: User) -> None:
    """Remove an alias; protected ones only by an owner."""
    (require_manager if alias.is_protected else require_editor)(by, alias.model)
    record("alias.removed", alias.model, by=by, alias=alias.name)
    alias.delete()
