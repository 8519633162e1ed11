"""Opening a review when the checks are through; approving the harmless without one."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.registry.actions import give_approval, lock_version, move_version, open_to_tracks
from catalog.registry.models import Approval, ModelVersion, RegisteredModel
from catalog.registry.states import VersionState
from governance.policies.rules import Requirements, TrackNeed, tracks_for
from governance.reviews.clock import add_working_days
from governance.reviews.models import Decision, Review, ReviewTrack
from governance.reviews.queries import longest_validity, open_review_of, rules_of, tracks_reading, undecidable, worst_finding
from governance.reviews.states import REVIEW_MOVES, ReviewState, TrackState
from governance.validation.models import ValidationRun
from governance.validation.queries import matters_in
from governance.validation.states import RunState, Verdict
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.errors import Conflict
from marketplace.lifecycle import move, words


@transaction.atomic
def open_review(version: ModelVersion, run: ValidationRun, *, by: User | None = None) -> Review | None:
    """Open the review of a version whose checks are through, or approve it automatically where the policy says so (None).

    Rung twice it does nothing new. A review that had asked for changes is opened again, with what was submitted now.
    """
    version = lock_version(version.pk)
    if known := Review.objects.filter(version=version, run=run).first():
        return known
    if Approval.objects.filter(version=version, checks_run=run.pk, review=None).exists():
        return None
    _require_checked(version, run)
    policy = rules_of(version.policy)
    needed = policy.requires(version.tier)  # type: ignore[arg-type]
    earlier = open_review_of(version)
    # Whoever asked for changes is owed an answer by a person, and so is whoever needs a waiver: nothing of that is automatic.
    facts = {} if earlier or needed.waiver_needed & matters_in(run) else {"worst_finding": worst_finding(run)}
    tracks = tracks_for(version.tier, facts, policy)  # type: ignore[arg-type]
    if not tracks and earlier is None:
        _approve_automatically(version, run, needed)
        return None
    if not tracks:
        raise Conflict(f"Policy {version.policy} names nobody for {version}.", hint="Governance adds a track to the policy.")
    review = _reopened(earlier, version, run) if earlier else _started(version, run)
    _set_tracks(review, tracks)
    Review.objects.filter(pk=review.pk).update(due_at=add_working_days(timezone.now(), needed.decision_days))
    review.refresh_from_db()
    open_to_reviewers(version.model, by=by)
    move_version(version, VersionState.IN_REVIEW, verb="version.review_opened", by=by)
    _remember(review, tracks, by=by, reopened=earlier is not None)
    return review


@transaction.atomic
def open_to_reviewers(model: RegisteredModel, *, by: User | None) -> RegisteredModel:
    """Let those read a model who review it now, and nobody who did before; called whenever a review opens or ends."""
    # Held until the end, so that of two reviews that open and end at once the later one counts both.
    model = RegisteredModel.objects.select_for_update(no_key=True).get(pk=model.pk)
    return open_to_tracks(model, tracks_reading(model), by=by)


def _require_checked(version: ModelVersion, run: ValidationRun) -> None:
    """Refuse a run that did not end well, or that looked at something else than what is submitted."""
    if run.version_id != version.pk or run.state != RunState.FINISHED or run.outcome not in {Verdict.PASS, Verdict.WARN}:
        raise Conflict(f"The checks of {version} are not through; it cannot be reviewed.", hint="Look at the checks of the version.")
    if (run.manifest_digest, run.card_revision) != (version.manifest_digest, version.card_revision):
        raise Conflict(f"Run {run.pk} checked something else than what {version} is now.", hint="Run the checks again.")
    if version.state != VersionState.VALIDATING:
        raise Conflict(f"{version} is {words(version.state)}; no review opens from there.", hint="Reload to see where it stands.")


def _approve_automatically(version: ModelVersion, run: ValidationRun, needed: Requirements) -> None:
    """Say yes without a person: the policy allows it for this tier and these findings."""
    note = "Approved automatically: the policy asks nobody in this tier while the checks find nothing of weight."
    move_version(version, VersionState.APPROVED, verb="version.approved", by=None, note=note)
    give_approval(
        version,
        by=None,
        valid_until=longest_validity(needed),
        grace_days=needed.stop_grace_days,
        conditions=[],
        checks_run=run.pk,
        policy=version.policy,
        review=None,
    )


def _started(version: ModelVersion, run: ValidationRun) -> Review:
    """Make the review, bound to exactly what is looked at."""
    return Review.objects.create(
        version=version,
        tier=version.tier,
        policy=version.policy,
        manifest_digest=version.manifest_digest,
        card_revision=run.card_revision,
        run=run,
    )


def _reopened(review: Review, version: ModelVersion, run: ValidationRun) -> Review:
    """Open a review again under its number; votes were on another run of the checks, so they no longer count."""
    pins: dict[str, Any] = {"manifest_digest": version.manifest_digest, "card_revision": version.card_revision, "run": run}
    move(review, ReviewState.OPEN, allowed=REVIEW_MOVES, tier=version.tier, policy=version.policy, **pins)
    Decision.objects.filter(review=review, is_current=True).update(is_current=False)
    return review


def _set_tracks(review: Review, tracks: Sequence[TrackNeed]) -> None:
    """Write the tracks that the policy asks for now, each waiting."""
    ReviewTrack.objects.filter(review=review).exclude(track__in=[need.key for need in tracks]).delete()
    for need in tracks:
        ReviewTrack.objects.update_or_create(review=review, track=need.key, defaults={"quorum": need.quorum, "state": TrackState.WAITING})


def _remember(review: Review, tracks: Sequence[TrackNeed], *, by: User | None, reopened: bool) -> None:
    """Record the opening, and loudly every track that nobody can decide."""
    record(
        "review.opened",
        review,
        by=by,
        version=review.version,
        tracks={need.key: need.quorum for need in tracks},
        policy=review.policy,
        manifest=review.manifest_digest,
        card_revision=review.card_revision,
        run=review.run_id,
        due=review.due_at,
        reopened=reopened,
    )
    if stuck := undecidable(review):
        record("review.unreachable", review, by=None, tracks=stuck)
