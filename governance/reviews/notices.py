"""Telling people about reviews and versions; the handlers of the building call it with the event that happened."""

from collections import defaultdict
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from catalog.registry.models import AccessGrant, ModelVersion, RegisteredModel
from catalog.registry.queries import approvals_of
from catalog.storefront.publish_steps import version_path
from governance.reviews.models import Review
from governance.reviews.queries import deciders_of, missing_waivers, reviews_for, undecidable, waiver_givers
from governance.reviews.sentences import (
    ANSWERS,
    LOST_APPROVAL,
    TELLINGS,
    Telling,
    about_approvals,
    about_review,
    about_version,
    about_waiver,
    review_path,
    said,
    stuck,
    waits,
    waiver_wanted,
)
from governance.reviews.states import ReviewState, TrackState
from marketplace.accounts.models import Kind, User
from marketplace.accounts.queries import holders_of, owners_of, people_by_pseudonym
from marketplace.activity.models import Event
from marketplace.activity.queries import details_of, events_about
from marketplace.notifications.actions import notify, withdraw_notices
from marketplace.notifications.models import Level
from marketplace.permissions.needs import Need, OrgRole
from marketplace.permissions.queries import allowed, in_force


def actor_of(event: Event) -> User | None:
    """Who did it, if that person is still known."""
    return people_by_pseudonym({str(event.actor)}).get(str(event.actor)) if event.actor else None


def holders_of_grants(model: RegisteredModel, *, use_case: int | None = None) -> QuerySet[User]:
    """The people who may use a model now, by a grant of their own or of one of their teams."""
    grants = AccessGrant.objects.filter(in_force(), thing=model)
    if use_case is not None:
        grants = grants.filter(use_case=use_case)
    mine = Q(pk__in=grants.exclude(user=None).values("user")) | Q(memberships__team__in=grants.exclude(team=None).values("team"))
    return User.objects.filter(mine, is_active=True, kind=Kind.PERSON).distinct()


def responsible_for(version: ModelVersion) -> list[User]:
    """Whoever submitted a version, as long as they see it, and the owners of its team."""
    people = {person.pk: person for person in owners_of(version.model.team_id)}
    if version.submitted_by is not None and allowed(version.submitted_by, Need.VIEW, version.model):
        people[version.submitted_by.pk] = version.submitted_by
    return list(people.values())


def words_of(event: Event) -> dict[str, Any]:
    """The note and the reason that were given when it happened."""
    texts = dict(event.texts.values_list("field", "text"))
    return {"note": texts.get("note", ""), "reason": texts.get("reason") or str(details_of(event)["details"].get("reason", ""))}


def version_of(event: Event) -> ModelVersion | None:
    """The version an event is about; None when it is heard late: what happened to it since is told instead, and not taken away."""
    version = ModelVersion.objects.select_related("model__team", "submitted_by").filter(pk=event.subject_id).first()
    if version is None or events_about(version).filter(verb__in=[*TELLINGS, *ANSWERS], pk__gt=event.pk).exists():
        return None
    return version


@transaction.atomic
def tell_about_version(event: Event) -> int:
    """Tell those who answer for a version, and those who may use it, what happened to it."""
    version = version_of(event)
    if version is None:
        return 0
    withdraw_notices(about_version(version))  # what was asked of them before is answered by what happened now
    telling = TELLINGS.get(event.verb)
    return _tell(event, version, telling, about_version(version)) if telling else 0


@transaction.atomic
def tell_of_lost_approval(event: Event) -> int:
    """Tell the same people that an approval became void, unless the version moved with it, which is told then."""
    version = version_of(event)
    return _tell(event, version, LOST_APPROVAL, about_approvals(version)) if version is not None else 0


def _tell(event: Event, version: ModelVersion, telling: Telling, about: str) -> int:
    """Tell owners and users in the words of a telling."""
    words, by = words_of(event), actor_of(event)
    approval, answerable = approvals_of(version).filter(voided_at=None).first(), responsible_for(version)
    common: dict[str, Any] = {"verb": event.verb, "about": about, "url": version_path(version), "urgent": telling.urgent, "by": by}
    told = notify(answerable, level=telling.level, text=said(telling.owners, version, approval=approval, **words), **common)
    if telling.users:
        users = holders_of_grants(version.model).exclude(pk__in=[person.pk for person in answerable])
        told += notify(users, level=Level.AFFECTS_YOU, text=said(telling.users, version, **words), **common)
    return told


@transaction.atomic
def tell_reviewers(event: Event) -> int:
    """Tell everybody who can decide on an open review; tell governance about tracks that nobody can."""
    review = _review(event)
    if review is None or review.state != ReviewState.OPEN:
        return 0
    waiting = [row.track for row in review.tracks.all() if row.state == TrackState.WAITING]
    tracks: dict[int, list[str]] = defaultdict(list)
    people: dict[int, User] = {}
    for track, deciders in deciders_of(review, waiting).items():
        for person in deciders.can:
            people[person.pk] = person
            tracks[person.pk].append(track)
    common: dict[str, Any] = {"level": Level.NEEDS_YOU, "verb": event.verb, "about": about_review(review), "url": review_path(review)}
    told = sum(notify([person], text=waits(review, tracks[pk]), **common) for pk, person in people.items())
    if nobody := undecidable(review):
        told += notify(holders_of(OrgRole.GOVERNANCE), text=stuck(review, nobody), **common | {"urgent": True})
    if missing := missing_waivers(review):
        told += notify(waiver_givers(review), text=waiver_wanted(review, missing), **common | {"about": about_waiver(review), "urgent": True})
    return told


@transaction.atomic
def settle_waiver_notices(event: Event) -> int:
    """Take away the call for a waiver once it is given, or the review is over."""
    about = Q(version=event.subject_id) if event.subject_type == ModelVersion._meta.model_name else Q(pk=event.subject_id)
    return sum(
        withdraw_notices(about_waiver(review))
        for review in Review.objects.filter(about).select_related("run", "version__model")
        if review.closed_at is not None or not missing_waivers(review)
    )


@transaction.atomic
def settle_review_notices(event: Event) -> int:
    """Take away the call to decide from those who cannot decide any more: they voted, their track is through, or it is over."""
    review = _review(event)
    if review is None:
        return 0
    waiting = [row.track for row in review.tracks.all() if row.state == TrackState.WAITING]
    if review.state != ReviewState.OPEN or not waiting:
        return withdraw_notices(about_review(review))
    able = {person.pk for deciders in deciders_of(review, waiting).values() for person in deciders.can}
    return withdraw_notices(about_review(review), people=User.objects.exclude(pk__in=able).exclude(pk__in=holders_of(OrgRole.GOVERNANCE)))


@transaction.atomic
def tell_talkers(event: Event) -> int:
    """Tell those who take part in a review, and may still read it, that something was said."""
    review = _review(event)
    if review is None:
        return 0
    took_part = Q(pk__in=review.comments.values("author")) | Q(pk__in=review.decisions.values("by"))
    people = {p.pk: p for p in [*User.objects.filter(took_part), *responsible_for(review.version)]}
    return notify(
        [person for person in people.values() if reviews_for(person).filter(pk=review.pk).exists()],
        level=Level.AFFECTS_YOU,
        verb=event.verb,
        about=f"conversation:{review.pk}",
        text=f"There is something new in the conversation of {review} ({review.version}).",
        url=f"{review_path(review)}#conversation",
        by=actor_of(event),
    )


def _review(event: Event) -> Review | None:
    """The review an event is about."""
    rows = Review.objects.select_related("version__model__team", "version__submitted_by", "run").prefetch_related("tracks")
    return rows.filter(pk=event.subject_id).first()
