"""The inbox of a person."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from marketplace.api.pagination import keyset_by_id
from marketplace.errors import Invalid
from marketplace.notifications.actions import mark_all_done, mark_done
from marketplace.notifications.models import Level
from marketplace.notifications.queries import inbox_of, notice_of, unread_by_level
from marketplace.web.pages import notice, page, see_other


@require_safe
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """What this person should know: a tab per level, and what is done."""
    tab = request.GET.get("level", Level.NEEDS_YOU)
    shown = keyset_by_id(inbox_of(request.user, level=tab, done=tab == "done"), request.GET)
    counts = unread_by_level(request.user)
    tabs = [{"text": level.label, "url": f"/me/notifications?level={level}", "count": counts[level], "current": tab == level} for level in Level]
    tabs.append({"text": "Done", "url": "/me/notifications?level=done", "current": tab == "done"})
    following = f"/me/notifications?level={tab}&cursor={shown.next}" if shown.next else ""
    context = {"tabs": tabs, "notices": shown.rows, "tab": tab, "next_url": following, "is_done": tab == "done"}
    return page(request, "marketplace/notifications/inbox.html", context)


@require_POST
@login_required
def done(request: HttpRequest, number: int) -> HttpResponse:
    """Take one notice out of the inbox."""
    taken = mark_done(notice_of(request.user, number))
    return see_other(f"/me/notifications?level={taken.level}", request)


@require_POST
@login_required
def all_done(request: HttpRequest) -> HttpResponse:
    """Take all notices of one level out of the inbox."""
    level = request.POST.get("level", "")
    if level not in Level.values:
        raise Invalid("Nothing was marked as done.", fields={"level": [f"Use one of {', '.join(Level.values)}."]})
    count = mark_all_done(request.user, level=level)
    notice(request, f"{count} notice{'s' if count != 1 else ''} marked as done.")
    return see_other(f"/me/notifications?level={level}", request)
