"""Submitting a version: from here on its files never change, and its checks run."""

from collections.abc import Mapping
from datetime import date

from django.db import transaction

from catalog.artifacts.gate import INSPECTION, Pass, resolve
from catalog.artifacts.manifest import hosted_descriptor, hosted_digest, manifest_digest
from catalog.artifacts.queries import manifest_of
from catalog.cards.queries import current_card
from catalog.registry.actions import change_version, create_use_case, freeze_version, lock_version, move_version
from catalog.registry.models import ModelVersion, UseCase
from catalog.registry.permissions import require_editor
from catalog.registry.states import MAY_SUBMIT, ModelState, VersionState
from governance.policies.queries import live_policy
from governance.validation.duties import Duties
from governance.validation.models import CheckResult, Finding, Release, ValidationRun
from governance.validation.permissions import require_rerunner
from governance.validation.queries import STORED, duties_of, last_quarantining, results_of
from governance.validation.releases import to_release
from governance.validation.ruleset import present_checks
from governance.validation.states import Reason, RunState, Verdict
from governance.validation.tasks import run_checks
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid
from marketplace.lifecycle import words

SHORTEST_REASON, LONGEST_REASON = 20, 2_000
CHECKED_AGAIN = STORED | {VersionState.VALIDATION_FAILED}
HINTS: dict[str, str] = {
    VersionState.DRAFT: "Submit it: then its checks run.",
    VersionState.QUARANTINED: "Two people of security release it; then its checks run again.",
}


@transaction.atomic
def submit(version: ModelVersion, *, by: User) -> ValidationRun:
    """Submit a version: pin files, card, tier and policy, and ask for its checks."""
    require_editor(by, version.model)
    # Nobody adds a file or submits a second time while we look: their locks wait for ours.
    version = (
        ModelVersion.objects.select_for_update(of=("self",), no_key=True)
        .select_related("model__team", "model__accountable", "use_case")
        .get(pk=version.pk)
    )
    require_submittable(version)
    row, policy = live_policy()
    card = current_card(version.model)
    owed = duties_of(version, policy, card)
    require_duties(version, owed)
    if card is None:
        raise Invalid(f"{version} cannot be submitted without a card.", fields={"card": ["Save the card once."]})
    digest, size = pinned(version)
    version = freeze_version(
        version,
        by=by,
        manifest_digest=digest,
        size=size,
        card_revision=card.number,
        tier=owed.tier.tier,
        because=owed.tier.because,
        policy=str(row),
    )
    run = ValidationRun.objects.create(
        version=version, manifest_digest=digest, card_revision=card.number, requested_by=by, total=len(present_checks())
    )
    record("run.requested", run, by=by, version=version, manifest=digest, card_revision=card.number)
    run_checks.delay_on_commit(run.pk)
    return run


@transaction.atomic
def rerun(version: ModelVersion, *, by: User, check: str = "") -> ValidationRun:
    """Ask all checks of a version again, or one of them: then the answers of the others stand, as far as they are about the same."""
    require_rerunner(by, version.model)
    version = lock_version(version.pk)
    last = ValidationRun.objects.filter(version=version, state=RunState.FINISHED).order_by("-pk").first()
    require_rerunnable(version, last)
    known = [row.id for row in present_checks()]
    if check and check not in known:
        raise Invalid("Nothing was asked again.", fields={"check": [f"Use one of {', '.join(known)}, or leave it out for all."]})
    run = new_run(version, reason=Reason.RERUN, by=by, only=check)
    if check and last is not None:
        carry(last, run, besides=check)
    if version.state == VersionState.VALIDATION_FAILED:
        move_version(version, VersionState.VALIDATING, verb="version.checked_again", by=by, note="")
    run_checks.delay_on_commit(run.pk)
    return run


def require_rerunnable(version: ModelVersion, last: ValidationRun | None) -> None:
    """Refuse while checks are under way, before the first submit, and where nothing follows from checks."""
    if version.model.state == ModelState.BLOCKED:
        raise Conflict(f"{version.model} is blocked; nothing of it is checked.", hint="Ask governance why.")
    if ValidationRun.objects.filter(version=version).exclude(state=RunState.FINISHED).exclude(reason=Reason.RESCAN).exists():
        raise Conflict(f"The checks of {version} are under way already.", hint="Wait for their end, then look what they say.")
    if version.state not in CHECKED_AGAIN or last is None:
        raise Conflict(f"{version} is {words(version.state)}; its checks cannot be asked again.", hint=HINTS.get(version.state, "Reload the page."))


def new_run(version: ModelVersion, *, reason: str, by: User | None, only: str = "") -> ValidationRun:
    """Ask for the checks of a version with what was pinned at its submit; whoever calls rings the bell."""
    pins = {"manifest_digest": version.manifest_digest, "card_revision": version.card_revision}
    run = ValidationRun.objects.create(version=version, **pins, reason=reason, only=only, requested_by=by, total=len(present_checks()))
    record(
        "run.requested",
        run,
        by=by,
        version=version,
        manifest=version.manifest_digest,
        card_revision=version.card_revision,
        reason=reason,
        only=only,
    )
    return run


def carry(last: ValidationRun, run: ValidationRun, *, besides: str) -> None:
    """Take over what the other checks said; the worker sees whether it is still about the same, and asks again where it is not."""
    for result in CheckResult.objects.filter(run=last).exclude(check_id=besides).exclude(verdict=Verdict.ERROR).prefetch_related("findings"):
        findings = list(result.findings.all())
        result.carried_from = result.carried_from or last.pk
        result.pk, result.run = None, run
        result.save(force_insert=True)
        for finding in findings:
            finding.pk, finding.result = None, result
        Finding.objects.bulk_create(findings)


@transaction.atomic
def release(version: ModelVersion, *, by: User, seconded_by: User, reason: str) -> ValidationRun:
    """Let a version out of quarantine to its checks; the room that calls it has seen that two people of security agreed.

    What quarantined it is released as it stands: should the checks find anything else now, it is quarantined again.
    """
    if last := last_quarantining(version):
        for result, mark in to_release(results_of(last), last.manifest_digest):
            people = {"released_by": by, "seconded_by": seconded_by}
            Release.objects.get_or_create(
                version=version, fingerprint=mark, defaults={"check_id": result.check_id, "run": last, "reason": reason, **people}
            )
    move_version(version, VersionState.VALIDATING, verb="version.released", by=by, note="", texts={"reason": reason})
    run = new_run(version, reason=Reason.RELEASE, by=by)
    run_checks.delay_on_commit(run.pk)
    return run


@transaction.atomic
def inspect(version: ModelVersion, path: str, *, reason: str, by: User) -> Pass:
    """Let somebody of security read one quarantined file, for a reason that stays in the record; the gate decides."""
    reason = reason.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise Invalid("The file was not opened.", fields={"reason": [f"Say why in {SHORTEST_REASON} to {LONGEST_REASON} characters."]})
    leave = resolve(by, None, version.pk, path, purpose=INSPECTION)
    record("quarantine.opened", version, by=by, texts={"reason": reason}, path=path, sha256=leave.blob.sha256, purpose=INSPECTION)
    return leave


@transaction.atomic
def prepare(
    version: ModelVersion, *, by: User, answers: dict[str, str], environment: str, data_class: str, use_case: UseCase | None, new_use_case: str = ""
) -> ModelVersion:
    """Note what a version is for before it is submitted; a new use case is made when one is named."""
    if new_use_case.strip():
        use_case = create_use_case(new_use_case, team=version.model.team, by=by, data_class=data_class)
    return change_version(version, by=by, use_case=use_case, answers=answers, environment=environment, data_class=data_class)


def require_submittable(version: ModelVersion) -> None:
    """Refuse versions that are under way or decided, and models that are blocked."""
    if version.model.state == ModelState.BLOCKED:
        raise Conflict(f"{version.model} is blocked; nothing of it can be submitted.", hint="Ask governance why.")
    if version.state not in MAY_SUBMIT:
        raise Conflict(
            f"{version} is {words(version.state)}; it cannot be submitted.",
            hint="Reload to see where it stands. For other files, add a new version.",
            state=str(version.state),
        )


def require_duties(version: ModelVersion, owed: Duties) -> None:
    """Refuse with everything that is missing, or because nobody could approve the use."""
    if owed.missing:
        number = len(owed.missing)
        raise Invalid(
            f"{version} cannot be submitted yet: {number} {'thing is' if number == 1 else 'things are'} missing.",
            fields=owed.missing,
            hint="Fill them and submit again; the files stay as they are."
            if owed.answered
            else "Answer the risk questions first: they decide what the card needs.",
            tier=str(owed.tier.tier) if owed.answered else "",
        )
    if owed.tier.blocked:
        raise Conflict(f"{version} cannot be submitted for this use. {' '.join(owed.tier.because)}", hint="Choose another use.", code="use-forbidden")


def pinned(version: ModelVersion) -> tuple[str, int]:
    """Return the digest and the bytes that the submit pins: of the files, or of the descriptor of a hosted service."""
    if version.model.is_hosted:
        return descriptor_digest(version.descriptor or {}), 0
    rows = [{"path": entry.path, "size": entry.size, "sha256": entry.sha256} for entry in manifest_of(version)]
    try:
        return manifest_digest(rows), sum(entry.size for entry in manifest_of(version))
    except ValueError as wrong:
        raise Invalid("The version cannot be submitted with these files.", fields={"files": [str(wrong)]}) from wrong


def descriptor_digest(descriptor: Mapping[str, object]) -> str:
    """Return the digest of a hosted model's descriptor."""
    given = {part: str(descriptor.get(part) or "").strip() for part in ("provider", "endpoint", "snapshot", "region", "contract")}
    end = str(descriptor.get("retirement_date") or "").strip()
    try:
        return hosted_digest(hosted_descriptor(**given, retirement_date=date.fromisoformat(end) if end else None))
    except ValueError as wrong:
        raise Invalid("The version cannot be submitted with this descriptor.", fields={"descriptor": [str(wrong)]}) from wrong
