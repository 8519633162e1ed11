"""Pages of policies: the list, and one version in words and as published."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from governance.policies.queries import STANDINGS, listed, policy_named
from governance.policies.words import access_in_words, rules_in_words, tiers_in_words
from marketplace.web.pages import page


@login_required
@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """List every published policy and say which one is in effect."""
    return page(request, "governance/policies/list.html", {"policies": listed(timezone.now()), "standings": STANDINGS})


@login_required
@require_safe
def policy(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """Show one version of a policy: in words, and the text as published."""
    row, said = policy_named(name, version)
    context = {"policy": row, "said": said, "tiers": tiers_in_words(said), "rules": rules_in_words(said), "access": access_in_words(said.access)}
    return page(request, "governance/policies/policy.html", context)
