"""Pages of the approval queue and of one review, and the forms on them."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from catalog.registry.models import ModelVersion
from catalog.registry.queries import model_named, version_named
from catalog.storefront.publish_steps import version_path
from governance.reviews.actions import comment, decide, end_waiver, give_waiver, take_step, withdraw_review
from governance.reviews.forms import CommentForm, DecisionForm, WaiverForm, decision_form, step_form
from governance.reviews.models import Review
from governance.reviews.pages import queue_rows, review_context
from governance.reviews.panels import mine_now
from governance.reviews.permissions import reads_the_queue, require_waiver_giver, steps_for
from governance.reviews.queries import TABS, queue, review_numbered, silent_fields, successor_named, waivable, waiver_of, warned
from governance.reviews.sentences import STEP_WORDS, review_path
from marketplace.accounts.models import User
from marketplace.errors import Conflict, DomainError, Invalid, NotFound
from marketplace.notifications.actions import mark_seen
from marketplace.permissions.queries import tracks_of
from marketplace.web.context import nav_for
from marketplace.web.forms import put_errors
from marketplace.web.pages import notice, page, see_other

TAB_TITLES = {"mine": "Mine", "tracks": "My tracks", "submitter": "Waiting on submitter", "all": "All", "done": "Done"}
ROWS = 50


@login_required
@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """The approval queue: what waits for me first."""
    if not reads_the_queue(request.user):
        raise NotFound
    tab = request.GET.get("tab") or ("mine" if tracks_of(request.user) else "all")
    if tab not in TABS:
        raise NotFound
    mine = mine_now(request.user)
    found = list(queue(request.user, tab, mine=mine)[: ROWS + 1])
    tabs = [{"text": TAB_TITLES[t], "url": f"/reviews?tab={t}", "current": t == tab, "count": len(mine) if t == "mine" else None} for t in TABS]
    context = {"tabs": tabs, "tab": tab, "rows": queue_rows(request.user, found[:-1] if len(found) > ROWS else found), "more": len(found) > ROWS}
    return page(request, "governance/reviews/queue.html", context)


@login_required
@require_safe
def review(request: HttpRequest, number: int) -> HttpResponse:
    """One review with everything needed to decide."""
    shown = review_numbered(request.user, number)
    if nav_for(request).unread:
        mark_seen(request.user, f"review:{shown.pk}", f"conversation:{shown.pk}")
    return show(request, shown)


def show(
    request: HttpRequest, shown: Review, *, typed: Any = None, waiver: WaiverForm | None = None, error: DomainError | None = None, status: int = 200
) -> HttpResponse:
    """Render a review; after a refused decision with the text that was typed and what was wrong."""
    context = review_context(request.user, shown)
    tracks = [row["track"] for row in context["rows"] if row["mine"]]
    forms = []
    for track in tracks:
        mine = typed if typed is not None and typed.get("track_name") == track else None
        silent = context["silent"] if context["card_track"] == track else []
        form = decision_form(shown, track, mine, warned=context["warned"] if context["acknowledger"] == track else {}, silent=silent)
        if mine is not None and isinstance(error, Invalid):
            put_vote_errors(form, error)
        forms.append({"track": track, "title": next(r["title"] for r in context["rows"] if r["track"] == track), "form": form})
    kept = typed.get(f"{typed.get('track_name')}-reason", "") if typed is not None else ""
    context["waiver_form"] = (waiver or WaiverForm(matters=context["no_waiver"])) if context["may_waive"] else None
    context |= {"forms": forms, "comment_form": CommentForm(), "error": error, "kept": "" if forms else kept}
    return page(request, "governance/reviews/review.html", context, status=status)


def put_vote_errors(form: Form, error: Invalid) -> None:
    """Show what the action found wrong beside the field it is about; what was accepted is named `accepts` on the form."""
    form.full_clean()
    named = {"accepts" if name == "accepted" and "accepts" in form.fields else name: wrong for name, wrong in error.fields.items()}
    put_errors(form, Invalid(error.sentence, hint=error.hint, fields=named))


@login_required
@require_POST
def review_decide(request: HttpRequest, number: int) -> HttpResponse:
    """Store a decision; what was typed survives every refusal."""
    shown = review_numbered(request.user, number)
    track = request.POST.get("track_name", "")[:40]
    silent = silent_fields(shown)
    form = DecisionForm(request.POST, prefix=track, warned=warned(shown), silent=list(silent.values()))
    try:
        if not form.is_valid():
            raise Invalid("The decision was not stored.", fields={name: [str(e) for e in errors] for name, errors in form.errors.items()})
        given = {**form.cleaned_data, "track": track}
        accepted = list(silent) if given.pop("accepts", False) else []
        decide(shown, by=cast("User", request.user), accepted=accepted, **given)
    except (Conflict, Invalid) as error:
        return show(request, review_numbered(request.user, number), typed=request.POST, error=error, status=error.status)
    notice(request, "Your decision is stored.")
    return see_other(review_path(shown), request)


@login_required
@require_POST
def review_comment(request: HttpRequest, number: int) -> HttpResponse:
    """Add to the conversation."""
    shown = review_numbered(request.user, number)
    try:
        comment(shown, request.POST.get("text", ""), by=cast("User", request.user))
    except Invalid as error:
        return show(request, shown, error=error, status=error.status)
    return see_other(f"{review_path(shown)}#conversation", request)


@login_required
@require_POST
def review_waiver(request: HttpRequest, number: int) -> HttpResponse:
    """Give a waiver."""
    shown, by = review_numbered(request.user, number), cast("User", request.user)
    require_waiver_giver(by, shown)
    form = WaiverForm(request.POST, matters=waivable(shown))
    try:
        if not form.is_valid():
            raise Invalid("The waiver was not given.", fields={name: [str(e) for e in errors] for name, errors in form.errors.items()})
        give_waiver(shown, by=by, **form.cleaned_data)
    except (Conflict, Invalid) as error:
        if isinstance(error, Invalid):
            put_errors(form, error)
        return show(request, shown, waiver=form, error=error, status=error.status)
    notice(request, "The waiver is given.")
    return see_other(f"{review_path(shown)}#waivers", request)


@login_required
@require_POST
def review_waiver_end(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """End a waiver before its time."""
    shown = review_numbered(request.user, number)
    end_waiver(waiver_of(shown, pk), review=shown, by=cast("User", request.user))
    notice(request, "The waiver is ended.")
    return see_other(f"{review_path(shown)}#waivers", request)


@login_required
@require_POST
def review_withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Take the version back."""
    shown = withdraw_review(review_numbered(request.user, number), by=cast("User", request.user))
    notice(request, f"{shown.version} is withdrawn.")
    return see_other(review_path(shown), request)


@login_required
def version_step(request: HttpRequest, team: str, name: str, version: str, step: str) -> HttpResponse:
    """Ask for what a step needs, and take it."""
    shown = version_named(model_named(request.user, team, name), version)
    form = step_form(step, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            given = {k: v for k, v in form.cleaned_data.items() if k != "successor"}
            wanted = successor_named(request.user, shown, form.cleaned_data.get("successor", ""))
            take_step(step, shown, by=cast("User", request.user), successor=wanted, **given)
        except Invalid as error:
            put_errors(form, error)
        else:
            notice(request, STEP_WORDS[step].done.format(version=shown))
            return see_other(version_path(shown), request)
    return show_step(request, shown, step, form)


def show_step(request: HttpRequest, shown: ModelVersion, step: str, form: Any) -> HttpResponse:
    """Render the form of one step; who may not take it reads why instead."""
    allowed = step in steps_for(request.user, shown)
    context = {"version": shown, "version_url": version_path(shown), "words": STEP_WORDS[step], "form": form, "allowed": allowed}
    return page(request, "governance/reviews/step.html", context, status=422 if form.errors else 200)
