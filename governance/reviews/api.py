"""Reviews, decisions and comments in REST, and the steps on a version."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.registry.queries import model_named, version_named
from governance.reviews.actions import comment, decide, end_waiver, give_waiver, take_step
from governance.reviews.permissions import require_waiver_giver
from governance.reviews.queries import (
    deciders_of,
    decisions_of,
    missing_waivers,
    review_numbered,
    reviews_for,
    silent_fields,
    successor_named,
    undecidable,
    waiver_of,
    waivers_of,
    warned,
)
from governance.reviews.sentences import review_path
from governance.reviews.serializers import (
    STEP_INPUTS,
    CommentInput,
    CommentShape,
    DecisionInput,
    DecisionPage,
    DecisionShape,
    DeprecationInput,
    NothingInput,
    ReviewDetailShape,
    ReviewPage,
    StepReasonInput,
    VersionStateShape,
    WaiverInput,
    WaiverShape,
    comment_json,
    decision_json,
    review_json,
    waiver_json,
)
from governance.reviews.states import ReviewState
from marketplace.accounts.models import User
from marketplace.api.pagination import body, keyset_by_id
from marketplace.api.views import ApiView
from marketplace.errors import Invalid

PAGING = [OpenApiParameter("cursor", str), OpenApiParameter("limit", int)]
REVIEWING: dict[str, str] = {"GET": "read", "HEAD": "read", "POST": "review"}


class Reviews(ApiView):
    """The reviews that the caller may read."""

    @extend_schema(responses=ReviewPage, parameters=[OpenApiParameter("state", str, enum=ReviewState.values), *PAGING], summary="List reviews")
    def get(self, request: Request) -> Response:
        """List them, newest first."""
        rows, state = reviews_for(request.user), request.GET.get("state", "")
        if state and state not in ReviewState.values:
            raise Invalid("There is no such state.", fields={"state": [f"Use one of {', '.join(ReviewState.values)}."]})
        return Response(body(keyset_by_id(rows.filter(state=state) if state else rows, request.GET), review_json))


class ReviewView(ApiView):
    """One review."""

    @extend_schema(responses=ReviewDetailShape, summary="Show a review")
    def get(self, request: Request, number: int) -> Response:
        """Return it with the pins to sign, and who can decide."""
        review = review_numbered(request.user, number)
        able = deciders_of(review, [row.track for row in review.tracks.all()])
        deciders = {
            track: {"can": [p.username for p in found.can], "cannot": {p.username: why for p, why in found.cannot}} for track, found in able.items()
        }
        stuck = undecidable(review, able) if review.state == ReviewState.OPEN else []
        waivers = {"waivers": [waiver_json(waiver) for waiver in waivers_of(review.version)], "waivers_missing": missing_waivers(review)}
        asked = {"deciders": deciders, "undecidable": stuck, "silent_fields": silent_fields(review), "warnings": warned(review)}
        return Response(review_json(review) | asked | waivers)


class Decisions(ApiView):
    """The decisions on a review."""

    scopes: ClassVar[dict[str, str]] = REVIEWING

    @extend_schema(responses=DecisionPage, parameters=PAGING, summary="List decisions of a review")
    def get(self, request: Request, number: int) -> Response:
        """List them, newest first."""
        review = review_numbered(request.user, number)
        return Response(body(keyset_by_id(decisions_of(review), request.GET), decision_json))

    @extend_schema(request=DecisionInput, responses={201: DecisionShape}, summary="Decide on a track of a review")
    def post(self, request: Request, number: int) -> Response:
        """Decide on one track."""
        review = review_numbered(request.user, number)
        decision = decide(review, by=cast("User", request.user), **self.input(DecisionInput))
        decision.refresh_from_db()
        return Response(decision_json(decision), status=201, headers={"Location": review_path(review)})


class Waivers(ApiView):
    """The waivers of a review."""

    scopes: ClassVar[dict[str, str]] = REVIEWING

    @extend_schema(request=WaiverInput, responses={201: WaiverShape}, summary="Give a waiver")
    def post(self, request: Request, number: int) -> Response:
        """Give one: for governance, and nobody who was involved."""
        review, by = review_numbered(request.user, number), cast("User", request.user)
        require_waiver_giver(by, review)
        return Response(waiver_json(give_waiver(review, by=by, **self.input(WaiverInput))), status=201, headers={"Location": review_path(review)})


class WaiverView(ApiView):
    """One waiver of a review."""

    scopes: ClassVar[dict[str, str]] = {"DELETE": "review"}

    @extend_schema(responses=WaiverShape, summary="End a waiver")
    def delete(self, request: Request, number: int, pk: int) -> Response:
        """End it before its time: an approval that needs it is void."""
        review = review_numbered(request.user, number)
        return Response(waiver_json(end_waiver(waiver_of(review, pk), review=review, by=cast("User", request.user))))


class Comments(ApiView):
    """The conversation of a review."""

    scopes: ClassVar[dict[str, str]] = REVIEWING

    @extend_schema(request=CommentInput, responses={201: CommentShape}, summary="Comment on a review")
    def post(self, request: Request, number: int) -> Response:
        """Say something."""
        said = comment(review_numbered(request.user, number), self.input(CommentInput)["text"], by=cast("User", request.user))
        return Response(comment_json(said), status=201)


class VersionStep(ApiView):
    """One step on a version; the subclass names it."""

    step: ClassVar[str] = ""

    def take(self, request: Request, team: str, name: str, version: str) -> Response:
        """Take the step and say where the version stands now."""
        shown = version_named(model_named(request.user, team, name), version)
        given: dict[str, Any] = self.input(STEP_INPUTS.get(self.step, StepReasonInput))
        if "successor" in given:
            given["successor"] = successor_named(request.user, shown, given["successor"])
        after = take_step(self.step, shown, by=cast("User", request.user), **given)
        return Response({"version": str(after), "state": after.state, "note": after.state_note})


class VersionSuspend(VersionStep):
    """Stopping a version."""

    scopes: ClassVar[dict[str, str]] = REVIEWING
    step = "suspend"

    @extend_schema(request=StepReasonInput, responses=VersionStateShape, summary="Suspend a version")
    def post(self, request: Request, team: str, name: str, version: str) -> Response:
        """Suspend it: nothing leaves for use any more."""
        return self.take(request, team, name, version)


class VersionReinstate(VersionStep):
    """Lifting a suspension."""

    scopes: ClassVar[dict[str, str]] = REVIEWING
    step = "reinstate"

    @extend_schema(request=StepReasonInput, responses=VersionStateShape, summary="Agree to lift a suspension")
    def post(self, request: Request, team: str, name: str, version: str) -> Response:
        """Agree to lift it; the second person does."""
        return self.take(request, team, name, version)


class VersionQuarantine(VersionStep):
    """Locking the bytes of a version away."""

    scopes: ClassVar[dict[str, str]] = REVIEWING
    step = "quarantine"

    @extend_schema(request=StepReasonInput, responses=VersionStateShape, summary="Quarantine a version")
    def post(self, request: Request, team: str, name: str, version: str) -> Response:
        """Quarantine it: its approvals are void."""
        return self.take(request, team, name, version)


class VersionRelease(VersionStep):
    """Letting a version out of quarantine."""

    step = "release"

    @extend_schema(request=StepReasonInput, responses=VersionStateShape, summary="Agree to release a version from quarantine")
    def post(self, request: Request, team: str, name: str, version: str) -> Response:
        """Agree that it is not dangerous; with the second person of security its checks run again."""
        return self.take(request, team, name, version)


class VersionCondemn(VersionStep):
    """Rejecting a quarantined version for good."""

    step = "condemn"

    @extend_schema(request=StepReasonInput, responses=VersionStateShape, summary="Agree to reject a quarantined version")
    def post(self, request: Request, team: str, name: str, version: str) -> Response:
        """Agree that it is dangerous; with the second person of security it is rejected."""
        return self.take(request, team, name, version)


class VersionDeprecate(VersionStep):
    """Announcing the end of a version."""

    step = "deprecate"

    @extend_schema(request=DeprecationInput, responses=VersionStateShape, summary="Deprecate a version")
    def post(self, request: Request, team: str, name: str, version: str) -> Response:
        """Name its last day and what to use instead."""
        return self.take(request, team, name, version)


class VersionRetire(VersionStep):
    """Ending a deprecated version."""

    step = "retire"

    @extend_schema(request=NothingInput, responses=VersionStateShape, summary="Agree to retire a version")
    def post(self, request: Request, team: str, name: str, version: str) -> Response:
        """Agree to its end; the other side does too."""
        return self.take(request, team, name, version)


class VersionWithdraw(VersionStep):
    """Taking a version back."""

    step = "withdraw"

    @extend_schema(request=NothingInput, responses=VersionStateShape, summary="Withdraw a version")
    def post(self, request: Request, team: str, name: str, version: str) -> Response:
        """Withdraw it before it is decided."""
        return self.take(request, team, name, version)


STEP_VIEWS: dict[str, type[VersionStep]] = {
    view.step: view
    for view in (
        VersionSuspend,
        VersionReinstate,
        VersionQuarantine,
        VersionRelease,
        VersionCondemn,
        VersionDeprecate,
        VersionRetire,
        VersionWithdraw,
    )
}
