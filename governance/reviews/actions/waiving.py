"""Waivers: the leave of governance to approve what its policy forbids without one, and its end."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from catalog.registry.actions import lock_version
from catalog.registry.models import ModelVersion
from governance.reviews.actions.voiding import void_and_show
from governance.reviews.models import LONGEST_WAIVER, Review, Waiver
from governance.reviews.permissions import require_waiver_giver
from governance.reviews.queries import approvals_to_keep_true, needed_waivers, waivable, waivers_in_force
from governance.reviews.states import STILL_OPEN
from marketplace.accounts.models import User
from marketplace.activity.actions import record
from marketplace.errors import Conflict, Invalid
from marketplace.lifecycle import words

SHORTEST_REASON, LONGEST_REASON = 20, 2_000


@transaction.atomic
def give_waiver(review: Review, matter: str, *, by: User, reason: str, until: datetime) -> Waiver:
    """Waive one thing for the version of an open review, for at most ninety days."""
    version = lock_version(review.version_id)
    review = Review.objects.select_related("run", "version__model__team").get(pk=review.pk)
    require_waiver_giver(by, review)
    if review.state not in STILL_OPEN:
        raise Conflict(f"{review} is {words(review.state)}; nothing is waived there any more.", hint="Reload to see how it ended.")
    reason, now = reason.strip(), timezone.now()
    if problems := _problems(review, matter, reason, until, now):
        raise Invalid("The waiver was not given.", fields=problems)
    if known := waivers_in_force(version).filter(matter=matter).first():
        raise Conflict(f"{version} has a waiver for {words(matter)} already, until {known.until:%Y-%m-%d}.", hint="End it first to give another one.")
    for over in Waiver.objects.filter(version=version, matter=matter, ended_at=None):
        _end(over, version, by=None)
    end = min(until, now + LONGEST_WAIVER)
    waiver = Waiver.objects.create(version=version, matter=matter, reason=reason, given_by=by, given_at=now, until=end)
    record(
        "waiver.given",
        version,
        by=by,
        texts={"reason": reason},
        matter=matter,
        until=end,
        review=review,
        policy=review.policy,
        manifest=version.manifest_digest,
    )
    return waiver


@transaction.atomic
def end_waiver(waiver: Waiver, *, review: Review, by: User) -> Waiver:
    """End a waiver before its time; an approval that needs it is void."""
    version = lock_version(waiver.version_id)
    require_waiver_giver(by, review)
    if not waivers_in_force(version).filter(pk=waiver.pk).exists():
        raise Conflict("This waiver is over.", hint="Reload the page.")
    _end(waiver, version, by=by)
    lost = [approval.pk for approval in approvals_to_keep_true(version.model).filter(version=version) if _rests_on(waiver.matter, approval.review)]
    if lost:
        void_and_show(version, f"Its waiver for {words(waiver.matter)} was ended", only=lost)
    waiver.refresh_from_db()
    return waiver


def _end(waiver: Waiver, version: ModelVersion, *, by: User | None) -> None:
    Waiver.objects.filter(pk=waiver.pk, ended_at=None).update(ended_at=Now())
    record("waiver.ended", version, by=by, matter=waiver.matter, given=waiver.given_at, until=waiver.until)


def _rests_on(matter: str, number: int | None) -> bool:
    """Whether the review behind an approval needed a waiver for this."""
    review = Review.objects.select_related("run").filter(pk=number or 0).first()
    return review is not None and matter in needed_waivers(review)


def _problems(review: Review, matter: str, reason: str, until: datetime, now: datetime) -> dict[str, list[str]]:
    """Everything that is wrong with a waiver as it was asked for."""
    problems: dict[str, list[str]] = {}
    allowed = waivable(review)
    if matter not in allowed:
        use = f"Use one of {', '.join(allowed)}." if allowed else "There is none."
        problems["matter"] = [f"Policy {review.policy} knows no waiver for this in tier {review.tier}. {use}"]
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        problems["reason"] = [f"Say why in {SHORTEST_REASON} to {LONGEST_REASON} characters; it has {len(reason)}."]
    last = now + LONGEST_WAIVER
    if not now < until < last + timedelta(days=1) or timezone.localdate(until) > timezone.localdate(last):
        problems["until"] = [f"It must end in the future and at most {LONGEST_WAIVER.days} days from now, by {timezone.localdate(last)}."]
    return problems
