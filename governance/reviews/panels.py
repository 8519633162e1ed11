"""What reviews show on pages of lower rooms: the model, the version and the home page ask their slots."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.storefront.publish_steps import version_path
from governance.reviews.pages import approval_rows, needed_rows, queue_rows
from governance.reviews.permissions import reads_the_queue, steps_for
from governance.reviews.queries import history_of, open_review_of, queue, reviews_for, waiting_numbers
from governance.reviews.sentences import STEP_WORDS, about_approvals, about_version
from marketplace.notifications.actions import mark_seen
from marketplace.notifications.models import Level
from marketplace.notifications.queries import inbox_of
from marketplace.permissions.queries import tracks_of
from marketplace.web import context, slots

MOST = 8


def model_panel(request: HttpRequest, model: RegisteredModel) -> str:
    """The tab of a model: its approvals and its reviews; numbers of reviews are links for those who may open them."""
    may_open = set(reviews_for(request.user).filter(version__model=model).order_by().values_list("pk", flat=True))
    shown = {"approvals": approval_rows(model), "reviews": list(history_of(model)[:50]), "may_open": may_open}
    return render_to_string("governance/reviews/_model_panel.html", shown, request=request)


def version_panel(request: HttpRequest, version: ModelVersion) -> str:
    """The aside of a version: what is still needed, its approvals, and the steps this person may take."""
    if context.nav_for(request).unread:
        mark_seen(request.user, about_version(version), about_approvals(version))
    review = open_review_of(version)
    may_open = review is not None and reviews_for(request.user).filter(pk=review.pk).exists()
    steps = [{"words": STEP_WORDS[step], "url": f"{version_path(version)}/{step}"} for step in steps_for(request.user, version)]
    shown = {
        "version": version,
        "review": review,
        "rows": needed_rows(request.user, review) if review is not None and may_open else [],
        "may_open": may_open,
        "approvals": approval_rows(version.model, of_version=version.pk),
        "steps": steps,
    }
    return render_to_string("governance/reviews/_version_panel.html", shown, request=request)


def home_panel(request: HttpRequest, _: Any) -> str:
    """What needs this person: reviews to decide first, then everything else that waits for an answer."""
    mine = mine_now(request.user)
    waiting = queue_rows(request.user, list(queue(request.user, "mine", mine=mine)[:MOST])) if mine else []
    asked = inbox_of(request.user, level=Level.NEEDS_YOU).exclude(about__in=[f"review:{row.review.pk}" for row in waiting])
    shown = {"rows": waiting, "notices": list(asked[: MOST - len(waiting)]), "most": MOST}
    return render_to_string("governance/reviews/_home_panel.html", shown, request=request)


def fill() -> None:
    """Offer the panels and the figures of the top bar; called once when the app is ready."""
    slots.fill("model", "governance", title="Governance", order=60, render=model_panel)
    slots.fill("version", "governance", title="Approval", order=20, render=version_panel)
    slots.fill("home", "needs-you", title="Needs you", order=10, render=home_panel)
    context.provide("reviewer", reads_the_queue)
    context.provide("open_decisions", open_decisions)


def open_decisions(user: Any) -> int:
    """How many reviews wait for this person."""
    return len(mine_now(user))


def mine_now(user: Any) -> list[int]:
    """Numbers of the reviews that wait for this person, worked out once a request and for reviewers only."""
    if not hasattr(user, "reviews_waiting"):
        user.reviews_waiting = waiting_numbers(user) if tracks_of(user) else []
    found: list[int] = user.reviews_waiting
    return found
