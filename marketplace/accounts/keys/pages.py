"""The page of my tokens."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.accounts.keys.actions import issue_token, revoke_token, rotate_token
from marketplace.accounts.keys.forms import TokenForm
from marketplace.accounts.keys.limits import limits_named
from marketplace.accounts.keys.queries import own_token_of, tokens_of
from marketplace.accounts.keys.shown import shown, snippets
from marketplace.accounts.models import ApiToken
from marketplace.errors import Invalid
from marketplace.web import once
from marketplace.web.pages import notice, page, see_other

HERE = "/me/tokens"
FIELDS = {"only_models": "only", "only_teams": "only"}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_tokens(request: HttpRequest) -> HttpResponse:
    """List my tokens and issue one; its secret is shown on the next page, this once."""
    me: Any = request.user
    form = TokenForm(request.POST or None, viewer=me)
    if request.method == "POST" and form.is_valid():
        try:
            values = {name: form.cleaned_data[name] for name in ("name", "scopes", "days")}
            token, secret = issue_token(me, by=me, limits=limits_named(me, *form.limits()), **values)
        except Invalid as wrong:
            for field, sentences in wrong.fields.items():
                form.add_error(FIELDS.get(field, field), sentences)
        else:
            return handed_over(request, token, secret, at=HERE)
    new = once.taken(request)
    context = {"tokens": shown(me, list(tokens_of(me))), "form": form, "new": new, "snippets": snippets(**new) if new else []}
    response = page(request, "marketplace/accounts/tokens.html", context, status=422 if form.is_bound else 200)
    return once.forget(response, request)


def handed_over(request: HttpRequest, token: ApiToken, secret: str, *, at: str) -> HttpResponse:
    """Go to the page that shows a new secret this once."""
    return once.show_once(see_other(at, request), {"secret": secret, "name": token.name}, at=at)


@login_required
@require_POST
def revoke_my_token(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of my tokens at once."""
    me: Any = request.user
    token = revoke_token(own_token_of(me, pk), by=me)
    notice(request, f"The token {token.name} no longer counts.")
    return see_other(HERE, request)


@login_required
@require_POST
def rotate_my_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Give one of my tokens a new secret; the old one counts for a day more."""
    me: Any = request.user
    token, secret = rotate_token(own_token_of(me, pk), by=me)
    return handed_over(request, token, secret, at=HERE)
