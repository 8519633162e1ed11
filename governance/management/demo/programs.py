"""The programs of the demo world: a service account with a use case, an environment, a token and a CI job that it trusts."""

from django.db import transaction

from catalog.registry.models import AccessGrant, ServiceAccount
from catalog.registry.states import Environment
from governance.management.demo.people import People
from marketplace.accounts.keys.actions import add_publisher, issue_token

SERVICE, TEAM, KEEPER = "ci-claims", "claims-api", "ivo"
USED = "supplier-invoice-totals"


@transaction.atomic
def settle_programs(people: People) -> None:
    """Say what the claims pipeline is for, unless it was said before; its token's secret is shown to nobody."""
    user, keeper, team = people[SERVICE], people[KEEPER], people.teams[TEAM]
    if ServiceAccount.objects.filter(user=user).exists():
        return
    grant = AccessGrant.objects.select_related("use_case").get(team=team, thing__name=USED, ended_at=None)
    ServiceAccount.objects.create(
        user=user, team=team, accountable=keeper, use_case=grant.use_case, environment=Environment.PRODUCTION, created_by=keeper
    )
    issue_token(user, by=keeper, name="nightly run", scopes=["read", "download"], days=180)
    add_publisher(
        user,
        by=keeper,
        scopes=["read", "download"],
        issuer="https://token.actions.githubusercontent.com",
        audience="model-marketplace",
        repository="claims/pipeline",
        ref="refs/heads/main",
        workflow=".github/workflows/nightly.yml",
    )
