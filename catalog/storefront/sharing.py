"""Saying on the settings tab who knows of a model."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from catalog.registry.actions import share_model
from catalog.registry.permissions import require_manager
from catalog.registry.queries import model_named
from catalog.storefront.model_page import show
from catalog.storefront.sharing_form import SharingForm
from marketplace.accounts.queries import teams_named
from marketplace.web.forms import attempt
from marketplace.web.pages import notice, see_other


@login_required
@require_POST
def share(request: HttpRequest, team: str, name: str) -> HttpResponse:
    """Show a model to everybody, to named teams, or to its owner team."""
    model, form = model_named(request.user, team, name), SharingForm(request.POST)
    require_manager(request.user, model)  # type: ignore[arg-type]

    def do(values: dict[str, Any]) -> None:
        share_model(model, by=request.user, **values | {"teams": teams_named(values["teams"])})  # type: ignore[arg-type]

    if status := attempt(form, do):
        return show(request, model, "settings", status=status, sharing_form=form)
    notice(request, "Saved. Who knows of it changed at once.")
    return see_other(f"/m/{model}/settings", request)
