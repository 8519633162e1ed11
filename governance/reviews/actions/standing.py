"""What people decide about a version outside its review: suspend, reinstate, deprecate, retire, quarantine."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from catalog.registry.actions import lock_version, move_version, void_approvals
from catalog.registry.models import ModelVersion
from catalog.registry.permissions import require_manager
from catalog.registry.queries import approvals_in_force
from catalog.registry.states import VersionState
from governance.reviews.actions.opening import open_to_reviewers
from governance.reviews.models import Review
from governance.reviews.permissions import require_retirer, require_security
from governance.reviews.queries import open_review_of, supporters
from governance.reviews.states import REVIEW_MOVES, ReviewState
from marketplace.accounts.models import User
from marketplace.activity.actions import person_id, record
from marketplace.errors import Conflict, Invalid, NotAllowed
from marketplace.lifecycle import move, words

SHORTEST_REASON, LONGEST_REASON = 20, 2_000
NOTICE_DAYS = {"T1": 90}
USUAL_NOTICE_DAYS = 30
PEOPLE_TO_REINSTATE = 2


@transaction.atomic
def suspend_version(version: ModelVersion, *, reason: str, by: User) -> ModelVersion:
    """Stop a version at once: nothing of it leaves for use until two others of security lift it."""
    require_security(by, "suspend a version")
    reason = said_why(reason)
    version = lock_version(version.pk)
    return move_version(version, VersionState.SUSPENDED, verb="version.suspended", by=by, note=reason, texts={"reason": reason}, suspended_by=by)


@transaction.atomic
def reinstate_version(version: ModelVersion, *, reason: str, by: User) -> ModelVersion:
    """Lift a suspension; it takes two people of security, neither of them the one who suspended."""
    require_security(by, "lift a suspension")
    reason = said_why(reason)
    version = lock_version(version.pk)
    if version.state != VersionState.SUSPENDED:
        raise Conflict(f"{version} is {words(version.state)}, not suspended.", hint="Reload to see where it stands.")
    if version.suspended_by_id == by.pk:
        raise NotAllowed("Four-eyes rule: whoever suspended a version does not lift it.", hint="Two others of security decide.", code="four-eyes")
    earlier = supporters(version, "version.reinstatement_supported", since="version.suspended")
    if person_id(by) in earlier:
        raise Conflict(f"You already agreed to reinstate {version}.", hint="One more person of security has to agree.")
    record("version.reinstatement_supported", version, by=by, texts={"reason": reason}, manifest=version.manifest_digest)
    if len(earlier) + 1 < PEOPLE_TO_REINSTATE:
        return version
    back = move_version(version, VersionState.APPROVED, verb="version.reinstated", by=by, note="", suspended_by=None)
    if back.sunset_at is not None:  # it was on its way out before it was suspended
        end = f"It ends on {back.sunset_at:%Y-%m-%d}."
        texts = {"note": f"Its suspension was lifted. {end}"}
        return move_version(back, VersionState.DEPRECATED, verb="version.deprecated", by=by, note=end, texts=texts)
    if not approvals_in_force().filter(version=back).exists():  # it ended, or became void, in the meantime
        return move_version(back, VersionState.EXPIRED, verb="version.expired", by=None, note="Its approval ended while it was suspended.")
    return back


@transaction.atomic
def deprecate_version(version: ModelVersion, *, by: User, sunset_at: date, successor: ModelVersion | None = None, reason: str = "") -> ModelVersion:
    """Say that a version ends on a day, and what to use instead or why."""
    require_manager(by, version.model)
    version = lock_version(version.pk)
    problems: dict[str, list[str]] = {}
    days = NOTICE_DAYS.get(version.tier, USUAL_NOTICE_DAYS)
    if sunset_at < timezone.localdate() + timedelta(days=days):
        problems["sunset_at"] = [f"People need {days} days to move away from a version of tier {version.tier or 'unknown'}."]
    if successor is None and not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        problems["reason"] = [f"Name a successor, or say why there is none in {SHORTEST_REASON} to {LONGEST_REASON} characters."]
    if successor is not None and successor.pk == version.pk:
        problems["successor"] = ["A version does not succeed itself."]
    if problems:
        raise Invalid(f"{version} was not deprecated.", fields=problems)
    # Everybody who sees the version reads its note, also those who do not see the successor: its page shows that to those who may.
    why = "" if successor else reason.strip()
    return move_version(
        version,
        VersionState.DEPRECATED,
        verb="version.deprecated",
        by=by,
        note=f"It ends on {sunset_at:%Y-%m-%d}. {why}".strip(),
        texts={"reason": reason.strip()},
        successor=successor,
        sunset_at=sunset_at,
    )


@transaction.atomic
def retire_version(version: ModelVersion, *, by: User) -> ModelVersion:
    """End a deprecated version after its last day: an owner and somebody of governance agree, in either order."""
    side = require_retirer(by, version.model)
    version = lock_version(version.pk)
    if version.state != VersionState.DEPRECATED or version.sunset_at is None:
        raise Conflict(f"{version} is {words(version.state)}; only a deprecated version is retired.", hint="Deprecate it first.")
    if version.sunset_at > timezone.localdate():
        raise Conflict(f"{version} is promised until {version.sunset_at:%Y-%m-%d}.", hint="Retire it after that day.")
    earlier = supporters(version, "version.retirement_supported", since="version.deprecated", detail="side")
    if person_id(by) in earlier or side in earlier.values():
        raise Conflict(
            f"{'Governance' if side == 'governance' else 'The owner team'} already agreed to retire {version}.",
            hint=f"{'An owner' if side == 'governance' else 'Somebody of governance'} has to agree too.",
        )
    record("version.retirement_supported", version, by=by, side=side)
    if not earlier:
        return version
    return move_version(version, VersionState.RETIRED, verb="version.retired", by=by, note="Retired after its last day.")


@transaction.atomic
def quarantine_version(version: ModelVersion, *, reason: str, by: User) -> ModelVersion:
    """Lock the bytes of a version away because they are dangerous: approvals are void, an open review ends."""
    require_security(by, "quarantine a version")
    reason = said_why(reason)
    version = lock_version(version.pk)
    end_what_rested_on(version, by=by)
    return move_version(version, VersionState.QUARANTINED, verb="version.quarantined", by=by, note=reason, texts={"reason": reason})


def end_what_rested_on(version: ModelVersion, *, by: User | None) -> None:
    """End the open review of a version whose bytes are dangerous, and make its approvals void."""
    if review := open_review_of(version):
        end_review(review, by=by)
    void_approvals(version, reason="Quarantined.", by=by)


def end_review(review: Review, *, by: User | None) -> None:
    """End a review whose version was taken away from under it."""
    move(review, ReviewState.WITHDRAWN, allowed=REVIEW_MOVES, closed_at=timezone.now())
    record("review.closed", review, by=by, outcome=ReviewState.WITHDRAWN, version=review.version)
    open_to_reviewers(review.version.model, by=by)


def said_why(text: str) -> str:
    """The reason, or Invalid: those who depend on the version will read it."""
    text = text.strip()
    if not SHORTEST_REASON <= len(text) <= LONGEST_REASON:
        raise Invalid(
            "Nothing was changed.",
            fields={"reason": [f"Say why in {SHORTEST_REASON} to {LONGEST_REASON} characters; everybody who uses it reads it."]},
        )
    return text
