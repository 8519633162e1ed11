"""Pages of access: the inbox, one request, and what is done there."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from governance.access.actions import answer_question, decide_part, grant_together, withdraw_request
from governance.access.forms import DecisionForm
from governance.access.models import AccessRequest
from governance.access.pages import inbox_rows, request_context
from governance.access.permissions import owned_teams
from governance.access.queries import TABS, asks_me, ending_soon, in_my_office, inbox, part_named, parts_chosen, request_numbered
from governance.access.sentences import about_request, request_path
from governance.access.states import STILL_OPEN
from marketplace.accounts.models import User
from marketplace.errors import Conflict, DomainError, Invalid, NotFound
from marketplace.notifications.actions import mark_seen
from marketplace.web.context import nav_for
from marketplace.web.pages import notice, page, see_other

TAB_TITLES = {"waiting": "Waiting", "ending": "Soon ending", "decided": "Decided"}
DONE = {"grant": "Granted.", "ask": "Your question is sent; the clock stands until it is answered.", "deny": "Denied, with your reason."}
ROWS = 50


@login_required
@require_safe
def access(request: HttpRequest) -> HttpResponse:
    """The requests that this person's office decides on."""
    return show_inbox(request, request.GET.get("tab") or "waiting")


def show_inbox(request: HttpRequest, tab: str, *, error: DomainError | None = None, status: int = 200) -> HttpResponse:
    """Render one tab of the inbox."""
    if tab not in TABS:
        raise NotFound
    viewer = request.user
    waiting = in_my_office(viewer).filter(asks_me(viewer)).order_by().count()
    counts = {"waiting": waiting}
    tabs = [{"text": TAB_TITLES[t], "url": f"/access?tab={t}", "current": t == tab, "count": counts.get(t)} for t in TABS]
    found = list(ending_soon(viewer)[: ROWS + 1]) if tab == "ending" else list(inbox(viewer, tab)[: ROWS + 1])
    rows: list[Any] = found[:ROWS] if tab == "ending" else inbox_rows(viewer, found[:ROWS])  # type: ignore[arg-type]
    context = {"tabs": tabs, "tab": tab, "rows": rows, "more": len(found) > ROWS, "error": error, "owns": bool(owned_teams(viewer))}
    context["together"] = tab == "waiting" and sum(row.may_decide for row in rows) > 1
    return page(request, "governance/access/inbox.html", context, status=status)


@login_required
@require_POST
def access_together(request: HttpRequest) -> HttpResponse:
    """Grant the chosen requests as they were asked, all or none."""
    chosen = [int(pk) for pk in request.POST.getlist("part") if pk.isdigit() and len(pk) < 19]
    try:
        granted = grant_together(parts_chosen(request.user, chosen), by=cast("User", request.user), reason="")
    except (Conflict, Invalid) as error:
        return show_inbox(request, "waiting", error=error, status=error.status)
    notice(request, f"{len(granted)} requests are granted.")
    return see_other("/access", request)


@login_required
@require_safe
def access_request(request: HttpRequest, number: int) -> HttpResponse:
    """One request: what is asked, where each model stands, what was said."""
    shown = request_numbered(request.user, number)
    if nav_for(request).unread:
        mark_seen(request.user, *(f"{about_request(shown)}:{part.pk}" for part in shown.parts.all()))
    return show(request, shown)


def show(
    request: HttpRequest, shown: AccessRequest, *, typed: dict[int, Any] | None = None, error: DomainError | None = None, answer: str = ""
) -> HttpResponse:
    """Render a request; after a refused decision with what was typed and what was wrong."""
    context = request_context(request.user, shown, typed=typed) | {"error": error, "answer": answer}
    for row in context["rows"]:
        if row.form is not None and row.form.is_bound and isinstance(error, Invalid):
            put_errors(row.form, error)
    return page(request, "governance/access/request.html", context, status=error.status if error else 200)


def put_errors(form: Any, error: Invalid) -> None:
    """Show what the action found wrong beside the field it is about."""
    form.full_clean()
    for name, sentences in error.fields.items():
        for sentence in sentences:
            if sentence not in form.errors.get(name, []):
                form.add_error(name if name in form.fields else None, sentence)


@login_required
@require_POST
def access_decide(request: HttpRequest, number: int, team: str, name: str) -> HttpResponse:
    """Store a decision; what was typed survives every refusal."""
    part = part_named(request.user, number, team, name)
    form = DecisionForm(request.POST, part=part) if part.state in STILL_OPEN else None
    try:
        if form is None:
            raise Conflict(f"{part} is {part.get_state_display().lower()}: somebody was faster.", hint="See below what was decided.")
        if not form.is_valid():
            raise Invalid("Nothing was decided.", fields={field: [str(e) for e in errors] for field, errors in form.errors.items()})
        decide_part(part, by=cast("User", request.user), **form.cleaned_data)
    except (Conflict, Invalid) as error:
        return show(request, request_numbered(request.user, number), typed={part.pk: request.POST}, error=error)
    notice(request, DONE[form.cleaned_data["choice"]])
    return see_other("/access" if request.POST.get("from") == "inbox" else request_path(part.request), request)


@login_required
@require_POST
def access_answer(request: HttpRequest, number: int, team: str, name: str) -> HttpResponse:
    """Answer a question."""
    part, text = part_named(request.user, number, team, name), request.POST.get("text", "")
    try:
        answer_question(part, text, by=cast("User", request.user))
    except (Conflict, Invalid) as error:
        return show(request, request_numbered(request.user, number), error=error, answer=text)
    notice(request, "Your answer is sent; the clock goes on.")
    return see_other(request_path(part.request), request)


@login_required
@require_POST
def access_withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Take back what is not decided."""
    shown = request_numbered(request.user, number)
    try:
        withdraw_request(shown, by=cast("User", request.user))
    except Conflict as error:
        return show(request, shown, error=error)
    notice(request, f"{shown} is withdrawn.")
    return see_other(request_path(shown), request)
