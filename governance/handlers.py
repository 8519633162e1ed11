"""What follows from what, above the catalog: checks are through, so a review opens; a version moves, so people are told."""

from catalog.cards.facts import also_knows
from catalog.registry.models import RegisteredModel
from catalog.registry.states import VersionState
from governance.reviews import leaving as reviews_leaving
from governance.reviews.actions import open_review, void_what_changed
from governance.reviews.notices import settle_review_notices, tell_about_version, tell_reviewers, tell_talkers
from governance.reviews.sentences import TELLINGS
from governance.validation.models import ValidationRun
from governance.validation.queries import known_of_model
from governance.validation.states import RunState, Verdict
from marketplace.activity.models import Event
from marketplace.activity.subscribers import on

# Whatever was asked of somebody about a version is answered by these too, although nobody is told.
ANSWERS = ("version.submitted", "version.withdrawn")


def review_what_passed(event: Event) -> None:
    """Open the review when the newest run of a version that is still being checked ended well."""
    run = ValidationRun.objects.select_related("version").filter(pk=event.subject_id).first()
    if run is None or run.state != RunState.FINISHED or run.outcome not in {Verdict.PASS, Verdict.WARN} or run.quarantines:
        return
    newest = ValidationRun.objects.filter(version=run.version_id).order_by("-pk").values_list("pk", flat=True).first()
    if newest == run.pk and run.version.state == VersionState.VALIDATING:
        open_review(run.version, run)


def void_by_card(event: Event) -> None:
    """A card was saved: what was approved on other words in a material field is void."""
    if model := RegisteredModel.objects.filter(pk=event.subject_id).first():
        void_what_changed(model)


def void_by_approval(event: Event) -> None:
    """An approval was given: it is void when the card was saved with other words at the very same moment."""
    if model := RegisteredModel.objects.filter(versions__pk=int(event.subject_id)).first():
        void_what_changed(model)


def connect() -> None:
    """Subscribe to everything that governance reacts to; called once when the app is ready."""
    also_knows(known_of_model)
    reviews_leaving.connect()
    on("run.finished", review_what_passed)
    on("card.saved", void_by_card, within=True)
    # Neither of two transactions sees the other's row: whichever commits last looks again.
    on("card.saved", void_by_card)
    on("approval.given", void_by_approval)
    on("review.opened", tell_reviewers)
    for verb in ("review.decided", "review.closed", "review.withdrawn"):
        on(verb, settle_review_notices)
    on("review.commented", tell_talkers)
    for verb in (*TELLINGS, *ANSWERS):
        on(verb, tell_about_version)
