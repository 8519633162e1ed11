"""What people leave in the approval queue: reviews that wait for their track, and open ones they decided on."""

from typing import Any

from django.db.models import Exists, OuterRef, Q

from catalog.registry.leaving import parted
from governance.reviews.models import Decision, Review, ReviewTrack
from governance.reviews.queries import reviews_for
from governance.reviews.states import STILL_OPEN, TrackState
from marketplace.accounts.leaving import Duty, DutyKind, Found, offer
from marketplace.accounts.models import OrganizationRole, Team, User
from marketplace.permissions.needs import OrgRole


def reviews(person: User, viewer: Any, team: Team | None) -> Found:
    """Open reviews with a waiting track of this reviewer, and those with a decision of theirs that counts."""
    tracks = OrganizationRole.objects.filter(user=person, role=OrgRole.REVIEWER).values("track")
    waits = ReviewTrack.objects.filter(review=OuterRef("pk"), state=TrackState.WAITING, track__in=tracks)
    decided = Decision.objects.filter(review=OuterRef("pk"), by=person, is_current=True)
    rows = Review.objects.filter(Q(Exists(waits)) | Q(Exists(decided)), state__in=sorted(STILL_OPEN))
    rows = rows.annotate(has_decided=Exists(decided)).select_related("version__model__team")
    return parted(rows, reviews_for(viewer).prefetch_related(None), _review)


def _review(row: Any) -> Duty:
    return Duty(f"{row.number} about {row.version}", f"/reviews/{row.number}", "decided, still open" if row.has_decided else "waits for their track")


def connect() -> None:
    """Offer the kind of this room."""
    after = "Decisions that were given stay and count. Waiting tracks are decided by the other reviewers of the track; Roles shows who they are."
    offer(DutyKind("reviews", "Open reviews", 50, after, reviews, of_a_team=False))
