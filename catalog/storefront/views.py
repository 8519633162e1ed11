"""Pages of the shop window: home and the catalog."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from catalog.registry.states import VersionState
from catalog.search.queries import SORTS
from catalog.storefront.address import Address
from catalog.storefront.queries import counts_by_standing, recently_approved, unfinished_of
from catalog.storefront.results import page_of
from marketplace.web.pages import page, wants_fragment
from marketplace.web.slots import panels

# Changes made by typing replace the address; choices, which somebody would go back over, are kept in the history.
TYPING = "search-typing"


@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show the catalog; htmx gets the list, the counts and the status line, or only the next rows."""
    address = Address.of(request.GET)
    is_added = bool(address.cursor) and wants_fragment(request)
    shown = page_of(request.user, address, is_added=is_added)
    fragment = "catalog/storefront/_more.html" if is_added else "catalog/storefront/_results.html"
    response = page(request, "catalog/storefront/search.html", {"page": shown, "sorts": SORTS}, fragment=fragment)
    if wants_fragment(request):
        replaces = is_added or request.headers.get("HX-Trigger") == TYPING
        response.headers["HX-Replace-Url" if replaces else "HX-Push-Url"] = shown.here_url
    return response


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for this person, what is unfinished, and what is new."""
    unfinished = unfinished_of(request.user)
    counts = counts_by_standing(request.user)
    context = {
        "panels": panels("home", request),
        "unfinished": list(unfinished[:6]),
        "approved": recently_approved(request.user),
        "counts": counts,
        "total": sum(counts.values()),
        "labels": dict(VersionState.choices),
    }
    return page(request, "catalog/storefront/home.html", context)
