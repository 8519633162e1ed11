"""One person's decision on one track, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from catalog.registry.actions import give_approval, lock_version, move_version
from catalog.registry.states import VersionState
from governance.reviews.actions.opening import open_to_reviewers
from governance.reviews.models import Decision, Review, ReviewTrack
from governance.reviews.permissions import require_decider
from governance.reviews.queries import (
    acknowledging_track,
    approvals_count,
    card_track,
    later_run,
    longest_validity,
    missing_waivers,
    moved_card_fields,
    needed_waivers,
    requirements_of,
    silent_fields,
    title_of,
    waiver_givers,
    waivers_in_force,
    warned,
)
from governance.reviews.states import REVIEW_MOVES, Choice, ReviewState, TrackState
from governance.validation.states import Verdict
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid, NotAllowed
from marketplace.lifecycle import move, words

SHORTEST_REASON, LONGEST_REASON = 20, 5_000
MOST_CONDITIONS, LONGEST_CONDITION = 20, 500


@dataclass(frozen=True)
class Vote:
    """What somebody wants to decide, and on which inputs they looked."""

    track: str
    choice: str
    reason: str
    manifest_digest: str
    card_revision: int
    run: int
    conditions: tuple[str, ...] = ()
    valid_until: datetime | None = None
    acknowledged: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()


def decide(
    review: Review,
    track: str,
    choice: str,
    *,
    by: User,
    reason: str,
    manifest_digest: str,
    card_revision: int,
    run: int,
    conditions: Sequence[str] = (),
    valid_until: datetime | None = None,
    acknowledged: Sequence[str] = (),
    accepted: Sequence[str] = (),
) -> Decision:
    """Decide on one track of a review. A refusal by the rules of who may decide is remembered although nothing else is."""
    given = tuple(text for c in conditions if (text := " ".join(str(c).split())))
    vote = Vote(track, choice, reason.strip(), manifest_digest, card_revision, run, given, valid_until, tuple(acknowledged), tuple(accepted))
    try:
        with transaction.atomic():
            return _decide(review, vote, by)
    except NotAllowed as refusal:
        _remember_refusal(review, vote, by=by, sentence=refusal.sentence)
        raise


def _decide(review: Review, vote: Vote, by: User) -> Decision:
    """Everything in one transaction; the locks put those who decide at the same moment into one order."""
    version = lock_version(review.version_id)
    review = Review.objects.select_for_update(of=("self",), no_key=True).select_related("run").get(pk=review.pk)
    review.version = version
    track = ReviewTrack.objects.select_related("review__version__model__team").filter(review=review, track=vote.track).first()
    if track is None:
        asked = ", ".join(ReviewTrack.objects.filter(review=review).values_list("track", flat=True))
        raise Invalid(f"{review} has no track {vote.track!r}.", fields={"track": [f"Use one of {asked}."]})
    require_decider(by, track)
    _require_open(review, track, by)
    _require_same_inputs(review, vote)
    _require_waivers(review, vote)
    _require_good_checks(review, vote)
    _check(review, vote)
    decision = Decision.objects.create(
        review=review,
        track=vote.track,
        by=by,
        choice=vote.choice,
        reason=vote.reason,
        conditions=list(vote.conditions),
        acknowledged=bool(vote.acknowledged),
        acknowledged_checks=sorted(set(vote.acknowledged)),
        accepted=sorted(set(vote.accepted)),
        manifest_digest=review.manifest_digest,
        card_revision=review.card_revision,
        checks_run=review.run_id,
        valid_until=vote.valid_until,
    )
    record(
        "review.decided",
        review,
        by=by,
        texts={"reason": vote.reason, "conditions": "\n".join(vote.conditions)},
        version=review.version,
        track=vote.track,
        choice=vote.choice,
        acknowledged=vote.acknowledged,
        accepted=vote.accepted,
        manifest=review.manifest_digest,
        card_revision=review.card_revision,
        run=review.run_id,
        policy=review.policy,
        valid_until=vote.valid_until,
    )
    _follow(review, track, vote, by)
    return decision


def _require_open(review: Review, track: ReviewTrack, by: User) -> None:
    """Refuse a decision that comes too late: the review or the track is no longer waiting for one."""
    if review.state != ReviewState.OPEN:
        raise Conflict(f"{review} is {words(review.state)}; nothing more is decided there.", hint="Reload to see how it ended.", moved=["state"])
    earlier = Decision.objects.filter(review=review, track=track.track, is_current=True).select_related("by").order_by("-pk").first()
    if earlier is not None and (earlier.by_id == by.pk or track.state != TrackState.WAITING):
        who = "You" if earlier.by_id == by.pk else str(earlier.by)
        raise Conflict(
            f"{who} already decided on {title_of(track.track)} of {review}: {earlier.get_choice_display().lower()}.",
            hint="Reload to see what is still needed.",
            moved=["track"],
        )


def _require_same_inputs(review: Review, vote: Vote) -> None:
    """Refuse a decision on something else than what is pinned now, and name what moved."""
    moved: dict[str, str] = {}
    if vote.manifest_digest != review.manifest_digest:
        moved["manifest_digest"] = f"the files (you saw {vote.manifest_digest[:12]}…, now {review.manifest_digest[:12]}…)"
    if vote.card_revision != review.card_revision:
        moved["card_revision"] = f"the card (you saw revision {vote.card_revision}, now {review.card_revision})"
    if vote.run != review.run_id:
        moved["run"] = f"the checks (you saw run {vote.run}, now {review.run_id})"
    if moved:
        raise Conflict(
            f"{review} changed since you opened it: {' and '.join(moved.values())}.",
            hint="Your text is kept. Look at what changed, then decide.",
            code="inputs-moved",
            moved=list(moved),
            manifest_digest=review.manifest_digest,
            card_revision=review.card_revision,
            run=review.run_id,
        )
    if vote.choice == Choice.APPROVE and (fields := moved_card_fields(review)):
        raise Conflict(
            f"The card was changed after {review.version} was submitted: {', '.join(fields)}. An approval would be void at once.",
            hint="Your text is kept. Request changes, so that it is submitted again with the card as it is now.",
            code="inputs-moved",
            moved=["card_fields"],
        )


def _require_waivers(review: Review, vote: Vote) -> None:
    """Refuse a yes while a waiver that the policy asks for is missing or over."""
    if vote.choice == Choice.APPROVE and (missing := missing_waivers(review)):
        givers = ", ".join(str(person) for person in waiver_givers(review))
        raise Conflict(
            f"Policy {review.policy} lets nobody approve {review} without a waiver for {' and '.join(words(matter) for matter in missing)}.",
            hint=f"Governance gives it on this page: {givers}." if givers else "Nobody of governance who was not involved can give it.",
            code="waiver-missing",
            missing=missing,
        )


def _require_good_checks(review: Review, vote: Vote) -> None:
    """Refuse a yes while a later look at the same files failed, or could not run: what an older run said is no longer known to be true."""
    later = later_run(review) if vote.choice == Choice.APPROVE else None
    if later is not None and later["outcome"] not in {Verdict.PASS, Verdict.WARN}:
        how = "failed" if later["outcome"] == Verdict.FAIL else "could not run"
        raise Conflict(
            f"The checks of {review.version} {how} when they ran again after {review} was opened (run {later['run']}).",
            hint="Look at that run; ask for the checks again, request changes or reject.",
            code="checks-failed-since",
            run=later["run"],
        )


def _check(review: Review, vote: Vote) -> None:
    """Raise Invalid with everything that is wrong with a vote."""
    problems: dict[str, list[str]] = {}
    if vote.choice not in Choice.values:
        problems["choice"] = [f"Use one of {', '.join(Choice.values)}."]
    shortest = 0 if review.tier == "T4" else SHORTEST_REASON
    if not shortest <= len(vote.reason) <= LONGEST_REASON:
        problems["reason"] = [f"Say why in {shortest} to {LONGEST_REASON} characters; it has {len(vote.reason)}."]
    problems |= _conditions(vote) | _validity(review, vote)
    tracks = list(ReviewTrack.objects.filter(review=review).values_list("track", flat=True))
    problems |= _acknowledged(review, vote, tracks)
    problems |= _accepted(review, vote, tracks)
    if problems:
        raise Invalid("The decision was not stored.", fields=problems)


def _acknowledged(review: Review, vote: Vote, tracks: list[str]) -> dict[str, list[str]]:
    """What is wrong with what was acknowledged: an approval of the track that looks at warnings names every check that gave one."""
    speaks = vote.choice == Choice.APPROVE and vote.track == acknowledging_track(tracks)
    warnings = warned(review) if speaks or vote.acknowledged else {}
    if unknown := sorted(set(vote.acknowledged) - warnings.keys()):
        use = f"Use {', '.join(warnings)}." if warnings else "There is no warning to acknowledge."
        return {"acknowledged": [f"{', '.join(unknown)} gave no warning. {use}"]}
    if speaks and (missing := [title for check, title in warnings.items() if check not in vote.acknowledged]):
        return {"acknowledged": [f"Look at each warning and say that you did. Still missing: {', '.join(missing)}."]}
    return {}


def _accepted(review: Review, vote: Vote, tracks: list[str]) -> dict[str, list[str]]:
    """What is wrong with what was accepted: an approval of the track that reads the card accepts every field the supplier keeps silent about."""
    speaks = vote.choice == Choice.APPROVE and vote.track == card_track(tracks)
    silent = silent_fields(review) if speaks else {}
    if vote.accepted and set(vote.accepted) - silent.keys():
        return {"accepted": [f"Use one of {', '.join(silent)}." if silent else "There is nothing to accept with this decision."]}
    if missing := [title for key, title in silent.items() if key not in vote.accepted]:
        return {"accepted": [f"The supplier does not disclose {', '.join(missing)}. Say that you accept it, or request changes."]}
    return {}


def _conditions(vote: Vote) -> dict[str, list[str]]:
    """What is wrong with the conditions."""
    if vote.conditions and vote.choice != Choice.APPROVE:
        return {"conditions": ["Only an approval has conditions; write what must change into the reason."]}
    if len(vote.conditions) > MOST_CONDITIONS or any(len(c) > LONGEST_CONDITION for c in vote.conditions):
        return {"conditions": [f"Use at most {MOST_CONDITIONS} conditions of at most {LONGEST_CONDITION} characters."]}
    return {}


def _validity(review: Review, vote: Vote) -> dict[str, list[str]]:
    """What is wrong with the end that was asked for: it may only be earlier than the policy's."""
    if vote.valid_until is None:
        return {}
    if vote.choice != Choice.APPROVE:
        return {"valid_until": ["Only an approval has an end."]}
    latest = longest_validity(requirements_of(review))
    if vote.valid_until.date() > latest.date():
        return {"valid_until": [f"The end may only be shortened: at most {date_format(latest, 'j M Y')} by policy {review.policy}."]}
    if vote.valid_until <= timezone.now():
        return {"valid_until": ["The end must lie in the future."]}
    return {}


def _follow(review: Review, track: ReviewTrack, vote: Vote, by: User) -> None:
    """Do what a vote leads to: close the track, and with the last one the review."""
    if vote.choice == Choice.REJECT:
        _close_track(track, TrackState.REJECTED)
        _close(review, ReviewState.REJECTED, by=by)
        move_version(review.version, VersionState.REJECTED, verb="version.rejected", by=by, note=vote.reason, texts={"reason": vote.reason})
        open_to_reviewers(review.version.model, by=by)
    elif vote.choice == Choice.REQUEST_CHANGES:
        _close_track(track, TrackState.CHANGES_REQUESTED)
        move(review, ReviewState.CHANGES_REQUESTED, allowed=REVIEW_MOVES)
        texts = {"reason": vote.reason}
        # Everybody who sees the version reads its note; the reason is for those who read the review.
        note = f"Changes were requested in {review}."
        move_version(review.version, VersionState.CHANGES_REQUESTED, verb="version.changes_requested", by=by, note=note, texts=texts)
    elif approvals_count(review, track.track) >= track.quorum:
        _close_track(track, TrackState.APPROVED)
        if not ReviewTrack.objects.filter(review=review).exclude(state=TrackState.APPROVED).exists():
            _approve(review, by)


def _close_track(track: ReviewTrack, state: str) -> None:
    ReviewTrack.objects.filter(pk=track.pk, state=TrackState.WAITING).update(state=state)


def _close(review: Review, state: str, *, by: User) -> None:
    """End a review."""
    move(review, state, allowed=REVIEW_MOVES, closed_at=timezone.now())
    record("review.closed", review, by=by, outcome=state, version=review.version)


def _approve(review: Review, by: User) -> None:
    """Every track agreed: approve the version until the earliest end that anybody asked for."""
    votes = list(Decision.objects.filter(review=review, choice=Choice.APPROVE, is_current=True))
    needed, version = requirements_of(review), review.version
    waived = waivers_in_force(version).filter(matter__in=needed_waivers(review)).values_list("until", flat=True)
    end = min([longest_validity(needed), *(v.valid_until for v in votes if v.valid_until), *waived])
    if end <= timezone.now():
        raise Conflict(
            f"An earlier approval on {review} asked for an end that has passed: {date_format(end, 'j M Y')}.",
            hint="Request changes, so that the review starts again.",
        )
    _close(review, ReviewState.APPROVED, by=by)
    move_version(version, VersionState.APPROVED, verb="version.approved", by=None, note="")
    give_approval(
        version,
        by=None,
        valid_until=end,
        grace_days=needed.stop_grace_days,
        conditions=list(dict.fromkeys(c for v in votes for c in v.conditions)),
        checks_run=review.run_id,
        policy=review.policy,
        review=review.pk,
    )
    open_to_reviewers(version.model, by=by)


def _remember_refusal(review: Review, vote: Vote, *, by: User, sentence: str) -> None:
    """Record who tried what they may not do, in a transaction of its own."""
    choice = vote.choice if vote.choice in Choice.values else "unknown"
    with transaction.atomic():
        record("review.refused", review, by=by, track=vote.track[:40], choice=choice, why=sentence.replace(str(by), "the person"))
