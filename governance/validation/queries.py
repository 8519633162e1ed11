"""Finding runs of checks and what they said."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from catalog.artifacts.queries import files_of, uploads_of
from catalog.cards.models import CardRevision
from catalog.cards.queries import current_card
from catalog.cards.schema import is_undisclosed
from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.queries import rank
from catalog.registry.states import VersionState
from governance.policies.queries import live_policy
from governance.policies.rules import Policy
from governance.validation.checks.pickles import MATTER, Pickles
from governance.validation.duties import Duties, FileOnHand, duties
from governance.validation.facts import facts_of_files, known, schema_of
from governance.validation.models import CheckResult, Finding, Release, ValidationRun
from governance.validation.states import LEADING, WORST_FIRST, Reason, RunState, Severity, Verdict
from marketplace.errors import NotFound
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import allowed, visible

Viewer = Any
MATTERS = {MATTER: Pickles.id}
LOST_AFTER = timedelta(seconds=20)
BATCH = 200
# Stored versions whose checks may be asked again, and are when the rules change; what is found then only takes away.
TRY_AGAIN, MOST_FAILED = timedelta(hours=1), 3
S = VersionState
STORED = frozenset({S.IN_REVIEW, S.CHANGES_REQUESTED, S.APPROVED, S.SUSPENDED, S.EXPIRED, S.DEPRECATED})


def runs_for(viewer: Viewer) -> QuerySet[ValidationRun]:
    """The runs over versions of models that somebody may see."""
    return visible(_runs(), to=viewer, via="version__model")


def _runs() -> QuerySet[ValidationRun]:
    """Runs with their version, and the number of the finished one before each: over the same version, else over the model's one before.

    It is called `previous`, its version `previous_version`.
    """
    earlier = ValidationRun.objects.filter(version__model=OuterRef("version__model"), pk__lt=OuterRef("pk"), state=RunState.FINISHED)
    same, any_of = earlier.filter(version=OuterRef("version")).order_by("-pk"), earlier.order_by("-pk")
    named = {
        "previous": Coalesce(Subquery(same.values("pk")[:1]), Subquery(any_of.values("pk")[:1])),
        "previous_version": Coalesce(Subquery(same.values("version__version")[:1]), Subquery(any_of.values("version__version")[:1])),
    }
    return ValidationRun.objects.select_related("version__model__team", "requested_by", "rule_set").annotate(**named)


def run_for(viewer: Viewer, pk: int) -> ValidationRun:
    """One run; NotFound when there is none for this viewer."""
    found = runs_for(viewer).filter(pk=pk).first() if 0 <= pk < 2**63 else None
    if found is None:
        raise NotFound
    return found


def runs_of(version: ModelVersion) -> QuerySet[ValidationRun]:
    """The runs over a version that was found for a viewer, newest first."""
    return _runs().filter(version=version).order_by("-pk")


def latest_run(version: ModelVersion) -> Any:
    """The newest run over a version, with how many checks `counted` and how many of them `passed`; none before the first submit.

    A rescan counts from its end on: until then the last answer stands.
    """
    counted, passed = Count("results", filter=~Q(results__verdict=Verdict.NA)), Count("results", filter=Q(results__verdict=Verdict.PASS))
    return runs_of(version).exclude(_is_open_rescan()).annotate(counted=counted, passed=passed).first()


def _is_open_rescan() -> Q:
    return Q(reason=Reason.RESCAN) & ~Q(state=RunState.FINISHED)


def latest_run_of_model(model: RegisteredModel) -> ValidationRun | None:
    """The newest run over any version of a model that was found for a viewer."""
    return _runs().filter(version__model=model).exclude(_is_open_rescan()).order_by("-pk").first()


def sees_evidence(viewer: Viewer, run: ValidationRun) -> bool:
    """Whether somebody works with the model: others see what was found, not where and not the raw evidence."""
    return allowed(viewer, Need.WORK, run.version.model)


def results_of(run: ValidationRun) -> QuerySet[CheckResult]:
    """What each check said, in the order of the checks, each with its findings, the gravest first."""
    findings = Finding.objects.order_by(rank("severity", list(reversed(Severity.values))), "pk")
    return CheckResult.objects.filter(run=run).order_by("place", "pk").prefetch_related(Prefetch("findings", findings))


def result_named(run: ValidationRun, check: str) -> CheckResult | None:
    """What one check said in a run, with its findings; None when it did not say anything."""
    return None if "\0" in check else results_of(run).filter(check_id=check).first()


def releases_of(run: ValidationRun) -> dict[str, Release]:
    """What security released of the version of a run: fingerprint of the findings -> release."""
    return {row.fingerprint: row for row in Release.objects.filter(version=run.version_id).select_related("released_by", "seconded_by")}


def last_quarantining(version: ModelVersion) -> ValidationRun | None:
    """The newest run that found the bytes dangerous, about the version as it is now."""
    pins = {"manifest_digest": version.manifest_digest, "card_revision": version.card_revision or 0}
    return ValidationRun.objects.filter(version=version, quarantines=True, **pins).order_by("-pk").first()


def newer_than(run: ValidationRun) -> int | None:
    """The number of the newest run over the same version, if there is a newer one."""
    return ValidationRun.objects.filter(version=run.version_id, pk__gt=run.pk).order_by("-pk").values_list("pk", flat=True).first()


def matters_in(run: ValidationRun) -> frozenset[str]:
    """What the checks of a run let pass with a warning alone, in the words in which a policy speaks of waivers."""
    warned = CheckResult.objects.filter(run=run, check_id__in=list(MATTERS.values()), verdict=Verdict.WARN).values_list("check_id", flat=True)
    return frozenset(matter for matter, check in MATTERS.items() if check in set(warned))


def findings_of(run: ValidationRun) -> QuerySet[Finding]:
    """All findings of a run: of the worst verdict first, and within it the gravest."""
    verdict = rank("result__verdict", [str(verdict) for verdict in WORST_FIRST])
    rows = Finding.objects.filter(result__run=run).select_related("result")
    return rows.order_by(verdict, rank("severity", list(reversed(Severity.values))), "pk")


def findings_in(results: Iterable[CheckResult]) -> list[Finding]:
    """The same from the results of a run that were read with their findings."""
    verdicts, severities = [str(verdict) for verdict in WORST_FIRST], list(reversed(Severity.values))
    found = [finding for result in results for finding in result.findings.all()]
    return sorted(found, key=lambda f: (verdicts.index(f.result.verdict), severities.index(f.severity), f.pk))


@dataclass(frozen=True)
class Change:
    """A check that says something else than in the run before; nothing where it was not asked."""

    title: str
    check: str
    then: str
    now: str


@dataclass(frozen=True)
class Comparison:
    """How the findings and verdicts of a run differ from the run before, of which this has the number and the version."""

    before: int | None
    version: str
    new: list[Finding]
    fixed: list[Finding]
    same: list[Finding]
    changed: list[Change]


def compare_with_previous(run: Any, findings: Iterable[Finding], results: Iterable[CheckResult] | None = None) -> Comparison:
    """Compare a run, as the queries here give it, with the finished one before it: over the same version, else over the one before."""
    before = run.previous
    now = {_key(finding): finding for finding in findings}
    then = {_key(finding): finding for finding in Finding.objects.filter(result__run=before).select_related("result")} if before else {}
    return Comparison(
        before,
        run.previous_version or "",
        [finding for key, finding in now.items() if before and key not in then],
        [finding for key, finding in then.items() if key not in now],
        [finding for key, finding in now.items() if key in then],
        _changes(before, results_of(run) if results is None else results) if before else [],
    )


def _changes(before: int, results: Iterable[CheckResult]) -> list[Change]:
    then = {row.check_id: row for row in CheckResult.objects.filter(run=before)}
    now = {row.check_id: row for row in results}
    pairs = [(check, then.get(check), now.get(check)) for check in {**now, **then}]
    return [
        Change((new or old).title, check, old.verdict if old else "", new.verdict if new else "")  # type: ignore[union-attr]
        for check, old, new in pairs
        if (old.verdict if old else "") != (new.verdict if new else "")
    ]


def _key(finding: Finding) -> tuple[str, ...]:
    return (finding.result.check_id, finding.path, finding.where, finding.message)


def ahead_of(run: ValidationRun) -> int:
    """How many runs wait before this one."""
    return ValidationRun.objects.filter(state=RunState.WAITING, pk__lt=run.pk).count()


def may_be_taken() -> Q:
    """Runs that a worker may take: waiting ones, and running ones whose worker let the lease run out, by the database's clock."""
    return Q(state=RunState.WAITING) | Q(state=RunState.RUNNING, lease_until__lte=Now())


def lost_runs() -> list[int]:
    """Runs whose bell nobody heard: waiting too long, or running without a living worker."""
    never_rung = Q(lease_until=None, requested_at__lte=Now() - LOST_AFTER)
    rows = ValidationRun.objects.filter(may_be_taken(), never_rung | Q(lease_until__lte=Now()))
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


def stale_versions(rules: str) -> QuerySet[ModelVersion]:
    """Stored versions that were not judged by these rules as they are now, the most used first.

    One that could not be looked at is tried again after an hour, three times in all.
    """
    same = ValidationRun.objects.filter(version=OuterRef("pk"), manifest_digest=OuterRef("manifest_digest"), card_revision=OuterRef("card_revision"))
    judged = same.filter(rule_set=rules, state=RunState.FINISHED)
    failed = judged.filter(outcome=Verdict.ERROR).order_by().values("version").annotate(n=Count("pk")).values("n")
    return (
        ModelVersion.objects.filter(~Exists(judged.exclude(outcome=Verdict.ERROR)), state__in=sorted(STORED), card_revision__isnull=False)
        .filter(~Exists(judged.filter(finished_at__gt=Now() - TRY_AGAIN)), ~Exists(same.exclude(state=RunState.FINISHED)))
        .annotate(failed=Coalesce(Subquery(failed), 0))
        .filter(failed__lt=MOST_FAILED)
        .select_related("model")
        .order_by("-model__pulls_30d", "pk")
    )


def run_that_passed(pk: int | str) -> ValidationRun | None:
    """The run that asks for a review: finished without a failure, the newest, and over what the version still is; None otherwise."""
    rows = ValidationRun.objects.select_related("version__model__team", "version__submitted_by", "version__use_case")
    run = rows.filter(pk=pk, state=RunState.FINISHED, outcome__in=[Verdict.PASS, Verdict.WARN], quarantines=False).first()
    if run is None or not is_about_present(run) or _overtaken(run):
        return None
    return run


def _overtaken(run: ValidationRun) -> bool:
    """Whether a later run decides about the same version."""
    return ValidationRun.objects.filter(version=run.version_id, pk__gt=run.pk, reason__in=LEADING).exists()


def is_about_present(run: ValidationRun) -> bool:
    """Whether the version is still what the run looked at, and still waits for it."""
    return run.reason in LEADING and run.version.state == VersionState.VALIDATING and is_about_same(run)


def is_about_same(run: ValidationRun) -> bool:
    """Whether the version still has the files and the card that the run looked at."""
    return (run.version.manifest_digest, run.version.card_revision) == (run.manifest_digest, run.card_revision)


def with_accepted(version: ModelVersion, values: Mapping[str, object]) -> dict[str, object]:
    """Card values in which a supplier's silence that a reviewer of this model accepted says so, as long as it is the very same silence.

    The acceptance stands with the decision and not in the card, so that it makes no approval void.
    """
    silent = {key: dict(value) for key, value in values.items() if isinstance(value, Mapping) and is_undisclosed(value)}
    if not silent:
        return dict(values)
    given = ModelVersion.objects.filter(model=version.model_id, reviews__decisions__is_current=True).order_by()
    rows = [row for row in given.values_list("reviews__decisions__accepted", "reviews__decisions__card_revision") if row[0]]
    cards = dict(CardRevision.objects.filter(model=version.model_id, number__in={row[1] for row in rows}).values_list("number", "values"))
    same = {key for keys, number in rows for key in keys if key in silent and _silence(cards.get(number, {}).get(key)) == _silence(silent[key])}
    return dict(values) | {key: silent[key] | {"accepted": True} for key in same}


def _silence(value: object) -> object:
    return {name: part for name, part in value.items() if name != "accepted"} if isinstance(value, Mapping) else value


def found_facts(version: ModelVersion) -> dict[str, tuple[object, str]]:
    """Card field -> (value, where in which file it was found), from what the last run noted on the files."""
    return facts_of_files(files_of(version))


def duties_of(version: ModelVersion, policy: Policy, card: CardRevision | None) -> Duties:
    """The tier of a version with its reasons, and everything still missing before it can be submitted."""
    files = list(files_of(version))
    return duties(
        version,
        policy,
        files=[FileOnHand(file.path, file.format) for file in files],
        uploads=uploads_of(version).count(),
        card=card,
        facts=facts_of_files(files),
    )


def to_do(version: ModelVersion) -> Duties:
    """What a version owes under the policy in effect and with the present card."""
    return duties_of(version, live_policy()[1], current_card(version.model))


def known_of_model(model: RegisteredModel) -> dict[str, object]:
    """Card field -> value that the newest version answers for: its row, its risk answers and what was found in its files."""
    version = ModelVersion.objects.filter(model=model).select_related("model__team", "model__accountable", "use_case").first()
    if version is None:
        return {}
    return known(version, None, found_facts(version), schema_of(version, version.tier or "T3"))[0]
