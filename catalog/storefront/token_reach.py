"""What a token can read right now: the models within its owner's rights and its own limits."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Case, Value, When
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from catalog.registry.queries import models_for, standing_of, with_standing
from marketplace.accounts.keys.limits import limits_in
from marketplace.accounts.keys.queries import counts_now, token_of
from marketplace.web.pages import page

MOST = 200
READY_FIRST = Case(When(standing_key="ready", then=Value(0)), default=Value(1))


@login_required
@require_safe
def token_reach(request: HttpRequest, pk: int) -> HttpResponse:
    """List the models that a token of mine, or of a service account I look after, can read now, and which of them it may download."""
    token: Any = token_of(request.user, pk)  # type: ignore[arg-type]
    owner = token.user
    owner.limits = limits_in(token)
    counts = counts_now(token)
    models = models_for(owner) if counts else models_for(owner).none()
    rows: Any = list(with_standing(models, owner).order_by(READY_FIRST, "team__name", "name")[: MOST + 1])
    context = {
        "token": token,
        "owner": owner,
        "counts": counts,
        "reads": "read" in token.scopes,
        "downloads": "download" in token.scopes,
        "rows": [(model, standing_of(model.standing_key), model.standing_key == "ready") for model in rows[:MOST]],
        "more": len(rows) > MOST,
        "most": MOST,
        "back": "/me/tokens" if owner.pk == request.user.pk else "",
    }
    return page(request, "catalog/storefront/token_reach.html", context)
