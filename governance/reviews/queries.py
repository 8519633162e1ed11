"""The approval queue, one review with everything needed to decide, and who can decide."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject, Now
from django.utils import timezone

from catalog.cards.completeness import material_changes
from catalog.cards.models import CardRevision
from catalog.cards.schema import is_undisclosed, schema_for
from catalog.registry.models import Approval, ModelVersion, RegisteredModel
from catalog.registry.queries import model_by_path, version_named
from catalog.registry.states import Origin
from governance.policies.queries import parsed, policy_by_ref, text_of_policy
from governance.policies.rules import Policy, Requirements
from governance.reviews.models import Comment, Decision, Review, ReviewTrack, Waiver
from governance.reviews.permissions import involved, involved_in, voters, whose_reviews
from governance.reviews.quorum import unreachable
from governance.reviews.states import STILL_OPEN, TRACK_TITLES, Choice, ReviewState, TrackState
from governance.validation.facts import schema_of
from governance.validation.models import CheckResult, Finding, ValidationRun
from governance.validation.queries import MATTERS, matters_in
from governance.validation.states import RunState, Severity, Verdict
from marketplace.accounts.models import Kind, OrganizationRole, User
from marketplace.accounts.queries import holders_of
from marketplace.activity.queries import details_of, events_about
from marketplace.errors import Invalid, NotFound
from marketplace.permissions.needs import OrgRole
from marketplace.permissions.queries import tracks_of, visible, within_limits

TABS = ("mine", "tracks", "submitter", "all", "done")


def reviews_for(viewer: Any) -> QuerySet[Review]:
    """The reviews somebody may read: of models they see, as reviewer, overseer or member of the submitting team.

    Whoever decided, and the reviewers of its tracks, may still read a review when the model is closed to them again.
    """
    rows = Review.objects.select_related("version__model__team", "version__use_case", "version__submitted_by", "run")
    seen = visible(Review.objects.order_by(), to=viewer, via="version__model").filter(whose_reviews(viewer)).values("pk")
    decided = Decision.objects.filter(review=OuterRef("pk"), by=viewer.pk)
    asked = ReviewTrack.objects.filter(review=OuterRef("pk"), track__in=sorted(tracks_of(viewer)))
    mine = Q(pk__in=seen) | Exists(decided) | Exists(asked)
    return rows.prefetch_related("tracks").filter(mine, within_limits(viewer, "version__model__"))


def review_numbered(viewer: Any, number: int) -> Review:
    """One review by its number; NotFound when there is none for this viewer."""
    said = CheckResult.objects.filter(run=OuterRef("run")).order_by("place", "pk")
    rows = said.values(row=JSONObject(check_id="check_id", title="title", stage="stage", outcome="verdict", message="sentence"))
    named = {"policy_text": text_of_policy("policy"), "checks": ArraySubquery(rows), "later": Subquery(_later().values(row=LATER)[:1])}
    found = reviews_for(viewer).annotate(**named).filter(pk=number).first()
    if found is None:
        raise NotFound
    return found


def waiting_numbers(viewer: Any) -> list[int]:
    """Numbers of open reviews on which this person can still decide: one of their tracks waits, and the four-eyes rule lets them."""
    voted = Decision.objects.filter(review=OuterRef("pk"), by=viewer.pk, is_current=True)
    mine = list(_waiting_in_my_tracks(viewer).filter(~Exists(voted)).prefetch_related(None))
    barred = involved_in(mine, person=viewer) if mine else {}
    return [review.pk for review in mine if not barred[review.pk]]


def _waiting_in_my_tracks(viewer: Any) -> QuerySet[Review]:
    waits = ReviewTrack.objects.filter(review=OuterRef("pk"), state=TrackState.WAITING, track__in=sorted(tracks_of(viewer)))
    return reviews_for(viewer).filter(Exists(waits), state=ReviewState.OPEN)


def waiting_for(viewer: Any) -> QuerySet[Review]:
    """The open reviews on which this person can still decide."""
    return reviews_for(viewer).filter(pk__in=waiting_numbers(viewer))


def queue(viewer: Any, tab: str, *, mine: Sequence[int]) -> QuerySet[Review]:
    """The rows of one tab: what waits for me (the numbers in `mine`), for my tracks, for the submitter, everything open, and what is done."""
    if tab == "done":
        return reviews_for(viewer).exclude(state__in=sorted(STILL_OPEN)).order_by("-closed_at", "-pk")
    if tab == "mine":
        rows = reviews_for(viewer).filter(pk__in=mine)
    elif tab == "tracks":
        rows = _waiting_in_my_tracks(viewer)
    elif tab == "submitter":
        rows = reviews_for(viewer).filter(state=ReviewState.CHANGES_REQUESTED)
    else:
        rows = reviews_for(viewer).filter(state__in=sorted(STILL_OPEN))
    return rows.order_by("due_at", "tier", "pk")


def finding_counts(runs: list[int]) -> dict[int, Counter[str]]:
    """How many findings of each severity each run has."""
    counted: dict[int, Counter[str]] = {run: Counter() for run in runs}
    rows = Finding.objects.filter(result__run__in=runs).order_by().values_list("result__run", "severity").annotate(n=Count("pk"))
    for run, severity, n in rows:
        counted[run][severity] = n
    return counted


def worst_finding(run: ValidationRun) -> str:
    """The gravest severity that a run found; empty when it found nothing."""
    found = finding_counts([run.pk])[run.pk]
    return next((severity.value for severity in reversed(Severity) if found[severity]), "")


def rules_of(policy: str) -> Policy:
    """The rules of a pinned policy, `name@version`."""
    return policy_by_ref(policy)[1]


def rules_for(review: Review) -> Policy:
    """The rules that a review pinned; asks nothing where the review was read together with their text."""
    text: str | None = getattr(review, "policy_text", None)
    return parsed(text) if text else rules_of(review.policy)


def requirements_of(review: Review) -> Requirements:
    """What the pinned policy asks of this tier."""
    return rules_for(review).requires(review.tier)  # type: ignore[arg-type]


def longest_validity(requirements: Requirements, *, now: datetime | None = None) -> datetime:
    """The latest end that an approval given now may have."""
    return (now or timezone.now()) + timedelta(days=requirements.valid_days)


def title_of(track: str) -> str:
    """The track as people read it."""
    return TRACK_TITLES.get(track, track.replace("_", " ").capitalize())


def acknowledging_track(tracks: list[str]) -> str:
    """The track that acknowledges warnings of the checks: security, else technical, else the first."""
    return next((track for track in ("security", "technical") if track in tracks), tracks[0] if tracks else "")


def card_track(tracks: list[str]) -> str:
    """The track that reads the card and accepts what a supplier does not disclose: technical, else model risk, else the first."""
    return next((track for track in ("technical", "model_risk") if track in tracks), tracks[0] if tracks else "")


def silent_fields(review: Review, card: CardRevision | None = None) -> dict[str, str]:
    """Fields of the pinned card that an approval asks for and the supplier does not disclose: key -> title."""
    card = card or cards_about(review.version, review.card_revision)[0]
    values: dict[str, Any] = card.values if card else {}
    schema = schema_of(review.version, review.tier, str(values.get("technical.task") or ""))
    asked = schema.required("R", "A") if schema.third_party else ()
    return {field.key: field.title for field in asked if field.may_be_undisclosed and is_undisclosed(values.get(field.key))}


@dataclass(frozen=True)
class Deciders:
    """Who can decide on a track, and which of its reviewers cannot, with why."""

    can: list[User]
    cannot: list[tuple[User, str]]


def deciders_of(
    review: Review, tracks: list[str], *, barred: dict[int, str] | None = None, counted: dict[int, str] | None = None
) -> dict[str, Deciders]:
    """The reviewers of each track, parted by the four-eyes rule as it stands now; takes who was involved and who counts, or asks once."""
    barred = involved(review) if barred is None else barred
    counted = voters(review) if counted is None else counted
    roles = OrganizationRole.objects.filter(role=OrgRole.REVIEWER, track__in=tracks, user__is_active=True, user__kind=Kind.PERSON)
    found = {track: Deciders([], []) for track in tracks}
    for role in roles.select_related("user").order_by("user__username"):
        person = role.user
        reason = barred.get(person.pk) or (f"already counts for {title_of(counted[person.pk])}" if person.pk in counted else "")
        if reason:
            found[role.track].cannot.append((person, reason))
        else:
            found[role.track].can.append(person)
    return found


def undecidable(review: Review, deciders: dict[str, Deciders] | None = None, *, counted: dict[int, str] | None = None) -> list[str]:
    """Tracks that wait and that nobody (or too few different people) can decide: the review cannot come to an end."""
    waiting = [t for t in review.tracks.all() if t.state == TrackState.WAITING]
    deciders = deciders_of(review, [t.track for t in waiting]) if deciders is None else deciders
    votes = Counter((voters(review) if counted is None else counted).values())
    needs = {t.track: max(0, t.quorum - votes[t.track]) for t in waiting}
    return unreachable(needs, {track: [p.pk for p in d.can] for track, d in deciders.items()})


def decisions_of(review: Review) -> QuerySet[Decision]:
    """Everything that was decided, also what no longer counts, oldest first."""
    return Decision.objects.filter(review=review).select_related("by")


def comments_of(review: Review) -> QuerySet[Comment]:
    """The conversation, oldest first."""
    return Comment.objects.filter(review=review).select_related("author")


def history_of(model: RegisteredModel) -> QuerySet[Review]:
    """The reviews of a model's versions, newest first."""
    decided = Prefetch("decisions", Decision.objects.filter(is_current=True).select_related("by"))
    rows = Review.objects.filter(version__model=model).select_related("version").prefetch_related("tracks", decided)
    return rows.order_by("-pk")


def open_review_of(version: ModelVersion) -> Review | None:
    """The review of a version that is not closed."""
    return Review.objects.filter(version=version, state__in=sorted(STILL_OPEN)).first()


def tracks_reading(model: RegisteredModel) -> list[str]:
    """The tracks of all reviews of a model that are not closed."""
    rows = ReviewTrack.objects.filter(review__version__model=model, review__state__in=sorted(STILL_OPEN))
    return sorted(set(rows.order_by().values_list("track", flat=True)))


def cards_about(version: ModelVersion, revision: int) -> tuple[CardRevision | None, CardRevision | None]:
    """The card that is or was decided about, and the newest one."""
    newest = CardRevision.objects.filter(model=version.model_id).order_by("-number").values("number")[:1]
    rows = CardRevision.objects.filter(Q(number=revision) | Q(number=Subquery(newest)), model=version.model_id).order_by("number")
    cards = {card.number: card for card in rows}
    return cards.get(revision), cards[max(cards)] if cards else None


def moved_card_fields(review: Review) -> list[str]:
    """Titles of material card fields that were changed since the submit: an approval of the old text would be void at once."""
    return material_moves(review.version, *cards_about(review.version, review.card_revision), tier=review.tier)


def material_moves(version: ModelVersion, pinned: CardRevision | None, latest: CardRevision | None, *, tier: str) -> list[str]:
    """Titles of the material card fields that say something else now than in the revision that was decided about."""
    if latest is None or pinned is None or latest.number == pinned.number:
        return []
    model = version.model
    schema = schema_for(tier, third_party=model.origin != Origin.INTERNAL, hosted=model.is_hosted)
    titles = {field.key: field.title for field in schema.fields}
    return [titles[key] for key in material_changes(pinned.values, latest.values, schema)]


LATER = JSONObject(run="pk", outcome="outcome")


def _later() -> QuerySet[ValidationRun]:
    """Finished runs over the same files and card that came after the one a review looks at, newest first."""
    same = {"version": OuterRef("version"), "manifest_digest": OuterRef("manifest_digest"), "card_revision": OuterRef("card_revision")}
    return ValidationRun.objects.filter(**same, pk__gt=OuterRef("run"), state=RunState.FINISHED).order_by("-pk")


def later_run(review: Review) -> dict[str, Any] | None:
    """Number and outcome of the newest run after the one a review looks at, over the same files and card; None when there is none."""
    found: dict[str, Any] | None = Review.objects.filter(pk=review.pk).values_list(Subquery(_later().values(row=LATER)[:1]), flat=True).first()
    return found


def warned(review: Review) -> dict[str, str]:
    """The checks that ended with a warning that somebody has to acknowledge: id -> title."""
    if review.run.outcome != Verdict.WARN:
        return {}
    rows: Any = getattr(review, "checks", None)
    if rows is None:
        rows = CheckResult.objects.filter(run=review.run_id).values("check_id", "title", outcome=F("verdict"))
    return {row["check_id"]: row["title"] for row in rows if row["outcome"] == Verdict.WARN} or {"run": f"Run {review.run_id}"}


def needed_waivers(review: Review) -> list[str]:
    """What the checks found that the pinned policy lets nobody approve without a waiver."""
    return sorted(asked & matters_in(review.run)) if (asked := requirements_of(review).waiver_needed) else []


def waivable(review: Review) -> list[str]:
    """What the pinned policy says may be waived, as far as a check speaks of it."""
    needed = requirements_of(review)
    return sorted((needed.waivers | needed.waiver_needed) & MATTERS.keys())


def waivers_of(version: ModelVersion) -> QuerySet[Waiver]:
    """Every waiver of a version, also those that ended, newest first; each with `counts`: it is in force by the database's clock."""
    counts = Case(When(in_force_now(), then=Value(True)), default=Value(False))  # noqa: FBT003 - SQL values
    return Waiver.objects.filter(version=version).select_related("given_by").annotate(counts=counts)


def in_force_now() -> Q:
    """Waivers that nobody ended and that are not over."""
    return Q(ended_at=None, until__gt=Now())


def waivers_in_force(version: ModelVersion) -> QuerySet[Waiver]:
    """The waivers of a version that count now."""
    return Waiver.objects.filter(in_force_now(), version=version)


def missing_waivers(review: Review) -> list[str]:
    """The waivers without which nobody can approve this now."""
    needed = needed_waivers(review)
    return sorted(set(needed) - set(waivers_in_force(review.version).values_list("matter", flat=True))) if needed else []


def waiver_givers(review: Review, barred: dict[int, str] | None = None) -> list[User]:
    """Those of governance who were not involved."""
    barred = involved(review) if barred is None else barred
    return [person for person in holders_of(OrgRole.GOVERNANCE) if person.is_person and person.pk not in barred]


def waiver_of(review: Review, pk: int) -> Waiver:
    """One waiver of the version of a review; NotFound for any other."""
    found = waivers_of(review.version).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def approvals_count(review: Review, track: str) -> int:
    """How many people said yes on a track and still count."""
    return Decision.objects.filter(review=review, track=track, choice=Choice.APPROVE, is_current=True).count()


def successor_named(viewer: Any, version: ModelVersion, text: str) -> ModelVersion | None:
    """The version that somebody named as successor: of the same model, or `team/model@version`; Invalid when this viewer sees none."""
    text = text.strip()
    if not text:
        return None
    path, _, name = text.rpartition("@")
    try:
        return version_named(model_by_path(viewer, path) if path else version.model, name)
    except NotFound as missing:
        raise Invalid("The successor was not found.", fields={"successor": ["There is no such version that you can see."]}) from missing


def approvals_to_keep_true(model: RegisteredModel) -> QuerySet[Approval]:
    """Approvals of a model's versions under which bytes may still leave, now, after a suspension, or until their stop."""
    rows = Approval.objects.filter(version__model=model, voided_at=None, stop_at__gt=Now())
    return rows.select_related("version__model__team").order_by("version_id", "pk")


def supporters(version: ModelVersion, verb: str, *, since: str, detail: str = "") -> dict[str | None, str]:
    """Who already agreed to a step on this version that takes two people: actor -> a detail of their event, since the step began."""
    found: dict[str | None, str] = {}
    for event in events_about(version).filter(verb__in=[verb, since]).order_by("pk"):
        if event.verb == since:
            found = {}
        else:
            told = details_of(event)["details"]
            found[str(event.actor) if event.actor else None] = str(told.get(detail, ""))
    return found
