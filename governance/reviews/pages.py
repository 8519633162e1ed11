"""What the pages of reviews show: rows of the queue, what is still needed, risk, card essentials, history. Reads only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.cards.models import CardRevision
from catalog.cards.schema import is_undisclosed, schema_for
from catalog.registry.models import Approval, RegisteredModel
from catalog.registry.queries import models_for
from catalog.registry.states import Origin
from catalog.storefront.publish_steps import version_path
from governance.policies.rules import Policy
from governance.reviews.clock import time_left
from governance.reviews.models import Decision, Review, ReviewTrack
from governance.reviews.permissions import involved, may_talk, may_withdraw, reads_findings
from governance.reviews.queries import (
    Deciders,
    acknowledging_track,
    card_track,
    cards_about,
    comments_of,
    deciders_of,
    decisions_of,
    finding_counts,
    material_moves,
    needed_waivers,
    rules_for,
    silent_fields,
    title_of,
    undecidable,
    waiver_givers,
    waivers_of,
    warned,
)
from governance.reviews.states import STILL_OPEN, Choice, ReviewState, TrackState
from governance.validation.queries import findings_of
from governance.validation.states import Severity
from marketplace.permissions.needs import Need
from marketplace.permissions.queries import allowed, roles_of, tracks_of

# What a reviewer reads first: the limits.
ESSENTIALS = (
    "risk.limitations", "use.out_of_scope_uses", "use.foreseeable_misuse", "use.intended_purpose", "use.intended_users", "use.affected_groups",
    "evaluation.metrics", "lineage.datasets", "risk.risks", "operation.oversight", "legal.license", "legal.use_restrictions",
)  # fmt: skip
NAMES_SHOWN = 4
LOUD = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)


@dataclass(frozen=True)
class QueueRow:
    """One review in the queue."""

    review: Review
    path: str
    mine: str
    progress: str
    findings: str
    left: str
    is_overdue: bool


def queue_rows(viewer: Any, reviews: list[Review]) -> list[QueueRow]:
    """The rows of a page of the queue, with one query for all findings."""
    counts = finding_counts([review.run_id for review in reviews])
    seen = set(models_for(viewer).filter(pk__in={review.version.model_id for review in reviews}).order_by().values_list("pk", flat=True))
    return [_queue_row(review, tracks_of(viewer), counts[review.run_id], links=review.version.model_id in seen) for review in reviews]


def _queue_row(review: Review, tracks: frozenset[str], found: Counter[str], *, links: bool) -> QueueRow:
    rows = list(review.tracks.all())
    done = sum(row.state == TrackState.APPROVED for row in rows)
    mine = [title_of(row.track) for row in rows if row.track in tracks and row.state == TrackState.WAITING]
    left = time_left(review.due_at, paused=review.state == ReviewState.CHANGES_REQUESTED) if review.closed_at is None else ""
    return QueueRow(
        review,
        version_path(review.version) if links else "",
        ", ".join(mine),
        f"{done} of {len(rows)} tracks",
        findings_in_words(found),
        left,
        left.startswith("overdue"),
    )


def findings_in_words(found: Counter[str]) -> str:
    """Count the findings that weigh: `1 high, 2 medium`; say so when there is none."""
    parts = [f"{found[level]} {level.label.lower()}" for level in LOUD if found[level]]
    return ", ".join(parts) or ("low only" if found.total() else "none")


def needed_rows(viewer: Any, review: Review) -> list[dict[str, Any]]:
    """One row per track: how far it is, who decided, who can, who cannot and why."""
    tracks = [row.track for row in review.tracks.all()]
    votes = list(decisions_of(review))
    return _needed_rows(viewer, review, deciders_of(review, tracks, counted=counting(votes)), votes)


def counting(votes: list[Decision]) -> dict[int, str]:
    """Who counts already, and for which track."""
    return {vote.by_id: vote.track for vote in votes if vote.is_current}


def _needed_rows(viewer: Any, review: Review, deciders: dict[str, Deciders], votes: list[Decision]) -> list[dict[str, Any]]:
    """The same from what was read already."""
    current = [vote for vote in votes if vote.is_current]
    return [_needed_row(viewer, review, row, deciders[row.track], [v for v in current if v.track == row.track]) for row in review.tracks.all()]


def _needed_row(viewer: Any, review: Review, row: ReviewTrack, deciders: Deciders, votes: list[Decision]) -> dict[str, Any]:
    waits = row.state == TrackState.WAITING and review.state == ReviewState.OPEN
    said = [f"{vote.get_choice_display()}: {vote.by}, {vote.created_at:%-d %b}." for vote in votes]
    if waits:
        said += _who_in_words(viewer, deciders)
    return {
        "title": title_of(row.track),
        "state": row.state,
        "done": sum(vote.choice == Choice.APPROVE for vote in votes),
        "needed": row.quorum,
        "text": " ".join(said),
        "mine": waits and any(person.pk == viewer.pk for person in deciders.can),
        "track": row.track,
    }


def _who_in_words(viewer: Any, deciders: Deciders) -> list[str]:
    """Who can decide and who cannot, in sentences."""
    names = ["you" if person.pk == viewer.pk else str(person) for person in deciders.can]
    names.sort(key=lambda name: name != "you")
    can = f"{_listed(names)} can decide." if names else "Nobody can decide this: governance was told."
    return [can[0].upper() + can[1:], *(f"{person} cannot: {reason}." for person, reason in deciders.cannot[:NAMES_SHOWN])]


def _listed(names: list[str]) -> str:
    """Names in a sentence: `you, Ada and 3 more`."""
    shown, more = names[:NAMES_SHOWN], len(names) - NAMES_SHOWN
    last = f"{more} more" if more > 0 else shown.pop()
    return f"{', '.join(shown)} and {last}" if shown else last


def four_eyes_sentence(viewer: Any, review: Review, barred: dict[int, str]) -> str:
    """Why this person does not decide although they are here; empty when the rule does not bar them."""
    reason = barred.get(viewer.pk)
    return f"Four-eyes rule: you cannot decide on {review}. {str(viewer)[:60]} {reason}." if reason else ""


def answers_in_words(review: Review, policy: Policy) -> list[dict[str, str]]:
    """The risk questions of the pinned policy with the answers of the submitter."""
    given = review.version.answers or {}
    return [{"label": q.title, "value": dict(q.options).get(str(given.get(q.key)), "Not answered")} for q in policy.questions]


def essentials(review: Review, card: CardRevision | None, accepted: Mapping[str, str]) -> list[dict[str, str]]:
    """The fields of the pinned card that weigh in a decision, limits first; what is missing is named as missing, and who accepted a silence."""
    model = review.version.model
    schema = schema_for(review.tier, third_party=model.origin != Origin.INTERNAL, hosted=model.is_hosted)
    found = []
    for key in ESSENTIALS:
        field, value = schema.field(key), (card.values if card else {}).get(key)
        if field is not None and (value not in (None, "", [], {}) or field.duty in {"R", "A"}):
            by = f" {accepted[key]} accepted that." if key in accepted and is_undisclosed(value) else ""
            found.append({"label": field.title, "value": _in_words(value, [name for name, _ in field.columns]) + by})
    return found


def _in_words(value: Any, columns: Sequence[str] = ()) -> str:
    """A card value in one readable text, the columns of a row in their order."""
    if value in (None, "", [], {}):
        return "Not given"
    if is_undisclosed(value):
        return "The supplier does not disclose this."
    if isinstance(value, dict):
        names = [name for name in columns if value.get(name) not in (None, "")] or list(value)
        return ", ".join(f"{name.replace('_', ' ')}: {_in_words(value[name])}" for name in names)
    if isinstance(value, list):
        return "; ".join(_in_words(item, columns) for item in value)
    return str(value)


def history(review: Review, decisions: list[Decision]) -> list[dict[str, Any]]:
    """What happened to a review, newest first."""
    tones = {Choice.APPROVE: "success", Choice.REJECT: "danger", Choice.REQUEST_CHANGES: "warning"}
    events: list[dict[str, Any]] = [{"title": "Opened", "at": review.opened_at, "text": f"Policy {review.policy}"}]
    for decision in decisions:
        kept = "" if decision.is_current else " No longer counts: what was looked at changed."
        title = f"{title_of(decision.track)}: {decision.get_choice_display().lower()}"
        text = f"{decision.reason}{kept}"
        events.append({"title": title, "by": str(decision.by), "at": decision.created_at, "text": text, "tone": tones[Choice(decision.choice)]})
    if review.closed_at is not None:
        events.append({"title": review.get_state_display(), "at": review.closed_at})
    return sorted(events, key=lambda event: event["at"], reverse=True)


def review_context(viewer: Any, review: Review) -> dict[str, Any]:
    """Everything the review page shows, but for the forms."""
    barred, decisions, policy = involved(review), list(decisions_of(review)), rules_for(review)
    counted = counting(decisions)
    deciders = deciders_of(review, [row.track for row in review.tracks.all()], barred=barred, counted=counted)
    pinned, newest = cards_about(review.version, review.card_revision)
    rows = _needed_rows(viewer, review, deciders, decisions)
    in_team = review.version.model.team_id in roles_of(viewer)
    return {
        "review": review,
        "version": review.version,
        "model": review.version.model,
        "version_url": version_path(review.version) if allowed(viewer, Need.VIEW, review.version.model) else "",
        "rows": rows,
        "approved": sum(row["done"] for row in rows),
        "needed": sum(row["needed"] for row in rows),
        "stuck": [title_of(track) for track in undecidable(review, deciders, counted=counted)] if review.state == ReviewState.OPEN else [],
        "findings": findings_of(review.run),
        "sees_findings": reads_findings(viewer, review),
        "answers": answers_in_words(review, policy),
        "essentials": essentials(review, pinned, {key: str(vote.by) for vote in decisions if vote.is_current for key in vote.accepted}),
        "silent": list(silent_fields(review, pinned).values()) if pinned else [],
        "card_track": card_track([row["track"] for row in rows]),
        "card_moved": material_moves(review.version, pinned, newest, tier=review.tier),
        "history": history(review, decisions),
        "comments": list(comments_of(review)),
        "left": time_left(review.due_at, paused=review.state == ReviewState.CHANGES_REQUESTED) if review.closed_at is None else "",
        "four_eyes": four_eyes_sentence(viewer, review, barred),
        "in_team": in_team,
        "may_talk": may_talk(viewer, review),
        "may_withdraw": review.closed_at is None and may_withdraw(viewer, review.version),
        "asked_changes": [d for d in decisions if d.is_current and d.choice == Choice.REQUEST_CHANGES],
        "policy_url": f"/policies/{policy.name}/{policy.version}",
        **waiver_context(viewer, review, policy, barred),
        "acknowledger": acknowledging_track([row["track"] for row in rows]),
        "warned": warned(review),
        "checks": getattr(review, "checks", []),
        "later": getattr(review, "later", None),
    }


def waiver_context(viewer: Any, review: Review, policy: Policy, barred: dict[int, str]) -> dict[str, Any]:
    """What the page says of waivers: nothing, and no query, where the pinned policy asks for none."""
    if not policy.requires(review.tier).waiver_needed:  # type: ignore[arg-type]
        return {"waivers": [], "no_waiver": [], "givers": "", "may_waive": False, "may_end_waivers": False}
    given: list[Any] = list(waivers_of(review.version))
    missing = [matter for matter in needed_waivers(review) if not any(w.matter == matter and w.counts for w in given)]
    givers = waiver_givers(review, barred) if given or missing else []
    is_giver, is_open = any(person.pk == viewer.pk for person in givers), review.state in STILL_OPEN
    return {
        "waivers": given,
        "no_waiver": missing if is_open else [],
        "givers": _listed([str(person) for person in givers]) if givers else "",
        "may_waive": is_giver and is_open and bool(missing),
        "may_end_waivers": is_giver,
    }


def approval_rows(model: RegisteredModel, *, of_version: int | None = None) -> list[dict[str, Any]]:
    """The approvals of a model (or of one version) with who decided, for what, until when, on which bytes."""
    given = Approval.objects.filter(version__model=model).select_related("version", "use_case")
    rows = list((given.filter(version=of_version) if of_version else given).order_by("-pk")[:50])
    people: dict[int, list[str]] = {}
    votes = Decision.objects.filter(review__in=[r.review for r in rows if r.review], is_current=True, choice=Choice.APPROVE)
    for vote in votes.select_related("by"):
        people.setdefault(vote.review_id, []).append(str(vote.by))
    return [{"approval": row, "by": ", ".join(people.get(row.review or 0, [])) or "Automatic, by policy"} for row in rows]
