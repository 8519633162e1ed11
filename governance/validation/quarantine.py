"""Looking into quarantine: security opens one file at a time, says why, and the record keeps it."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from catalog.artifacts.links import address
from catalog.artifacts.queries import files_of
from catalog.registry.queries import model_named, version_named
from catalog.storefront.publish_steps import version_path
from governance.validation.actions import inspect
from governance.validation.forms import InspectForm
from governance.validation.permissions import require_inspector
from governance.validation.queries import last_quarantining
from marketplace.accounts.models import User
from marketplace.errors import Invalid
from marketplace.web.forms import put_errors
from marketplace.web.pages import page


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def quarantine_inspect(request: HttpRequest, team: str, name: str, version: str) -> HttpResponse:
    """Ask which file and why; then send to its bytes, by a link that lives a minute."""
    shown, by = version_named(model_named(request.user, team, name), version), cast("User", request.user)
    require_inspector(by, shown)
    files = list(files_of(shown))
    form = InspectForm(request.POST if request.method == "POST" else None, paths=[file.path for file in files])
    if request.method == "POST" and form.is_valid():
        try:
            leave = inspect(shown, form.cleaned_data["path"], reason=form.cleaned_data["reason"], by=by)
        except Invalid as error:
            put_errors(form, error)
        else:
            return HttpResponse(status=303, headers={"Location": address(leave), "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    context = {"version": shown, "version_url": version_path(shown), "form": form, "run": last_quarantining(shown)}
    return page(request, "governance/validation/inspect.html", context, status=422 if form.errors else 200)
