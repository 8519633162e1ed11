"""What follows from what, above the catalog: checks are through, so a review opens; a version moves, so people are told."""

from catalog.cards.facts import also_knows
from catalog.registry.actions import limit_what_owners_give
from catalog.registry.models import ModelVersion, RegisteredModel
from governance.access.notices import settle_calls, tell_deciders, tell_requester
from governance.access.queries import too_much_to_give
from governance.reviews import leaving as reviews_leaving
from governance.reviews.actions import end_what_rested_on, open_review, void_what_changed
from governance.reviews.alarms import call_security, tell_of_failed_rescan
from governance.reviews.notices import (
    settle_review_notices,
    settle_waiver_notices,
    tell_about_version,
    tell_of_lost_approval,
    tell_reviewers,
    tell_talkers,
)
from governance.reviews.sentences import ANSWERS, TELLINGS
from governance.validation.queries import known_of_model, run_that_passed
from marketplace.activity.models import Event
from marketplace.activity.subscribers import on


def review_what_passed(event: Event) -> None:
    """Open the review when the newest run of a version that is still being checked ended well."""
    if run := run_that_passed(event.subject_id):
        open_review(run.version, run)


def void_by_card(event: Event) -> None:
    """A card was saved: what was approved on other words in a material field is void."""
    if model := RegisteredModel.objects.filter(pk=event.subject_id).first():
        void_what_changed(model)


def end_by_quarantine(event: Event) -> None:
    """A version's bytes are dangerous: its review ends and its approvals are void, in the same transaction."""
    if version := ModelVersion.objects.select_related("model__team").filter(pk=event.subject_id).first():
        end_what_rested_on(version, by=None)


def void_by_approval(event: Event) -> None:
    """An approval was given: it is void when the card was saved with other words at the very same moment."""
    if model := RegisteredModel.objects.filter(versions__pk=int(event.subject_id)).first():
        void_what_changed(model)


def connect() -> None:
    """Subscribe to everything that governance reacts to; called once when the app is ready."""
    also_knows(known_of_model)
    limit_what_owners_give(too_much_to_give)
    reviews_leaving.connect()
    on("run.finished", review_what_passed)
    on("card.saved", void_by_card, within=True)
    # Neither of two transactions sees the other's row: whichever commits last looks again.
    on("card.saved", void_by_card)
    on("approval.given", void_by_approval)
    for verb in ("access.asked", "access.agreed", "access.answered"):
        on(verb, tell_deciders)
    for verb in ("access.granted", "access.denied", "access.questioned"):
        on(verb, tell_requester)
    for verb in ("access.granted", "access.denied", "access.questioned", "access.answered", "access.withdrawn"):
        on(verb, settle_calls)
    on("review.opened", tell_reviewers)
    for verb in ("review.decided", "review.closed", "review.withdrawn"):
        on(verb, settle_review_notices)
    for verb in ("waiver.given", "review.closed", "review.withdrawn"):
        on(verb, settle_waiver_notices)
    on("review.commented", tell_talkers)
    for verb in (*TELLINGS, *ANSWERS):
        on(verb, tell_about_version)
    on("approval.voided", tell_of_lost_approval)
    on("version.quarantined", end_by_quarantine, within=True)
    for verb in ("version.quarantined", "version.suspended", "version.released", "version.rejected", "version.reinstated"):
        on(verb, call_security)
    on("run.finished", tell_of_failed_rescan)
